// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { DockerliteError } from '../errors';

/** SIGRTMIN as programs see it: glibc and musl keep the first two real-time signals to themselves. */
const RTMIN = 34;
const RTMAX = 64;

/** Number of a signal given as a number, `TERM`, `SIGTERM` or `SIGRTMIN+3`. @throws E_INVALID in Docker's words */
export function signalNumber(text: string | number): number {
  const number = typeof text === 'number' ? text : /^\d{1,3}$/.test(text) ? Number(text) : named(text.toUpperCase());
  if (number !== undefined && Number.isInteger(number) && number >= 1 && number <= RTMAX) return number;
  throw new DockerliteError('E_INVALID', `invalid signal: ${text}`);
}

function named(upper: string): number | undefined {
  const name = upper.startsWith('SIG') ? upper : `SIG${upper}`;
  const realTime = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime !== null) {
    const offset = Number(realTime[3] ?? 0) * (realTime[2] === '-' ? -1 : 1);
    const number = (realTime[1] === 'MIN' ? RTMIN : RTMAX) + offset;
    return number >= RTMIN && number <= RTMAX ? number : undefined;
  }
  return constants.signals[name as NodeJS.Signals] as number | undefined;
}

/** Name of a signal, for people. */
export function signalName(number: number): string {
  const entry = Object.entries(constants.signals).find(([, value]) => value === number);
  return entry?.[0] ?? `SIG${number}`;
}

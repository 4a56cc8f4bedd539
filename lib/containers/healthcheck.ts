// SPDX-License-Identifier: Apache-2.0
import type { Healthcheck } from '../images/config';
import { DockerliteError, invalid } from '../errors';

/** How to find out whether a container is well. What is not given is the image's, else Docker's default. */
export interface HealthOptions {
  /** A command line for /bin/sh, or a program and its arguments. */
  test?: string | string[];
  /** ms between two probes; default 30 s. */
  interval?: number;
  /** ms until a probe is killed and counts as failed; default 30 s. */
  timeout?: number;
  /** Failures in a row until it is unhealthy; default 3. */
  retries?: number;
  /** ms after its start in which failures do not count; default 0. */
  startPeriod?: number;
  /** ms between two probes in that time; default 5 s. */
  startInterval?: number;
}

/** Docker's `State.Health`. */
export interface HealthState {
  Status: 'starting' | 'healthy' | 'unhealthy';
  FailingStreak: number;
  /** The last five. */
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

const SECOND = 1e9;
const DEFAULTS = { Interval: 30 * SECOND, Timeout: 30 * SECOND, StartPeriod: 0, StartInterval: 5 * SECOND, Retries: 3 };
const TIMES = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const;

/** What was asked for over what the image says; undefined when neither says anything. @throws E_INVALID in Docker's words */
export function mergeHealthcheck(options: HealthOptions | false | undefined, image: Healthcheck | undefined): Healthcheck | undefined {
  if (options === false) return { Test: ['NONE'] };
  if (options === undefined) return image;
  const own = checkHealthcheck(toHealthcheck(options));
  return { ...image, ...own };
}

/** 0 and what is empty count as not given. */
function toHealthcheck({ test, interval, timeout, retries, startPeriod, startInterval }: HealthOptions): Healthcheck {
  const command = test === undefined || test.length === 0 ? undefined : typeof test === 'string' ? ['CMD-SHELL', test] : ['CMD', ...test];
  const ns = (ms: number | undefined) => (ms === undefined ? undefined : Math.round(ms * 1e6));
  const all = { Test: command, Interval: ns(interval), Timeout: ns(timeout), StartPeriod: ns(startPeriod), StartInterval: ns(startInterval), Retries: retries };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined && value !== 0)) as Healthcheck;
}

function checkHealthcheck(check: Healthcheck): Healthcheck {
  for (const key of TIMES) {
    const value = check[key] ?? 0;
    if (!Number.isFinite(value)) throw invalid(`${key} of the health check`, 'a number of milliseconds', value);
    if (value !== 0 && value < 1e6) throw new DockerliteError('E_INVALID', `${key} in Healthcheck cannot be less than 1ms`);
  }
  const retries = check.Retries ?? 0;
  if (!Number.isInteger(retries) || retries > 2 ** 31 - 1) throw invalid('retries of the health check', 'a whole number', retries);
  if (retries < 0) throw new DockerliteError('E_INVALID', 'Retries in Healthcheck cannot be negative');
  if (check.Test?.some((word) => typeof word !== 'string' || word.includes('\0'))) throw invalid('health check', 'text without NUL bytes', 'NUL');
  return check;
}

/** A check that can be run: nothing is left open. */
export type Probe = Required<Omit<Healthcheck, 'Test'>> & { command: string[] };

/** undefined where nothing is to be run. The image's may be anything: what makes no sense is the default. */
export function probeOf(check: Healthcheck | undefined): Probe | undefined {
  const [kind, ...words] = check?.Test ?? [];
  const command = kind === 'CMD' ? words : kind === 'CMD-SHELL' ? ['/bin/sh', '-c', words.join(' ')] : [];
  if (command.length === 0 || command[0] === '') return undefined;
  const positive = (key: keyof typeof DEFAULTS) => {
    const value = check?.[key];
    return typeof value === 'number' && value > 0 && Number.isFinite(value) ? Math.round(value) : DEFAULTS[key];
  };
  return { command, Interval: positive('Interval'), Timeout: positive('Timeout'), StartPeriod: positive('StartPeriod'), StartInterval: positive('StartInterval'), Retries: positive('Retries') };
}

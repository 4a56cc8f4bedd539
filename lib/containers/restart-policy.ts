// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

export type RestartPolicyName = 'no' | 'always' | 'unless-stopped' | 'on-failure';

/** When a container that has ended is started again, as Docker has it. */
export interface RestartPolicy {
  name: RestartPolicyName;
  /** Of `on-failure`; 0 for as often as it fails. */
  maximumRetryCount: number;
}

export const NO_RESTART: Readonly<RestartPolicy> = Object.freeze({ name: 'no', maximumRetryCount: 0 });

/** `always`, `on-failure:3`, …; undefined for none. @throws E_INVALID in Docker's words */
export function checkRestartPolicy(given: string | RestartPolicy | undefined): RestartPolicy | undefined {
  const policy = typeof given === 'string' ? parse(given) : given;
  if (policy === undefined) return undefined;
  const { name, maximumRetryCount: count } = policy;
  if (!['no', 'always', 'unless-stopped', 'on-failure'].includes(name)) {
    throw bad(`unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`);
  }
  if (!Number.isInteger(count) || count > 2 ** 31 - 1) throw new DockerliteError('E_INVALID', 'invalid restart policy format: maximum retry count must be an integer');
  if (name !== 'on-failure' && count !== 0) {
    throw bad(`maximum retry count can only be used with 'on-failure'${count < 0 ? ' and cannot be negative' : ''}`);
  }
  if (count < 0) throw bad('maximum retry count cannot be negative');
  return { name, maximumRetryCount: count };
}

function parse(text: string): RestartPolicy | undefined {
  if (text === '') return undefined;
  const colon = text.indexOf(':');
  const name = (colon < 0 ? text : text.slice(0, colon)) as RestartPolicyName;
  const count = colon < 0 ? '' : text.slice(colon + 1);
  if (name as string === '') throw new DockerliteError('E_INVALID', 'invalid restart policy format: no policy provided before colon');
  if (!/^([+-]?\d{1,10})?$/.test(count)) throw new DockerliteError('E_INVALID', 'invalid restart policy format: maximum retry count must be an integer');
  return { name, maximumRetryCount: Number(count) };
}

function bad(why: string): DockerliteError {
  return new DockerliteError('E_INVALID', `invalid restart policy: ${why}`);
}

/** How a container ended and what the user did with it. */
export interface LastEnd {
  exitCode: number;
  restartCount: number;
  /** By the user's stop or kill. */
  stopped: boolean;
}

/** Whether Docker's daemon, when it starts, would start a container that is not running. */
export function startsAtBoot(policy: RestartPolicy, end: LastEnd): boolean {
  switch (policy.name) {
    case 'always':
      return true;
    case 'unless-stopped':
      return !end.stopped;
    case 'on-failure':
      return end.exitCode !== 0 && !end.stopped && (policy.maximumRetryCount === 0 || end.restartCount < policy.maximumRetryCount);
    case 'no':
      return false;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** How a container is kept apart from the host; names and meanings are those of Docker's flags. */
export interface Isolation {
  /** Its own ids (the default), or the host's. */
  userns: 'private' | 'host';
}

/** What decides about it beside the options themselves. */
export interface IsolationSetting {
  privileged: boolean;
  network: string;
}

/**
 * The complete choice, without what is the default; undefined when everything is.
 * @throws E_INVALID, E_CONFLICT
 */
export function checkIsolation(options: Partial<Isolation> | undefined, setting: IsolationSetting): Partial<Isolation> | undefined {
  const chosen: Partial<Isolation> = {};
  if (checkUserns(options?.userns, setting) === 'host') chosen.userns = 'host';
  return Object.keys(chosen).length === 0 ? undefined : chosen;
}

/** A namespace shared with the host belongs to the host's users: what needs one of those has no ids of its own. */
function checkUserns(wanted: string | undefined, { privileged, network }: IsolationSetting): Isolation['userns'] {
  if (wanted !== undefined && wanted !== 'host' && wanted !== 'private') {
    throw new DockerliteError('E_INVALID', `invalid USER mode: ${String(wanted)}`, { hint: 'use host or private' });
  }
  if (wanted === 'private' && privileged) {
    throw new DockerliteError('E_INVALID', 'privileged mode is incompatible with user namespaces. You must run the container in the host namespace when running privileged mode');
  }
  if (wanted === 'private' && network === 'host') {
    throw new DockerliteError('E_INVALID', "cannot share the host's network namespace when user namespaces are enabled");
  }
  return wanted ?? (privileged || network === 'host' ? 'host' : 'private');
}

/** Docker's HostConfig of it. */
export function describeIsolation(isolation: Partial<Isolation> | undefined, hasOwnIds: boolean) {
  return { UsernsMode: hasOwnIds && isolation?.userns !== 'host' ? 'private' : 'host' };
}

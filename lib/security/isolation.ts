// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { capabilityName } from './capabilities';
import { parseProfile } from './seccomp-profile';
import { resolveProfile } from './seccomp-rules';

/** How a container is kept apart from the host; names and meanings are those of Docker's flags. */
export interface Isolation {
  /** Its own ids (the default), or the host's. */
  userns: 'private' | 'host';
  /** Capabilities added to and taken from Docker's usual set: "CAP_NET_ADMIN" or "ALL". */
  capAdd: string[];
  capDrop: string[];
  /** Profile in Docker's JSON form, or 'unconfined'; default Docker's own policy. */
  seccomp: string;
  /** Executing a file never gives more rights. */
  noNewPrivileges: boolean;
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
  const { capAdd = [], capDrop = [], seccomp = '', noNewPrivileges } = options ?? {};
  if (capAdd.length > 0) chosen.capAdd = capAdd.map(capabilityName);
  if (capDrop.length > 0) chosen.capDrop = capDrop.map(capabilityName);
  if (seccomp !== '' && seccomp !== 'builtin') chosen.seccomp = checkSeccomp(seccomp);
  if (noNewPrivileges === true) chosen.noNewPrivileges = true;
  return Object.keys(chosen).length === 0 ? undefined : chosen;
}

function checkSeccomp(profile: string): string {
  if (profile === 'unconfined') return profile;
  // That it can be resolved tells of unknown actions too.
  resolveProfile(parseProfile(profile), 0n);
  return JSON.stringify(JSON.parse(profile));
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
  const { capAdd, capDrop } = isolation ?? {};
  return {
    UsernsMode: hasOwnIds && isolation?.userns !== 'host' ? 'private' : 'host',
    CapAdd: capAdd ?? null,
    CapDrop: capDrop ?? null,
    SecurityOpt: securityOptions(isolation ?? {}),
  };
}

/** As --security-opt takes them; null for none. */
function securityOptions({ seccomp, noNewPrivileges }: Partial<Isolation>): string[] | null {
  const options = [...(noNewPrivileges ? ['no-new-privileges'] : []), ...(seccomp === undefined ? [] : [`seccomp=${seccomp}`])];
  return options.length === 0 ? null : options;
}

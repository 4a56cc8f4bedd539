// SPDX-License-Identifier: Apache-2.0
import { DockerliteError, invalid } from '../errors';
import { capabilityName } from './capabilities';
import { checkDevice, checkDeviceRule, type DeviceMapping } from './devices';
import { checkNamespaces, type NamespaceModes } from './namespaces';
import { parseProfile } from './seccomp-profile';
import { resolveProfile } from './seccomp-rules';
import { checkSysctls } from './sysctls';
import { checkUlimit, type Ulimit } from './ulimits';

/** How a container is kept apart from the host; names and meanings are those of Docker's flags. */
export interface Isolation extends NamespaceModes {
  /** Its own ids (the default), or the host's. */
  userns: 'private' | 'host';
  /** Capabilities added to and taken from Docker's usual set: "CAP_NET_ADMIN" or "ALL". */
  capAdd: string[];
  capDrop: string[];
  /** Profile in Docker's JSON form, or 'unconfined'; default Docker's own policy. */
  seccomp: string;
  /** A profile that is loaded, or 'unconfined'. */
  apparmor: string;
  /** Executing a file never gives more rights. */
  noNewPrivileges: boolean;
  /** Nothing below /proc and /sys is hidden or read-only. */
  systemPathsUnconfined: boolean;
  devices: DeviceMapping[];
  /** "c 10:229 rwm". */
  deviceCgroupRules: string[];
  /** Further groups of the command, by name or number. */
  groupAdd: string[];
  ulimits: Ulimit[];
  /** Of the container's own namespaces. */
  sysctls: Record<string, string>;
  /** Bytes of /dev/shm, default 64 MiB. */
  shmSize: number;
  /** -1000 to 1000. */
  oomScoreAdj: number;
  /** Wait for memory instead of being killed; cgroup v1 only. */
  oomKillDisable: boolean;
}

/** What decides about it beside the options themselves. */
export interface IsolationSetting {
  privileged: boolean;
  network: string;
}

/**
 * The complete choice, without what is the default; undefined when everything is.
 * @throws E_INVALID in Docker's words
 */
export function checkIsolation(options: Partial<Isolation> = {}, setting: IsolationSetting): Partial<Isolation> | undefined {
  const namespaces = checkNamespaces(options);
  const chosen: Partial<Isolation> = {
    ...namespaces,
    ...checkLists(options),
    ...checkNumbers(options),
    ...(checkUserns(options.userns, namespaces, setting) === 'host' && { userns: 'host' }),
    ...(hasChoice(options.seccomp, 'builtin') && { seccomp: checkSeccomp(options.seccomp) }),
    ...(hasChoice(options.apparmor, '') && { apparmor: checkAppArmor(options.apparmor) }),
    ...(options.noNewPrivileges === true && { noNewPrivileges: true }),
    ...(options.systemPathsUnconfined === true && { systemPathsUnconfined: true }),
    ...(options.oomKillDisable === true && { oomKillDisable: true }),
  };
  const { sysctls = {} } = options;
  if (Object.keys(sysctls).length > 0) chosen.sysctls = checkSysctls(sysctls, { network: setting.network, ipc: namespaces.ipcMode ?? '' });
  return Object.keys(chosen).length === 0 ? undefined : chosen;
}

function hasChoice(word: string | undefined, usual: string): word is string {
  return word !== undefined && word !== '' && word !== usual;
}

function checkLists(options: Partial<Isolation>): Partial<Isolation> {
  const lists = {
    capAdd: options.capAdd?.map((name) => capabilityName('CapAdd', name)),
    capDrop: options.capDrop?.map((name) => capabilityName('CapDrop', name)),
    devices: options.devices?.map(checkDevice),
    deviceCgroupRules: options.deviceCgroupRules?.map(checkDeviceRule),
    groupAdd: options.groupAdd?.map(checkGroup),
    ulimits: options.ulimits?.map(checkUlimit),
  };
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined && list.length > 0)) as Partial<Isolation>;
}

function checkGroup(group: string): string {
  if (group === '' || group.includes('\0')) throw invalid('group', 'a name or a number', group);
  return group;
}

function checkNumbers({ shmSize, oomScoreAdj }: Partial<Isolation>): Partial<Isolation> {
  const chosen: Partial<Isolation> = {};
  if (shmSize !== undefined && shmSize !== 0) {
    if (!Number.isSafeInteger(shmSize) || shmSize < 0) throw new DockerliteError('E_INVALID', 'SHM size can not be less than 0');
    chosen.shmSize = shmSize;
  }
  if (oomScoreAdj !== undefined && oomScoreAdj !== 0) {
    if (!Number.isInteger(oomScoreAdj) || Math.abs(oomScoreAdj) > 1000) {
      throw new DockerliteError('E_INVALID', `Invalid value ${oomScoreAdj}, range for oom score adj is [-1000, 1000]`);
    }
    chosen.oomScoreAdj = oomScoreAdj;
  }
  return chosen;
}

/** Not liblxc's own words: "generated" would have it run a program. */
function checkAppArmor(profile: string): string {
  if (/^[^\0\s]+$/.test(profile) && !['generated', 'unchanged'].includes(profile)) return profile;
  throw new DockerliteError('E_INVALID', `invalid AppArmor profile: ${JSON.stringify(profile)}`);
}

function checkSeccomp(profile: string): string {
  if (profile === 'unconfined') return profile;
  // That it can be resolved tells of unknown actions too.
  resolveProfile(parseProfile(profile), 0n);
  return JSON.stringify(JSON.parse(profile));
}

/** A namespace shared with the host belongs to the host's users: what needs one of those has no ids of its own. */
function checkUserns(wanted: string | undefined, modes: Partial<NamespaceModes>, { privileged, network }: IsolationSetting): Isolation['userns'] {
  if (wanted !== undefined && wanted !== 'host' && wanted !== 'private') {
    throw new DockerliteError('E_INVALID', `invalid USER mode: ${String(wanted)}`, { hint: 'use host or private' });
  }
  const conflicts: [boolean, string][] = [
    [privileged, 'privileged mode is incompatible with user namespaces. You must run the container in the host namespace when running privileged mode'],
    [network === 'host', "cannot share the host's network namespace when user namespaces are enabled"],
    [modes.pidMode === 'host', 'cannot share the host PID namespace when user namespaces are enabled'],
    [modes.ipcMode === 'host', 'cannot share the host IPC namespace when user namespaces are enabled'],
  ];
  const conflict = conflicts.find(([holds]) => holds);
  if (wanted === 'private' && conflict !== undefined) throw new DockerliteError('E_INVALID', conflict[1]);
  return wanted ?? (conflict === undefined ? 'private' : 'host');
}

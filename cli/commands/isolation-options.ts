// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { checkDeviceRule, parseDevice } from '../../lib/security/devices';
import type { Isolation } from '../../lib/security/isolation';
import { checkNamespaces } from '../../lib/security/namespaces';
import { parseSecurityOptions } from '../../lib/security/security-options';
import { parseUlimit } from '../../lib/security/ulimits';
import { type Args, type OptionSpecs, UsageError } from '../command';
import { parseSize } from '../parse-size';
import { readNamedFile } from '../read-file';
import { checkEach } from './network-options';

/** What `run` and `create` take about how the container is kept apart from the host. */
export const ISOLATION_OPTIONS = {
  'cap-add': { type: 'list', value: 'CAPABILITY', describe: 'Add a capability, e.g. NET_ADMIN; ALL adds every one' },
  'cap-drop': { type: 'list', value: 'CAPABILITY', describe: 'Take a capability away; ALL takes every one but those added' },
  cgroupns: { type: 'string', value: 'MODE', describe: 'Control group namespace: private (default) or host' },
  device: { type: 'list', value: 'HOST[:PATH][:rwm]', describe: 'Give it a device of the host' },
  'device-cgroup-rule': { type: 'list', value: 'RULE', describe: "Allow devices by number, e.g. 'c 10:229 rw'" },
  'group-add': { type: 'list', value: 'GROUP', describe: 'Further groups of its user, by name or number' },
  ipc: { type: 'string', value: 'MODE', describe: 'IPC namespace: private (default), none, host or container:NAME' },
  'oom-kill-disable': { type: 'boolean', describe: 'Let it wait for memory instead of killing it (cgroup v1)' },
  'oom-score-adj': { type: 'number', value: 'NUMBER', describe: 'How readily it is killed for want of memory, -1000 to 1000' },
  pid: { type: 'string', value: 'MODE', describe: 'Process namespace: private (default), host or container:NAME' },
  'security-opt': { type: 'list', value: 'OPTION', describe: 'no-new-privileges, seccomp=FILE|unconfined, apparmor=PROFILE or systempaths=unconfined' },
  'shm-size': { type: 'string', value: 'SIZE', describe: 'Size of /dev/shm, e.g. 1g (default 64m)' },
  sysctl: { type: 'list', value: 'NAME=VALUE', describe: "A kernel parameter of the container's own namespaces" },
  ulimit: { type: 'list', value: 'NAME=SOFT[:HARD]', describe: 'A resource limit of its processes, e.g. nofile=1024:2048' },
  userns: { type: 'string', value: 'MODE', describe: "User namespace: private (default) or host, where root is the host's root" },
  uts: { type: 'string', value: 'MODE', describe: 'Host name namespace: private (default) or host' },
} as const satisfies OptionSpecs;

type IsolationArgs = Args<typeof ISOLATION_OPTIONS>;

/** What was asked for; undefined when nothing was. @throws UsageError */
export function isolationOptions(args: IsolationArgs): Partial<Isolation> | undefined {
  checkEach('--device-cgroup-rule', args['device-cgroup-rule'], checkDeviceRule);
  checkEach('--ulimit', args.ulimit, parseUlimit);
  try {
    return readOptions(args);
  } catch (error) {
    throw error instanceof DockerliteError && error.code === 'E_INVALID' ? Object.assign(new UsageError(error.message), { hint: error.hint }) : error;
  }
}

function userns({ userns: mode }: IsolationArgs): Isolation['userns'] | undefined {
  if (mode !== undefined && !['', 'host', 'private'].includes(mode)) throw Object.assign(new UsageError('--userns: invalid USER mode'), { hint: 'use host or private' });
  return (mode || undefined) as Isolation['userns'] | undefined;
}

function readOptions(args: IsolationArgs): Partial<Isolation> | undefined {
  const given = {
    ...parseSecurityOptions(args['security-opt'].map(readProfile)),
    capAdd: some(args['cap-add']),
    capDrop: some(args['cap-drop']),
    cgroupnsMode: args.cgroupns,
    devices: some(args.device.map(parseDevice)),
    deviceCgroupRules: some(args['device-cgroup-rule']),
    groupAdd: some(args['group-add']),
    ipcMode: args.ipc,
    oomKillDisable: args['oom-kill-disable'],
    oomScoreAdj: args['oom-score-adj'],
    pidMode: args.pid,
    shmSize: args['shm-size'] === undefined ? undefined : parseSize('shm-size', args['shm-size']),
    sysctls: args.sysctl.length === 0 ? undefined : sysctls(args.sysctl),
    ulimits: some(args.ulimit.map(parseUlimit)),
    userns: userns(args),
    utsMode: args.uts,
  };
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<Isolation>;
  checkNamespaces(chosen);
  return Object.keys(chosen).length === 0 ? undefined : chosen;
}

function some<T>(list: T[]): T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** `seccomp=FILE` with the file's content in the place of its name. */
function readProfile(option: string): string {
  const [, file] = /^seccomp[=:](.+)$/.exec(option) ?? [];
  if (file === undefined || file === 'unconfined' || file === 'builtin') return option;
  return `seccomp=${readNamedFile(file, `opening seccomp profile (${file}) failed: `)}`;
}

function sysctls(list: string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((entry) => {
      const equals = entry.indexOf('=');
      if (equals <= 0) throw new UsageError(`invalid argument ${JSON.stringify(entry)} for "--sysctl" flag: sysctl '${entry}' is not allowed`);
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

// SPDX-License-Identifier: Apache-2.0
import type { Isolation } from './isolation';
import { MASKED_PATHS, READ_ONLY_PATHS } from './system-paths';

const DEFAULT_SHM = 64 * 1024 ** 2;

/** Docker's HostConfig of it. */
export function describeIsolation(isolation: Partial<Isolation> = {}, { hasOwnIds, privileged }: { hasOwnIds: boolean; privileged: boolean }) {
  const open = privileged || isolation.systemPathsUnconfined === true;
  return {
    UsernsMode: hasOwnIds ? 'private' : 'host',
    CapAdd: isolation.capAdd ?? null,
    CapDrop: isolation.capDrop ?? null,
    SecurityOpt: securityOptions(isolation),
    PidMode: isolation.pidMode ?? '',
    IpcMode: isolation.ipcMode ?? 'private',
    UTSMode: isolation.utsMode ?? '',
    CgroupnsMode: isolation.cgroupnsMode ?? 'private',
    GroupAdd: isolation.groupAdd ?? null,
    Devices: (isolation.devices ?? []).map(({ host, container, permissions }) => ({ PathOnHost: host, PathInContainer: container, CgroupPermissions: permissions })),
    DeviceCgroupRules: isolation.deviceCgroupRules ?? null,
    Ulimits: isolation.ulimits?.map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })) ?? [],
    Sysctls: isolation.sysctls ?? {},
    ShmSize: isolation.shmSize ?? DEFAULT_SHM,
    OomScoreAdj: isolation.oomScoreAdj ?? 0,
    OomKillDisable: isolation.oomKillDisable ?? null,
    MaskedPaths: open ? null : MASKED_PATHS,
    ReadonlyPaths: open ? null : READ_ONLY_PATHS,
  };
}

/** As --security-opt takes them; null for none. */
function securityOptions({ seccomp, apparmor, noNewPrivileges, systemPathsUnconfined }: Partial<Isolation>): string[] | null {
  const options = [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(apparmor === undefined ? [] : [`apparmor=${apparmor}`]),
    ...(systemPathsUnconfined ? ['systempaths=unconfined'] : []),
    ...(seccomp === undefined ? [] : [`seccomp=${seccomp}`]),
  ];
  return options.length === 0 ? null : options;
}

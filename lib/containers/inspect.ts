// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { describeIsolation } from '../security/describe';
import { describeHostMounts, describeMounts, describeVolumes } from './describe-mounts';
import { describeBindings, describeExposedPorts } from './inspect-ports';
import { describeNetwork } from './inspect-network';
import { formatEgress } from '../network/egress';
import { networkingOf } from './networking';
import { ownEnvironment } from './normalise';
import { DEFAULT_LOG } from './log-options';
import { type HealthState, probeOf } from './healthcheck';
import { type LiveRow, withLastState } from './live-state';
import { type ContainerRow, specOf } from './record';
import { describeResources } from './resources';
import { NO_RESTART, type RestartPolicy } from './restart-policy';
import type { ContainerSpec } from './spec';
import type { ContainerState } from './state';
import { signalName } from '../util/signals';

/** Docker Engine API v1.44, ContainerInspectResponse, as far as it applies here. */
export type ContainerInfo = ReturnType<typeof describe>;

/** Bytes, when they were asked for. */
export interface SizeInfo {
  SizeRw?: number;
  SizeRootFs?: number;
}

const NOT_PROBED: HealthState = { Status: 'starting', FailingStreak: 0, Log: [] };
const NEVER = '0001-01-01T00:00:00Z';

export function describeContainer(context: Context, row: LiveRow): ContainerInfo {
  return describe(context, withLastState(context.store, row), specOf(row));
}

function describe({ store }: Context, row: LiveRow, spec: ContainerSpec) {
  const { layout } = store;
  const directory = layout.container(row.id);
  return {
    Id: row.id,
    Created: new Date(row.created).toISOString(),
    Path: spec.argv[0] ?? '',
    Args: spec.argv.slice(1),
    State: describeState(row, spec),
    Image: `sha256:${row.image}`,
    ResolvConfPath: `${directory}/resolv.conf`,
    HostnamePath: `${directory}/hostname`,
    HostsPath: `${directory}/hosts`,
    LogPath: spec.log?.driver === 'none' ? '' : layout.containerLog(row.id),
    Name: `/${row.name}`,
    RestartCount: row.restartCount ?? 0,
    Driver: 'btrfs',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: spec.isolation?.apparmor ?? '',
    ExecIDs: null,
    HostConfig: { ...describeHostConfig(spec), ...describeIsolation(spec.isolation, { hasOwnIds: row.id_range > 0, privileged: spec.privileged }) },
    GraphDriver: { Name: 'btrfs', Data: { Subvolume: layout.containerRootfs(row.id) } },
    Mounts: describeMounts(store, row.id, spec.mounts),
    Config: describeConfig(row, spec),
    NetworkSettings: describeNetwork(store, row),
  };
}

/** Docker's word for a state. */
export function statusOf(state: ContainerState): string {
  return state === 'starting' ? 'running' : state;
}

function describeState(row: LiveRow, spec: ContainerSpec) {
  const running = ['starting', 'running', 'paused', 'restarting'].includes(row.state);
  return {
    Status: statusOf(row.state),
    Running: running,
    Paused: row.state === 'paused',
    Restarting: row.state === 'restarting',
    OOMKilled: row.oom_killed !== 0,
    Dead: false,
    Pid: running ? row.pid : 0,
    ExitCode: row.exit_code,
    Error: row.error,
    StartedAt: timestamp(row.started),
    FinishedAt: running && row.state !== 'restarting' ? NEVER : timestamp(row.finished),
    ...(probeOf(spec.healthcheck) && { Health: row.health ?? NOT_PROBED }),
  };
}

/** RFC 3339 with nanoseconds from ns since the epoch. */
function timestamp(ns: string): string {
  if (ns === '') return NEVER;
  const value = BigInt(ns);
  const seconds = new Date(Number(value / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${(value % 1_000_000_000n).toString().padStart(9, '0')}Z`;
}

function describeHostConfig(spec: ContainerSpec) {
  return {
    ...describeHostMounts(spec.mounts, spec.volumesFrom),
    LogConfig: { Type: (spec.log ?? DEFAULT_LOG).driver, Config: (spec.log ?? DEFAULT_LOG).options },
    NetworkMode: spec.network,
    Egress: formatEgress(networkingOf(spec).egress),
    PortBindings: describeBindings(spec),
    ...describeNames(spec),
    AutoRemove: spec.autoRemove,
    Privileged: spec.privileged,
    ReadonlyRootfs: spec.readonlyRootfs,
    Init: spec.init,
    ...(spec.annotations && { Annotations: spec.annotations }),
    RestartPolicy: describeRestart(spec.restart ?? NO_RESTART),
    Runtime: 'liblxc',
    ...ELSEWHERE,
    ...describeResources(spec.resources),
    StorageOpt: spec.storage === undefined ? null : { size: spec.storage.size },
  };
}

/** What Docker has in HostConfig and nothing can be said about here: templates that name it find its empty value. */
const ELSEWHERE = { ContainerIDFile: '', ConsoleSize: [0, 0], Cgroup: '', CgroupParent: '', Isolation: '', DeviceRequests: null, VolumeDriver: '', PublishAllPorts: false, CpuCount: 0, CpuPercent: 0, IOMaximumIOps: 0, IOMaximumBandwidth: 0 };

/** Where the container looks for names. */
function describeNames(spec: ContainerSpec) {
  const { dns, dnsOptions, dnsSearch, extraHosts, endpoints } = networkingOf(spec);
  const links = endpoints[0]?.links ?? [];
  return { Dns: dns, DnsOptions: dnsOptions, DnsSearch: dnsSearch, ExtraHosts: orNull(extraHosts), Links: orNull(links) };
}

function orNull<T>(list: T[]): T[] | null {
  return list.length === 0 ? null : list;
}

function describeRestart({ name, maximumRetryCount }: RestartPolicy) {
  return { Name: name, MaximumRetryCount: maximumRetryCount };
}

function describeConfig(row: ContainerRow, spec: ContainerSpec) {
  return {
    Hostname: spec.hostname,
    Domainname: networkingOf(spec).domainname,
    User: spec.user,
    AttachStdin: spec.openStdin,
    AttachStdout: true,
    AttachStderr: true,
    ExposedPorts: describeExposedPorts(spec),
    Tty: spec.tty,
    OpenStdin: spec.openStdin,
    StdinOnce: spec.openStdin,
    Env: ownEnvironment(spec),
    Cmd: spec.command,
    Image: row.image_name,
    Volumes: describeVolumes(spec.mounts),
    WorkingDir: spec.workdir,
    Entrypoint: spec.entrypoint.length === 0 ? null : spec.entrypoint,
    OnBuild: null,
    Labels: spec.labels,
    StopSignal: signalName(spec.stopSignal),
    StopTimeout: spec.stopTimeout,
    ...(spec.healthcheck && { Healthcheck: spec.healthcheck }),
  };
}

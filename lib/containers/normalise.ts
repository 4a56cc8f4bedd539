// SPDX-License-Identifier: Apache-2.0
import { DockerliteError, invalid } from '../errors';
import { checkIsolation } from '../security/isolation';
import { isolationWarnings } from '../security/support';
import { shortId } from '../util/id';
import { mergeHealthcheck } from './healthcheck';
import { checkResources } from './resource-check';
import { checkLog } from './log-options';
import { checkStorage } from './storage';
import { checkRestartPolicy } from './restart-policy';
import { mergeMounts } from './merge-mounts';
import type { MountSpec } from './mount-spec';
import { normaliseNetworking } from './networking';
import { signalNumber } from '../util/signals';
import type { ImageConfig } from '../images/config';
import type { ContainerOptions, ContainerSpec } from './spec';

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Turns what a caller said and what the image says into one complete specification: the only place with defaults.
 * `inherited` are the mounts of the containers named by `volumesFrom`; what the kernel cannot do and is left out is added
 * to `warnings`.
 * @throws E_INVALID
 */
export function normaliseSpec(id: string, options: ContainerOptions, image: ImageConfig, inherited: MountSpec[] = [], warnings: string[] = []): ContainerSpec {
  const given = options.entrypoint ?? image.Entrypoint ?? [];
  // As Docker: a single empty word is none.
  const entrypoint = given.length === 1 && given[0] === '' ? [] : given;
  // As Docker: an entrypoint of one's own drops the image's command.
  const command = options.command?.length ? options.command : options.entrypoint === undefined ? (image.Cmd ?? []) : [];
  const argv = [...entrypoint, ...command];
  if (argv.length === 0) {
    throw new DockerliteError('E_INVALID', 'No command specified', { hint: 'the image names none, so give one after the image' });
  }
  const hostname = options.hostname || shortId(id);
  const tty = options.tty === true;
  const networking = normaliseNetworking(options, Object.keys(image.ExposedPorts ?? {}));
  const isolation = checkIsolation(options.isolation, { privileged: options.privileged === true, network: networking.network });
  if (options.hostname && isolation?.utsMode === 'host') throw new DockerliteError('E_INVALID', 'conflicting options: hostname and the UTS mode');
  const limits = checkResources(options.resources);
  const healthcheck = mergeHealthcheck(options.healthcheck, image.Healthcheck);
  const restart = checkRestartPolicy(options.restart);
  if (options.autoRemove === true && restart !== undefined && restart.name !== 'no') {
    throw new DockerliteError('E_INVALID', "can't create 'AutoRemove' container with restart policy");
  }
  warnings.push(...limits.warnings, ...isolationWarnings(isolation, limits.resources?.memory !== undefined));
  if (networking.network === 'host' && (options.publish?.length || options.publishAll)) warnings.push('Published ports are discarded when using host network mode');
  const log = checkLog(options.log);
  const storage = checkStorage(options.storageOptions);
  const spec: ContainerSpec = {
    argv: noNul(argv, 'command'),
    entrypoint,
    command,
    ...environment([DEFAULT_PATH, `HOSTNAME=${hostname}`, ...(tty ? ['TERM=xterm'] : [])], [...(image.Env ?? []), ...toList(options.env)]),
    workdir: absolute(options.workdir || image.WorkingDir || '/', 'working directory'),
    user: options.user ?? image.User ?? '',
    hostname: checkHostname(hostname),
    tty,
    openStdin: options.openStdin === true,
    labels: { ...image.Labels, ...options.labels },
    ...(Object.keys(options.annotations ?? {}).length > 0 && { annotations: { ...options.annotations } }),
    stopSignal: signalNumber(options.stopSignal ?? image.StopSignal ?? 'SIGTERM'),
    stopTimeout: checkTimeout(options.stopTimeout ?? 10),
    ...networking,
    mounts: mergeMounts({ mounts: options.mounts ?? [], tmpfs: options.tmpfs ?? [], inherited, imageVolumes: Object.keys(image.Volumes ?? {}) }),
    ...(options.volumesFrom?.length && { volumesFrom: options.volumesFrom }),
    readonlyRootfs: options.readonlyRootfs === true,
    privileged: options.privileged === true,
    init: options.init === true,
    autoRemove: options.autoRemove === true,
    ...(restart && { restart }),
    ...(healthcheck && { healthcheck }),
    ...(isolation && { isolation }),
    ...(log && { log }),
    ...(limits.resources && { resources: limits.resources }),
    ...(storage && { storage }),
  };
  noNul([...spec.env, spec.user, ...Object.keys(spec.labels), ...Object.values(spec.labels), ...Object.entries(spec.annotations ?? {}).flat()], 'text');
  return spec;
}

/** Everything the command gets, and which of it nobody asked for. */
function environment(defaults: string[], given: string[]): Pick<ContainerSpec, 'env' | 'envDefaults'> {
  const named = new Set(given.map(variableName));
  return { env: mergeEnv(defaults, given), envDefaults: defaults.map(variableName).filter((name) => !named.has(name)) };
}

/** The environment without what every container has. */
export function ownEnvironment({ env, envDefaults = ['HOSTNAME'] }: ContainerSpec): string[] {
  return env.filter((entry) => !envDefaults.includes(variableName(entry)));
}

function variableName(entry: string): string {
  return entry.split('=', 1)[0] as string;
}

function toList(env: ContainerOptions['env']): string[] {
  if (env === undefined) return [];
  return Array.isArray(env) ? env : Object.entries(env).map(([key, value]) => `${key}=${value}`);
}

/** Later ones win and keep the place of the first; `K` without a value takes it out, as Docker's -e K of an unset K does. */
export function mergeEnv(...lists: string[][]): string[] {
  const merged = new Map<string, string>();
  for (const entry of lists.flat()) {
    const key = variableName(entry);
    if (key === '') throw new DockerliteError('E_INVALID', `invalid environment variable: ${entry}`);
    if (key === entry) merged.delete(key);
    else merged.set(key, entry);
  }
  return [...merged.values()];
}

function absolute(path: string, what: string): string {
  if (path.startsWith('/') && !path.includes('\0')) return path;
  throw new DockerliteError('E_INVALID', `the ${what} '${path}' is invalid, it needs to be an absolute path`);
}

function checkHostname(name: string): string {
  if (/^[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,62}[a-zA-Z0-9_])?$/.test(name)) return name;
  throw invalid('hostname', 'at most 64 letters, digits, dots and dashes', name);
}

function checkTimeout(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= -1 && seconds <= 2 ** 31) return seconds;
  throw invalid('stop timeout', 'whole seconds, or -1 to wait forever', seconds);
}

function noNul(values: string[], what: string): string[] {
  if (values.some((value) => typeof value !== 'string' || value.includes('\0'))) throw invalid(what, 'text without NUL bytes', 'NUL');
  return values;
}

// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { MountOptions } from '../../lib/containers/mount-spec';
import type { ContainerOptions } from '../../lib/containers/spec';
import { type Args, type OptionSpecs, UsageError } from '../command';
import { readNamedFile } from '../read-file';
import { checkDockerOptions, DOCKER_OPTIONS } from './docker-options';
import { HEALTH_OPTIONS, healthOptions } from './health-options';
import { ISOLATION_OPTIONS, isolationOptions } from './isolation-options';
import { parseLabels } from './label-option';
import { LOG_OPTIONS, logOptions } from './log-option';
import { parseMountOption } from './mount-option';
import { CREATE_LIMIT_OPTIONS, resourceOptions } from './resource-options';
import { NETWORK_OPTIONS, networkingOptions } from './network-options';

/** What `run` and `create` both take. */
export const CONTAINER_OPTIONS = {
  ...NETWORK_OPTIONS,
  ...CREATE_LIMIT_OPTIONS,
  ...DOCKER_OPTIONS,
  ...ISOLATION_OPTIONS,
  ...LOG_OPTIONS,
  annotation: { type: 'list', value: 'KEY=VALUE', describe: 'Set metadata that an OCI runtime would be given' },
  attach: { type: 'list', alias: 'a', value: 'STREAM', describe: 'Attach to STDIN, STDOUT or STDERR' },
  cidfile: { type: 'string', value: 'FILE', describe: "Write the container's id to a file" },
  entrypoint: { type: 'string', value: 'COMMAND', describe: "Run this instead of the image's entrypoint" },
  env: { type: 'list', alias: 'e', value: 'KEY[=VALUE]', describe: 'Set environment variables; without a value, as they are here' },
  'env-file': { type: 'list', value: 'FILE', describe: 'Read environment variables from a file' },
  ...HEALTH_OPTIONS,
  hostname: { type: 'string', alias: 'h', value: 'NAME', describe: 'Host name in the container' },
  init: { type: 'boolean', describe: 'Run an init that forwards signals and reaps processes' },
  interactive: { type: 'boolean', alias: 'i', default: false, describe: 'Keep stdin open' },
  label: { type: 'list', alias: 'l', value: 'KEY[=VALUE]', describe: 'Set metadata' },
  'label-file': { type: 'list', value: 'FILE', describe: 'Read labels from a file' },
  mount: { type: 'list', value: 'SPEC', describe: 'Mount: type=volume|bind|tmpfs,source=…,target=/path[,readonly]' },
  name: { type: 'string', value: 'NAME', describe: 'Name of the container' },
  privileged: { type: 'boolean', describe: 'Give it every capability and device' },
  pull: { type: 'string', value: 'POLICY', default: 'missing', choices: ['always', 'missing', 'never'], describe: 'When to pull the image' },
  platform: { type: 'string', value: 'OS/ARCH', describe: 'Platform of an image that has to be pulled' },
  quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Say nothing of pulling the image' },
  'read-only': { type: 'boolean', describe: "Make the container's own file system read-only" },
  restart: { type: 'string', value: 'POLICY', describe: 'Start it again when it has ended: no, on-failure[:MAX], always, unless-stopped (default "no")' },
  rm: { type: 'boolean', default: false, describe: 'Remove the container when it has ended' },
  'stop-signal': { type: 'string', value: 'SIGNAL', describe: 'What `stop` sends first' },
  'stop-timeout': { type: 'number', value: 'SECONDS', describe: 'How long `stop` waits before it kills' },
  'storage-opt': { type: 'list', value: 'KEY=VALUE', describe: 'size=SIZE limits what it writes to its own file system (needs simple quotas)' },
  tmpfs: { type: 'list', value: 'PATH[:OPTIONS]', describe: 'Mount a tmpfs' },
  tty: { type: 'boolean', alias: 't', default: false, describe: 'Give it a terminal' },
  user: { type: 'string', alias: 'u', value: 'USER[:GROUP]', describe: 'User and group, by name or number' },
  volume: { type: 'list', alias: 'v', value: '[SOURCE:]PATH[:ro]', describe: 'Mount a volume, or a directory or file of the host' },
  'volume-driver': { type: 'string', value: 'DRIVER', describe: 'Only "local" is there' },
  'volumes-from': { type: 'list', value: 'CONTAINER[:ro]', describe: 'Mount what another container has mounted' },
  workdir: { type: 'string', alias: 'w', value: 'DIR', describe: 'Working directory in the container' },
} as const satisfies OptionSpecs;

export type ContainerArgs = Args<typeof CONTAINER_OPTIONS>;

/** What was asked for, as the library takes it. @throws UsageError */
export function containerOptions(args: ContainerArgs): ContainerOptions {
  checkDockerOptions(args);
  const [image, ...command] = args._;
  return {
    image: image as string,
    name: args.name || undefined,
    command,
    // An empty one takes the image's away.
    entrypoint: args.entrypoint === undefined ? undefined : args.entrypoint === '' ? [] : [args.entrypoint],
    env: [...args['env-file'].flatMap((file) => readVariables(file, 'env-file')), ...args.env].map(fromOwnEnvironment),
    workdir: args.workdir,
    user: args.user,
    hostname: args.hostname,
    tty: args.tty,
    openStdin: args.interactive,
    labels: parseLabels([...args['label-file'].flatMap((file) => readVariables(file, 'label-file')), ...args.label]),
    annotations: parseLabels(args.annotation, '--annotation'),
    stopSignal: args['stop-signal'],
    stopTimeout: args['stop-timeout'],
    ...networkingOptions(args),
    mounts: mounts(args),
    storageOptions: storageOptions(args),
    tmpfs: [...args.tmpfs],
    volumesFrom: args['volumes-from'],
    readonlyRootfs: args['read-only'],
    privileged: args.privileged,
    resources: resourceOptions(args),
    isolation: isolationOptions(args),
    log: logOptions(args),
    init: args.init,
    autoRemove: args.rm,
    restart: restart(args),
    healthcheck: healthOptions(args),
  };
}

export interface AttachStreams {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** Which streams -a and -i ask for: without -a stdout and stderr. */
export function attachStreams(list: readonly string[], interactive: boolean): AttachStreams {
  const wanted = list.map((word) => word.toLowerCase());
  for (const word of wanted) {
    if (!['stdin', 'stdout', 'stderr'].includes(word)) throw new UsageError(`invalid argument "${word}" for "-a, --attach" flag: valid streams are STDIN, STDOUT and STDERR`);
  }
  const output = (word: string) => wanted.length === 0 || wanted.includes(word);
  return { stdin: interactive, stdout: output('stdout'), stderr: output('stderr') };
}

/** `-e K` takes K from here; when it is not set here, K alone says that it is not to be set there either. */
export function fromOwnEnvironment(entry: string): string {
  const equals = entry.indexOf('=');
  if (entry === '' || equals === 0) throw new UsageError(`invalid argument ${JSON.stringify(entry)} for "-e, --env" flag: invalid environment variable: ${entry}`);
  if (equals > 0) return entry;
  const own = process.env[entry];
  return own === undefined ? entry : `${entry}=${own}`;
}

/** Lines K=V or K; comments and empty lines are left out, values are taken as they are. */
export function readVariables(file: string, option: string): string[] {
  const text = readNamedFile(file);
  const lines: string[] = [];
  for (const [index, raw] of text.replace(/^\ufeff/, '').split('\n').entries()) {
    const line = raw.replace(/\r$/, '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const key = line.split('=', 1)[0] as string;
    if (key === '') throw new UsageError(`--${option}: ${file}:${index + 1}: no variable name on line '${line}'`);
    if (/\s/.test(key)) throw new UsageError(`--${option}: ${file}:${index + 1}: variable '${key}' contains whitespaces`);
    lines.push(line);
  }
  return lines;
}

function restart(args: ContainerArgs): string | undefined {
  if (args.rm && args.restart !== undefined && !['', 'no'].includes(args.restart)) throw new UsageError('conflicting options: cannot specify both --restart and --rm');
  return args.restart;
}

function storageOptions(args: ContainerArgs): Record<string, string> {
  if (!args['storage-opt'].every((option) => option.includes('='))) throw new UsageError('invalid storage option');
  return parseLabels(args['storage-opt'], '--storage-opt');
}

function mounts(args: ContainerArgs): (string | MountOptions)[] {
  const driver = args['volume-driver'] ?? 'local';
  if (driver !== 'local') throw new UsageError(`error looking up volume plugin ${driver}: plugin "${driver}" not found`);
  // As Docker: ./data is meant from here.
  const volumes = args.volume.map((volume) => (/^\.{1,2}(\/|:)/.test(volume) ? volume.replace(/^[^:]+/, (path) => resolve(path)) : volume));
  // What was given twice is meant once.
  return [...new Set(volumes), ...args.mount.map(parseMountOption)];
}

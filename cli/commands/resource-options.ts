// SPDX-License-Identifier: Apache-2.0
import type { DeviceRate, Resources } from '../../lib/containers/resources';
import { DockerliteError } from '../../lib/errors';
import { type Args, type OptionSpecs, UsageError } from '../command';
import { parseSize } from '../parse-size';

/** Limits that `run`, `create` and `update` take. */
export const LIMIT_OPTIONS = {
  'blkio-weight': { type: 'number', value: 'WEIGHT', describe: 'Weight of its block I/O among containers, 10 to 1000' },
  'cpu-period': { type: 'number', value: 'MICROSECONDS', describe: 'Length of the period that --cpu-quota is a part of' },
  'cpu-quota': { type: 'number', value: 'MICROSECONDS', describe: 'Processor time in each period' },
  'cpu-rt-period': { type: 'string', hidden: true, describe: 'Not supported' },
  'cpu-rt-runtime': { type: 'string', hidden: true, describe: 'Not supported' },
  'cpu-shares': { type: 'number', alias: 'c', value: 'WEIGHT', describe: 'Weight of its processor time among containers; 1024 is the usual' },
  cpus: { type: 'string', value: 'NUMBER', describe: 'Processors it may use, e.g. 1.5' },
  'cpuset-cpus': { type: 'string', value: 'LIST', describe: 'Processors it may run on, e.g. 0-3,7' },
  'cpuset-mems': { type: 'string', value: 'LIST', describe: 'Memory nodes it may use' },
  'kernel-memory': { type: 'string', hidden: true, describe: 'Not supported' },
  memory: { type: 'string', alias: 'm', value: 'SIZE', describe: 'Memory limit, e.g. 512m; 6m at least' },
  'memory-reservation': { type: 'string', value: 'SIZE', describe: 'What it is pushed back to when the machine is short of memory' },
  'memory-swap': { type: 'string', value: 'SIZE', describe: 'Limit of memory and swap together, -1 for any amount of swap (default twice --memory)' },
  'pids-limit': { type: 'number', value: 'NUMBER', describe: 'Processes and threads it may have, -1 for any number' },
} as const satisfies OptionSpecs;

/** Those that only `run` and `create` take. */
export const CREATE_LIMIT_OPTIONS = {
  ...LIMIT_OPTIONS,
  'blkio-weight-device': { type: 'list', value: 'DEVICE:WEIGHT', describe: 'Weight on one block device' },
  'device-read-bps': { type: 'list', value: 'DEVICE:RATE', describe: 'Bytes a second it may read from a device, e.g. /dev/sda:1mb' },
  'device-read-iops': { type: 'list', value: 'DEVICE:RATE', describe: 'Operations a second it may read from a device' },
  'device-write-bps': { type: 'list', value: 'DEVICE:RATE', describe: 'Bytes a second it may write to a device' },
  'device-write-iops': { type: 'list', value: 'DEVICE:RATE', describe: 'Operations a second it may write to a device' },
  'memory-swappiness': { type: 'number', value: 'PERCENT', describe: 'How readily its memory is swapped, 0 to 100' },
} as const satisfies OptionSpecs;

const UNSUPPORTED: Record<string, string> = {
  'kernel-memory': "the kernel counts its own memory for a container to the container's: use --memory",
  'cpu-rt-period': 'real-time scheduling is not given to containers: use --cpu-shares or --cpus',
  'cpu-rt-runtime': 'real-time scheduling is not given to containers: use --cpu-shares or --cpus',
};

/** What `update` can change. @throws UsageError, E_UNSUPPORTED */
export function limitOptions(args: Args<typeof LIMIT_OPTIONS>): Partial<Resources> {
  for (const [flag, hint] of Object.entries(UNSUPPORTED)) {
    if (![undefined, '0'].includes(args[flag as 'kernel-memory'])) throw new DockerliteError('E_UNSUPPORTED', `--${flag} is not supported`, { hint });
  }
  const size = (flag: 'memory' | 'memory-reservation' | 'memory-swap') => (args[flag] === undefined ? undefined : parseSize(flag, args[flag]));
  return given({
    blkioWeight: args['blkio-weight'],
    cpuPeriod: args['cpu-period'],
    cpuQuota: args['cpu-quota'],
    cpuShares: args['cpu-shares'],
    nanoCpus: args.cpus === undefined ? undefined : parseCpus(args.cpus),
    cpusetCpus: args['cpuset-cpus'],
    cpusetMems: args['cpuset-mems'],
    memory: size('memory'),
    memoryReservation: size('memory-reservation'),
    memorySwap: args['memory-swap'] === '-1' ? -1 : size('memory-swap'),
    pidsLimit: args['pids-limit'],
  });
}

/** What `run` and `create` were asked for; undefined when no limit was given. @throws UsageError, E_UNSUPPORTED */
export function resourceOptions(args: Args<typeof CREATE_LIMIT_OPTIONS>): Partial<Resources> | undefined {
  const swappiness = args['memory-swappiness'];
  if (swappiness !== undefined && !(swappiness >= -1 && swappiness <= 100)) throw new UsageError(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  const rates = (flag: 'device-read-bps' | 'device-write-bps' | 'device-read-iops' | 'device-write-iops') =>
    args[flag].length === 0 ? undefined : args[flag].map((text) => parseRate(flag, text));
  const weights = args['blkio-weight-device'].map(parseWeight);
  const all = {
    ...limitOptions(args),
    ...given({
      blkioWeightDevice: weights.length === 0 ? undefined : weights,
      blkioDeviceReadBps: rates('device-read-bps'),
      blkioDeviceWriteBps: rates('device-write-bps'),
      blkioDeviceReadIOps: rates('device-read-iops'),
      blkioDeviceWriteIOps: rates('device-write-iops'),
      memorySwappiness: swappiness,
    }),
  };
  return Object.keys(all).length === 0 ? undefined : all;
}

function given(all: { [Key in keyof Resources]?: Resources[Key] | undefined }): Partial<Resources> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Partial<Resources>;
}

function bad(flag: string, text: string, why: string): UsageError {
  return new UsageError(`invalid argument ${JSON.stringify(text)} for "--${flag}" flag: ${why}`);
}

/** "1.5" in billionths. */
function parseCpus(text: string): number {
  const match = /^-?(\d+)(?:\.(\d*))?$|^-?\.(\d+)$/.exec(text);
  if (match === null) throw bad('cpus', text, `failed to parse ${text} as a rational number`);
  const fraction = (match[2] ?? match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > 9) throw bad('cpus', text, 'value is too precise');
  return (text.startsWith('-') ? -1 : 1) * (Number(match[1] ?? 0) * 1e9 + Number(fraction.padEnd(9, '0')));
}

function splitDevice(flag: string, text: string): [path: string, value: string] {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) throw bad(flag, text, `bad format: ${text}`);
  const path = text.slice(0, colon);
  if (!path.startsWith('/dev/')) throw bad(flag, text, `bad format for device path: ${text}`);
  return [path, text.slice(colon + 1)];
}

function parseRate(flag: string, text: string): DeviceRate {
  const [path, value] = splitDevice(flag, text);
  const bytes = flag.endsWith('-bps');
  const why = bytes
    ? `invalid rate for device: ${text}. The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb`
    : `invalid rate for device: ${text}. The correct format is <device-path>:<number>. Number must be a positive integer`;
  const rate = (bytes ? /^\d+(?:\.\d+)? ?[kmgt]?b?$/i : /^\d+$/).test(value) ? parseSize(flag, value) : 0;
  if (rate <= 0) throw bad(flag, text, why);
  return { path, rate };
}

function parseWeight(text: string): { path: string; weight: number } {
  const [path, value] = splitDevice('blkio-weight-device', text);
  const weight = /^\d{1,5}$/.test(value) ? Number(value) : NaN;
  if (!(weight >= 10 && weight <= 1000)) throw bad('blkio-weight-device', text, `invalid weight for device: ${text}`);
  return { path, weight };
}

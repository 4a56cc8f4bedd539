// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';

/** Options of Docker's `local` driver: type, device and o of mount(8), and size. */
export type VolumeOptions = Record<string, string>;

/** What is needed beside each option. */
const NEEDS: Record<string, string[]> = { type: ['device'], device: ['type'], o: ['device', 'type'], size: [] };

/** @throws E_NOT_FOUND: there are no plugins */
export function checkDriver(driver: string | undefined, name: string): void {
  if (driver === undefined || driver === '' || driver === 'local') return;
  throw new DockerliteError('E_NOT_FOUND', `create ${name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`);
}

/** @throws E_INVALID for what Docker refuses, E_UNSUPPORTED for what it mounts and this does not */
export function checkVolumeOptions(name: string, options: VolumeOptions): VolumeOptions {
  for (const key of Object.keys(options)) {
    if (!Object.hasOwn(NEEDS, key)) throw new DockerliteError('E_INVALID', `create ${name}: invalid option: ${JSON.stringify(key)}`);
    const missing = (NEEDS[key] as string[]).find((other) => !options[other]);
    if (missing !== undefined) throw new DockerliteError('E_INVALID', `create ${name}: missing required option: ${JSON.stringify(missing)}`);
  }
  if (options['size'] !== undefined) sizeLimit(options);
  if (options['type'] !== undefined) bindDevice(options);
  return options;
}

/** The directory of the host that stands for the volume; undefined for one with files of its own. */
export function bindDevice(options: VolumeOptions): string | undefined {
  const { type, device = '', o = '' } = options as { type?: string; device?: string; o?: string };
  if (type === undefined) return undefined;
  const words = o.split(',').filter((word) => word !== '');
  const isBind = ['none', 'bind'].includes(type) && words.some((word) => word === 'bind' || word === 'rbind');
  const others = words.filter((word) => !['bind', 'rbind', 'rw'].includes(word));
  if (!isBind || others.length > 0) {
    throw new DockerliteError('E_UNSUPPORTED', `volume options type=${type}, o=${o} are not supported`, {
      hint: type === 'tmpfs' ? 'use --tmpfs or --mount type=tmpfs' : 'of the mounts the local driver knows only type=none, o=bind, device=/path is there',
    });
  }
  if (!device.startsWith('/') || device.includes('\0')) throw new DockerliteError('E_INVALID', `invalid mount path: '${device}' mount path must be absolute`);
  return device;
}

const UNITS = ['', 'k', 'm', 'g', 't', 'p'];

const SMALLEST = 1024 ** 2;

/** Bytes of a size such as "10G"; the letters mean powers of 1024. @throws E_INVALID */
export function checkSize(size: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(size);
  const bytes = match === null ? NaN : Math.floor(Number(match[1]) * 1024 ** UNITS.indexOf((match[2] as string).toLowerCase()));
  if (!Number.isSafeInteger(bytes)) throw new DockerliteError('E_INVALID', `invalid size: '${size}'`);
  if (bytes < SMALLEST) throw new DockerliteError('E_INVALID', `invalid size: '${size}': 1M is the smallest`);
  return bytes;
}

/** Bytes of the option `size`; undefined without. @throws E_INVALID */
export function sizeLimit({ size }: VolumeOptions): number | undefined {
  return size === undefined ? undefined : checkSize(size);
}

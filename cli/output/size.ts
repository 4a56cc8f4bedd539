// SPDX-License-Identifier: Apache-2.0

const DECIMAL = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Bytes as Docker shows them: powers of a thousand, three digits or as many as asked for. */
export function humanSize(bytes: number, digits = 3): string {
  return scaled(bytes, 1000, DECIMAL, digits);
}

/** Memory as Docker shows it: powers of 1024, four digits. */
export function binarySize(bytes: number): string {
  return scaled(bytes, 1024, BINARY, 4);
}

function scaled(bytes: number, base: number, units: readonly string[], digits: number): string {
  let unit = 0;
  let size = bytes;
  for (; size >= base && unit < units.length - 1; unit++) size /= base;
  return `${Number(size.toPrecision(digits))}${units[unit]}`;
}

// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';

const PT_INTERP = 3;

/** Whether a file is a 64-bit or 32-bit ELF program that needs no dynamic linker. */
export function isStatic(path: string): boolean {
  const head = readHead(path);
  if (head === undefined || head.length < 64 || head.toString('latin1', 0, 4) !== '\x7fELF') return false;
  const [wide, little] = [head[4] === 2, head[5] === 1];
  const u16 = (at: number) => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const u32 = (at: number) => (little ? head.readUInt32LE(at) : head.readUInt32BE(at));
  const table = wide ? Number(little ? head.readBigUInt64LE(32) : head.readBigUInt64BE(32)) : u32(28);
  const [size, count] = wide ? [u16(54), u16(56)] : [u16(42), u16(44)];
  if (count === 0 || table + size * count > head.length) return false;
  for (let index = 0; index < count; index++) if (u32(table + index * size) === PT_INTERP) return false;
  return true;
}

function readHead(path: string): Buffer | undefined {
  try {
    const fd = openSync(path, 'r');
    try {
      const head = Buffer.alloc(16 * 1024);
      return head.subarray(0, readSync(fd, head, 0, head.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

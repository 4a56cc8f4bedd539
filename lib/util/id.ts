// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readSync } from 'node:fs';

let supply: Buffer = Buffer.alloc(0);

/** From the kernel, as node:crypto's; loading that takes longer than everything else that making an id needs. */
export function randomBytes(size: number): Buffer {
  if (supply.length < size) supply = readRandom(Math.max(size, 1024));
  const bytes = supply.subarray(0, size);
  supply = supply.subarray(size);
  return bytes;
}

function readRandom(size: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size);
  const fd = openSync('/dev/urandom', 'r');
  try {
    for (let done = 0; done < size; ) done += readSync(fd, bytes, done, size - done, null);
  } finally {
    closeSync(fd);
  }
  return bytes;
}

/** 0 to below `limit`, which is at most 2^32. */
export function randomInt(limit: number): number {
  return randomBytes(6).readUIntBE(0, 6) % limit;
}

/** 256 random bits as 64 hex digits, the form of Docker's ids. */
export function randomId(): string {
  return randomBytes(32).toString('hex');
}

/** The 12 digits people see. */
export function shortId(id: string): string {
  return id.slice(0, 12);
}

// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';

const HEAD = 'dockerlite-snap\n';
const TAIL = 'dockerlite-done\n';
const DIGEST = 64;

/** A send stream as it goes from store to store, see native/snapshot/format.h. */
export function enveloped(stream: Buffer, description: object | string = {}): Buffer {
  const text = Buffer.from(typeof description === 'string' ? description : JSON.stringify(description));
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(1);
  numbers.writeUInt32LE(text.length, 4);
  const body = Buffer.concat([Buffer.from(HEAD), numbers, text, stream]);
  return Buffer.concat([body, Buffer.from(TAIL + createHash('sha256').update(body).digest('hex'))]);
}

/** The parts of one image that was sent. */
export function opened(sent: Buffer): { description: Record<string, unknown>; stream: Buffer } {
  const start = HEAD.length + 8;
  const length = sent.readUInt32LE(HEAD.length + 4);
  const description = JSON.parse(sent.subarray(start, start + length).toString()) as Record<string, unknown>;
  return { description, stream: sent.subarray(start + length, sent.length - TAIL.length - DIGEST) };
}

/** Commands and attributes by the numbers of fs/btrfs/send.h. */
export const CMD = {
  subvol: 1, snapshot: 2, mkfile: 3, mkdir: 4, mknod: 5, mkfifo: 6, mksock: 7, symlink: 8, rename: 9, link: 10, unlink: 11, rmdir: 12, setXattr: 13, removeXattr: 14,
  write: 15, clone: 16, truncate: 17, chmod: 18, chown: 19, utimes: 20, end: 21, updateExtent: 22, fallocate: 23, fileattr: 24, encodedWrite: 25, enableVerity: 26,
} as const;
export const ATTR = {
  uuid: 1, ctransid: 2, ino: 3, size: 4, mode: 5, uid: 6, gid: 7, rdev: 8, ctime: 9, mtime: 10, atime: 11, xattrName: 13, xattrData: 14, path: 15, pathTo: 16, pathLink: 17, offset: 18,
  data: 19, cloneUuid: 20, cloneCtransid: 21, clonePath: 22, cloneOffset: 23, cloneLen: 24, fallocateMode: 25, fileattr: 26, unencodedFileLen: 27, unencodedLen: 28, unencodedOffset: 29, compression: 30, encryption: 31,
} as const;

/** Attributes with 32 bits; other numbers have 64. */
const SHORT = new Set<number>([ATTR.fallocateMode, ATTR.compression, ATTR.encryption]);

export type Attributes = Partial<Record<keyof typeof ATTR, string | Buffer | number | bigint>>;

export const UUID = Buffer.alloc(16, 7);
export const PARENT_UUID = Buffer.alloc(16, 9);

/** A stream, command by command, saying whatever it is told to. */
export function buildStream(commands: readonly (readonly [number, Attributes?] | Buffer)[], version = 1): Buffer {
  const head = Buffer.alloc(17);
  head.write('btrfs-stream\0');
  head.writeUInt32LE(version, 13);
  return Buffer.concat([head, ...commands.map((one) => (Buffer.isBuffer(one) ? one : command(one[0], one[1] ?? {}, version)))]);
}

/** A whole stream that begins as one without a parent does. */
export function fullStream(...commands: (readonly [number, Attributes?] | Buffer)[]): Buffer {
  return buildStream([[CMD.subvol, { path: 'tree', uuid: UUID, ctransid: 5 }], ...commands, [CMD.end]]);
}

/** One that is a difference. */
export function incrementalStream(...commands: (readonly [number, Attributes?] | Buffer)[]): Buffer {
  return buildStream([[CMD.snapshot, { path: 'tree', uuid: UUID, ctransid: 5, cloneUuid: PARENT_UUID, cloneCtransid: 4 }], ...commands, [CMD.end]]);
}

export function command(type: number, attributes: Attributes, version = 1): Buffer {
  const body = Buffer.concat(Object.entries(attributes).map(([name, value]) => attribute(ATTR[name as keyof typeof ATTR], value as string, version)));
  const head = Buffer.alloc(10);
  head.writeUInt32LE(body.length);
  head.writeUInt16LE(type, 4);
  head.writeUInt32LE(crc32c(Buffer.concat([head, body])), 6);
  return Buffer.concat([head, body]);
}

function attribute(type: number, value: string | Buffer | number | bigint, version: number): Buffer {
  const bytes = typeof value === 'number' || typeof value === 'bigint' ? number(type, BigInt(value)) : Buffer.from(value as string);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(type);
  head.writeUInt16LE(bytes.length & 0xffff, 2);
  return Buffer.concat([version >= 2 && type === ATTR.data ? head.subarray(0, 2) : head, bytes]);
}

function number(type: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return SHORT.has(type) ? bytes.subarray(0, 4) : bytes;
}

/** A time attribute's value. */
export function time(seconds: number, nanoseconds = 0): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigInt64LE(BigInt(seconds));
  bytes.writeUInt32LE(nanoseconds, 8);
  return bytes;
}

/** Bit by bit, as slow as it is plain. */
function crc32c(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return crc >>> 0;
}

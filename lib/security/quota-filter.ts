// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';

/** _IOW(0x94, 23, 4096) and _IOW(0x94, 24, 4096) of linux/btrfs.h. */
const SNAP_CREATE_V2 = 0x5000_9417;
const SUBVOL_CREATE_V2 = 0x5000_9418;
/** Numbers of ioctl(2): x86-64, x32, i386 and arm, arm64. Where one of them is another call, no argument of that is such a number. */
const IOCTL = [16, 0x4000_0202, 54, 29];

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const JUMP_IF_EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const RETURN = 0x06; // BPF_RET | BPF_K
const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
/** Where struct seccomp_data has the number, and the low half of the second argument. */
const NUMBER = 0;
const REQUEST = 24;

/**
 * A seccomp filter that keeps a payload within its disk limit. What it makes by the first versions of the two ioctls
 * joins the group of the tree around it; with the second it may name other groups, or none, without any privilege.
 */
export function quotaFilter(): Buffer {
  const program: [code: number, jumpTrue: number, jumpFalse: number, k: number][] = [
    [LOAD, 0, 0, NUMBER],
    ...IOCTL.map((number, index): [number, number, number, number] => [JUMP_IF_EQUAL, IOCTL.length - index, 0, number]),
    [RETURN, 0, 0, ALLOW],
    [LOAD, 0, 0, REQUEST],
    [JUMP_IF_EQUAL, 2, 0, SNAP_CREATE_V2],
    [JUMP_IF_EQUAL, 1, 0, SUBVOL_CREATE_V2],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, ERRNO | constants.errno.EPERM],
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, jumpTrue, jumpFalse, k]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(k, index * 8 + 4);
  }
  return bytes;
}

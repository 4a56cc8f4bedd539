// SPDX-License-Identifier: Apache-2.0
import { closeSync, constants, copyFileSync, ftruncateSync, openSync, readSync, rmSync } from 'node:fs';
import { unpack } from '../binding/archive';
import { DockerliteError } from '../errors';

const MAGIC = '!<arch>\n';
const HEADER = 60;
const SMALLEST_LIMIT = 1024 ** 3;
const MOST_TIMES_ITS_SIZE = 200;

/**
 * Unpacks the files of a .deb below `root`, confined to it. A directory of the package keeps a link to a directory that has its
 * name: that is what merging /bin with /usr/bin rests on. @throws E_ARCHIVE
 */
export async function unpackDeb(deb: string, size: number, root: string, signal?: AbortSignal): Promise<number> {
  // The unpacker reads to the end of a file: a copy that shares its blocks ends where the member does.
  const copy = `${deb}.data`;
  copyFileSync(deb, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  try {
    const fd = openSync(copy, 'r+');
    try {
      const { start, end } = dataMember(fd, size);
      ftruncateSync(fd, end);
      skipTo(fd, start);
      const maxBytes = Math.max(SMALLEST_LIMIT, size * MOST_TIMES_ITS_SIZE);
      const { bytes } = await unpack({ fd }, root, { maxBytes, keepDirectoryLinks: true, ...(signal && { signal }) });
      return bytes;
    } finally {
      closeSync(fd);
    }
  } finally {
    rmSync(copy, { force: true });
  }
}

/** Where data.tar is in the ar archive that a .deb is. */
function dataMember(fd: number, size: number): { start: number; end: number } {
  if (text(fd, 0, MAGIC.length) !== MAGIC) throw damaged('it is no ar archive');
  for (let at = MAGIC.length; at + HEADER <= size; ) {
    const header = text(fd, at, HEADER);
    const length = /^(\d{1,10}) *$/.exec(header.slice(48, 58))?.[1];
    if (length === undefined || header.slice(58) !== '`\n') throw damaged('a member has no proper header');
    const [start, end] = [at + HEADER, at + HEADER + Number(length)];
    if (end > size) throw damaged('it ends early');
    if (/^data\.tar(?:\.(?:gz|xz|zst|bz2|lzma))?[/ ]/.test(header)) return { start, end };
    at = end + (Number(length) % 2);
  }
  throw damaged('there is no data.tar in it');
}

function text(fd: number, at: number, length: number): string {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at)).toString('latin1');
}

/** Moves the position of the descriptor itself, from which the unpacker reads. */
function skipTo(fd: number, position: number): void {
  const scratch = Buffer.alloc(64 * 1024);
  for (let left = position; left > 0; ) {
    const got = readSync(fd, scratch, 0, Math.min(left, scratch.length), null);
    if (got === 0) throw damaged('it ends early');
    left -= got;
  }
}

function damaged(why: string): DockerliteError {
  return new DockerliteError('E_ARCHIVE', `not a Debian package: ${why}`);
}

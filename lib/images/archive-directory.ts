// SPDX-License-Identifier: Apache-2.0
import { closeSync, createReadStream, fstatSync, openSync, readFileSync, realpathSync, readSync, constants } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { DockerliteError } from '../errors';
import { parseObject } from '../registry/manifest';

/** Bytes of a file that is read as a whole: manifests and configurations. */
const LARGEST_JSON = 4 * 1024 ** 2;

/** What was unpacked from a stranger's archive: names and links in it lead nowhere else. */
export class ArchiveDirectory {
  private readonly root: string;

  constructor(path: string) {
    this.root = realpathSync(path);
  }

  has(name: string): boolean {
    try {
      this.resolve(name);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws E_ARCHIVE */
  readJson(name: string): Record<string, unknown> {
    return parseObject(this.read(name), name);
  }

  read(name: string): Buffer {
    if (this.size(name) > LARGEST_JSON) throw new DockerliteError('E_ARCHIVE', `${shown(name)} is larger than ${LARGEST_JSON} bytes`);
    return readFileSync(this.resolve(name));
  }

  size(name: string): number {
    const fd = openSync(this.resolve(name), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = fstatSync(fd);
      if (!stat.isFile()) throw new DockerliteError('E_ARCHIVE', `${shown(name)} is not a file`);
      return stat.size;
    } finally {
      closeSync(fd);
    }
  }

  /** Its path. */
  file(name: string): string {
    this.size(name);
    return this.resolve(name);
  }

  open(name: string, offset = 0): Readable {
    return createReadStream(this.resolve(name), { start: offset });
  }

  /** The first bytes, which tell one compression from another. */
  magic(name: string): Buffer {
    const fd = openSync(this.resolve(name), 'r');
    try {
      const bytes = Buffer.alloc(8);
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(fd);
    }
  }

  /** `sha256:…` */
  async digest(name: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of this.open(name) as AsyncIterable<Buffer>) hash.update(chunk);
    return `sha256:${hash.digest('hex')}`;
  }

  /** Docker's older archives name a layer that is there twice by a link: links are followed, but not out of here. */
  private resolve(name: string): string {
    let path: string;
    try {
      path = realpathSync(join(this.root, name));
    } catch (error) {
      throw new DockerliteError('E_ARCHIVE', `${shown(name)} is not in the archive`, { cause: error });
    }
    if (!path.startsWith(`${this.root}/`)) throw new DockerliteError('E_ARCHIVE', `${shown(name)} leads out of the archive`);
    return path;
  }
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 120));
}

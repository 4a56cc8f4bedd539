// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open, stat } from 'node:fs/promises';

const CHUNK = 64 * 1024;
const NEWLINE = 10;

interface LogFile {
  handle: FileHandle;
  inode: number;
}

/**
 * The lines of a log that its writer rotates: PATH is written, PATH.1 came before it, and so on. Every file is held open
 * until it has been read, so that what is renamed or removed meanwhile is still read, once.
 */
export class LogFiles {
  private position = 0;
  private rest = Buffer.alloc(0);

  private constructor(
    private readonly path: string,
    /** Oldest first; the first one is being read. */
    private readonly files: LogFile[],
  ) {}

  static async open(path: string): Promise<LogFiles> {
    return new LogFiles(path, await openUpTo(path, undefined));
  }

  /** Leaves out all but the last so many lines. */
  async skipToLast(lines: number): Promise<void> {
    let missing = lines;
    for (let i = this.files.length - 1; i >= 0; i--) {
      const found = await positionOfLast((this.files[i] as LogFile).handle, missing);
      missing -= found.lines;
      if (missing > 0 && i > 0) continue;
      this.position = found.position;
      for (const { handle } of this.files.splice(0, i)) await handle.close();
      return;
    }
  }

  /** Every whole line there is now, without its newline. */
  async *lines(): AsyncGenerator<Buffer> {
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (let file = this.files[0]; file !== undefined; file = this.files[0]) {
      const { bytesRead } = await file.handle.read(chunk, 0, CHUNK, this.position);
      if (bytesRead === 0) {
        if (this.files.length === 1) return;
        await this.next();
        continue;
      }
      this.position += bytesRead;
      let data = Buffer.concat([this.rest, chunk.subarray(0, bytesRead)]);
      for (let newline = data.indexOf(NEWLINE); newline >= 0; newline = data.indexOf(NEWLINE)) {
        yield data.subarray(0, newline);
        data = data.subarray(newline + 1);
      }
      this.rest = Buffer.from(data);
    }
  }

  /** Takes in what was begun since the last look. */
  async refresh(): Promise<void> {
    this.files.push(...(await openUpTo(this.path, this.files.at(-1)?.inode)));
  }

  async close(): Promise<void> {
    for (const { handle } of this.files.splice(0)) await handle.close();
  }

  private async next(): Promise<void> {
    await this.files.shift()?.handle.close();
    [this.position, this.rest] = [0, Buffer.alloc(0)];
  }
}

/** Opens the files that are newer than the one with this inode, all of them when it is not there any more; oldest first. */
async function openUpTo(path: string, known: number | undefined): Promise<LogFile[]> {
  for (;;) {
    const files: LogFile[] = [];
    let previous: number | undefined;
    for (let n = 0; ; n++) {
      const name = generation(path, n);
      const inode = await inodeOf(name);
      if (inode === known && known !== undefined) {
        previous = inode;
        break;
      }
      const file = await openFile(name);
      if (file !== undefined) files.unshift(file);
      // Between two renames the newest is not there yet.
      else if (n > 0) break;
    }
    if (await isStill(path, files, previous)) return files;
    for (const { handle } of files) await handle.close();
  }
}

/** Whether nothing was rotated while they were opened: each is where it was, and so is what came before them. */
async function isStill(path: string, files: LogFile[], previous: number | undefined): Promise<boolean> {
  const expected = [...files].reverse().map(({ inode }) => inode);
  const first = (await inodeOf(path)) === undefined ? 1 : 0;
  if (previous !== undefined) expected.push(previous);
  for (const [n, inode] of expected.entries()) if ((await inodeOf(generation(path, n + first))) !== inode) return false;
  return true;
}

function generation(path: string, n: number): string {
  return n === 0 ? path : `${path}.${n}`;
}

/** Where the last so many lines begin, and how many there are. */
async function positionOfLast(handle: FileHandle, wanted: number): Promise<{ position: number; lines: number }> {
  const chunk = Buffer.allocUnsafe(CHUNK);
  let found = -1; // the newline that ends the last line is none before it
  for (let end = (await handle.stat()).size; end > 0; end -= CHUNK) {
    const start = Math.max(0, end - CHUNK);
    const { bytesRead } = await handle.read(chunk, 0, end - start, start);
    const data = chunk.subarray(0, bytesRead);
    for (let at = data.lastIndexOf(NEWLINE); at >= 0; at = at === 0 ? -1 : data.lastIndexOf(NEWLINE, at - 1)) {
      found++;
      if (found === wanted) return { position: start + at + 1, lines: wanted };
    }
  }
  return { position: 0, lines: found + 1 };
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    return missing(error);
  }
}

async function openFile(path: string): Promise<LogFile | undefined> {
  try {
    const handle = await open(path, 'r');
    return { handle, inode: (await handle.stat()).ino };
  } catch (error) {
    return missing(error);
  }
}

function missing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

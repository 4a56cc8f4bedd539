// SPDX-License-Identifier: Apache-2.0
import * as fs from 'node:fs';
import { execFileSync } from 'node:child_process';

/** A small generator with a seed (mulberry32), so that a failure can be run again. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

// Few names, so that operations meet each other; some that are hostile or look like the stream's own.
const NAMES = ['a', 'b', 'c', 'd', 'e', 'o257-7-0', 'new\nline', '\xff\xfe', ' ', '-r', 'a-b', 'a.b', 'x'.repeat(255)];

/** Does random things to the tree at `root`; what the file system refuses is skipped. */
export class RandomTree {
  constructor(
    private readonly root: string,
    private readonly random: (below: number) => number,
  ) {}

  mutate(times: number): void {
    for (let i = 0; i < times; i++) {
      try {
        this.one();
      } catch (error) {
        if (!('code' in Object(error)) && !('status' in Object(error))) throw error;
      }
    }
  }

  private one(): void {
    const path = this.newPath();
    const old = this.oldPath();
    const operations: (() => void)[] = [
      () => fs.mkdirSync(path),
      () => fs.mkdirSync(path),
      () => fs.writeFileSync(path, String(this.random(1000)), { flag: 'wx' }),
      () => fs.writeFileSync(path, String(this.random(1000)), { flag: 'wx' }),
      () => fs.symlinkSync(String(this.random(1000)), path),
      () => python('os.mkfifo(path)', path),
      () => fs.linkSync(old, path),
      () => fs.linkSync(old, path),
      () => fs.renameSync(old, path),
      () => fs.renameSync(old, path),
      () => fs.renameSync(old, path),
      () => fs.renameSync(old, this.oldPath()),
      () => this.swap(old, this.oldPath()),
      () => fs.unlinkSync(old),
      () => fs.unlinkSync(old),
      () => fs.rmSync(old, { recursive: true, force: false }),
      () => fs.rmdirSync(old),
      () => this.onFile(old, () => fs.appendFileSync(old, 'more')),
      () => this.onFile(old, () => fs.truncateSync(old, this.random(3))),
      () => this.onFile(old, () => fs.chmodSync(old, 0o600 + this.random(64))),
      () => fs.lchownSync(old, this.random(3), this.random(3)),
      () => fs.lutimesSync(old, this.random(1e9), this.random(1e9)),
      () => this.onFile(old, () => python(`os.setxattr(path, "user.test", b"${this.random(10)}")`, old)),
    ];
    operations[this.random(operations.length)]!();
  }

  private swap(a: Buffer, b: Buffer): void {
    const aside = Buffer.concat([Buffer.from(this.root), Buffer.from('/aside')]);
    fs.renameSync(a, aside);
    try {
      fs.renameSync(b, a);
      fs.renameSync(aside, b);
    } catch (error) {
      fs.rmSync(aside, { recursive: true });
      throw error;
    }
  }

  private onFile(path: Buffer, change: () => void): void {
    if (!fs.lstatSync(path).isSymbolicLink() && !fs.lstatSync(path).isFIFO()) change();
  }

  private list(directories: boolean): Buffer[] {
    const found: Buffer[] = [];
    const walk = (directory: Buffer): void => {
      for (const name of fs.readdirSync(directory, 'buffer')) {
        const path = Buffer.concat([directory, Buffer.from('/'), name]);
        const isDirectory = fs.lstatSync(path).isDirectory();
        if (isDirectory || !directories) found.push(path);
        if (isDirectory) walk(path);
      }
    };
    walk(Buffer.from(this.root));
    return found;
  }

  private oldPath(): Buffer {
    const all = this.list(false);
    return all[this.random(all.length)] ?? Buffer.from(`${this.root}/none`);
  }

  private newPath(): Buffer {
    const directories = [Buffer.from(this.root), ...this.list(true)];
    const name = Buffer.from(NAMES[this.random(NAMES.length)]!, 'latin1');
    return Buffer.concat([directories[this.random(directories.length)]!, Buffer.from('/'), name]);
  }
}

/** What Node has no call for. Arguments of processes are UTF-8 in Node, so the path goes as hex. */
function python(statement: string, path: Buffer): void {
  execFileSync('python3', ['-c', `import os, sys; path = bytes.fromhex(sys.argv[1]); ${statement}`, path.toString('hex')], { stdio: 'pipe' });
}

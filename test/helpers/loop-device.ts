// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty block device of a test's own. */
export class LoopDevice implements Disposable {
  private constructor(
    private readonly directory: string,
    readonly path: string,
  ) {}

  static create(mebibytes = 1): LoopDevice {
    const directory = mkdtempSync(join(tmpdir(), 'device-'));
    const file = join(directory, 'file');
    writeFileSync(file, '');
    truncateSync(file, mebibytes * 1024 ** 2);
    return new LoopDevice(directory, execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim());
  }

  [Symbol.dispose](): void {
    execFileSync('losetup', ['--detach', this.path]);
    rmSync(this.directory, { recursive: true });
  }
}

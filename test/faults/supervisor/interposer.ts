// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { preload } from '../../helpers/preload';

const SOURCE = join(__dirname, '../../../../test/faults/supervisor/failing-calls.c');
/** struct control of that file. */
const SIZE = 68;
const AT = { target: 0, count: 4, error: 8, delay: 12, fired: 16, only: 48, wait: 64 };

/** What befalls a call. */
export interface Strike {
  /** The process that makes it is killed; otherwise it fails with EIO. */
  kills?: boolean;
  /** It only takes so many ms longer. */
  delays?: number;
  /** It fails after so many ms. */
  failsAfter?: number;
  /** Only calls of this function count. */
  only?: string;
}

/** Makes one call fail in the supervisors that are spawned while `env` is set. */
export class Interposer {
  private readonly library: string;
  private readonly path: string;
  private readonly fd: number;

  constructor(directory: string) {
    this.library = join(directory, 'failing-calls.so');
    this.path = join(directory, 'faults');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-fno-builtin', '-o', this.library, SOURCE], { stdio: 'inherit' });
    this.fd = openSync(this.path, 'w+');
    writeSync(this.fd, Buffer.alloc(SIZE));
  }

  /** What `work` spawns has the calls wrapped. */
  async around<T>(work: () => Promise<T>): Promise<T> {
    process.env['DOCKERLITE_TEST_FAULTS'] = this.path;
    const endPreload = preload(this.library);
    try {
      return await work();
    } finally {
      endPreload();
      delete process.env['DOCKERLITE_TEST_FAULTS'];
    }
  }

  /** From now on calls are counted; the n-th one fails. */
  arm(n: number, { kills = false, delays = 0, failsAfter = 0, only = '' }: Strike = {}): void {
    const control = Buffer.alloc(SIZE);
    control.writeInt32LE(kills ? -constants.signals.SIGKILL : constants.errno.EIO, AT.error);
    control.writeUInt32LE(delays * 1000, AT.delay);
    control.writeUInt32LE(failsAfter * 1000, AT.wait);
    control.write(only, AT.only);
    writeSync(this.fd, control, 0, SIZE, 0);
    control.writeUInt32LE(n, AT.target);
    writeSync(this.fd, control, 0, 4, AT.target);
  }

  /** Name of the call that has failed, and how many there were. */
  disarm(): { fired: string | undefined; count: number } {
    const control = Buffer.alloc(SIZE);
    writeSync(this.fd, control, 0, 4, AT.target);
    readSync(this.fd, control, 0, SIZE, 0);
    const name = control.toString('latin1', AT.fired, AT.only).split('\0', 1)[0];
    return { fired: name === '' ? undefined : name, count: control.readUInt32LE(AT.count) };
  }

  remove(): void {
    closeSync(this.fd);
    rmSync(this.path);
    rmSync(this.library);
  }
}

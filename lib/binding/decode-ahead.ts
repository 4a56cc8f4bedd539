// SPDX-License-Identifier: Apache-2.0
import { run, type WithJob } from './jobs';
import { loadAddon } from './load';
import { native, wrapNativeError } from './native-error';
import type { ArchiveBinding, NativePath, UnpackOptions, UnpackResult } from './types';

type Addon = Omit<ArchiveBinding, 'unpackAhead'> & { unpackAhead(ahead: object, root: NativePath, options: WithJob<UnpackOptions>): Promise<UnpackResult> };

const addon = () => loadAddon('dockerlite-archive') as unknown as Addon;

/** An archive that is decompressed and hashed, a few MiB ahead, before its turn to be unpacked has come. */
export class DecodedAhead {
  private isTaken = false;

  private constructor(private readonly handle: object) {}

  /** The descriptor may be closed afterwards. Whoever writes the file still, up to `growsTo` bytes, says so by `grown`. */
  static begin(source: { fd: number; growsTo?: number }): DecodedAhead {
    try {
      return new DecodedAhead(addon().decodeAhead(source));
    } catch (error) {
      throw wrapNativeError(error);
    }
  }

  /** Some more of the file is there. */
  grown(): void {
    addon().aheadGrown(this.handle);
  }

  /** As archive.unpack; once. */
  unpack(root: NativePath, options: UnpackOptions = {}): Promise<UnpackResult> {
    this.isTaken = true;
    return run(options, (job) => addon().unpackAhead(this.handle, root, job));
  }

  /** Lets go of it when it is not to be unpacked. Safe to repeat. */
  async close(): Promise<void> {
    if (!this.isTaken) await native(() => addon().closeAhead(this.handle));
  }
}

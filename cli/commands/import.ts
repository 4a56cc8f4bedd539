// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readFileSync, statSync, type Stats } from 'node:fs';
import { isatty } from 'node:tty';
import type { ImportSource } from '../../lib/images/import';
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { interruptible } from '../interruptible';
import type { Io } from '../io';
import { Progress } from '../output/progress';
import { humanSize } from '../output/size';

export default defineCommand({
  usage: '[OPTIONS] SOURCE|- [REPOSITORY[:TAG]]',
  describe: 'Make an image of a directory or of a tar archive, compressed or not; - reads one from stdin',
  examples: [
    ['import rootfs.tar.zst debian:12', 'an archive'],
    ['import ./rootfs debian:12', 'a directory'],
    ["import -c 'CMD [\"bash\"]' -c 'ENV LANG=C.UTF-8' - debian < rootfs.tar", 'from stdin, with configuration'],
  ],
  options: {
    change: { type: 'list', alias: 'c', value: 'INSTRUCTION', describe: 'Apply a Dockerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR' },
    platform: { type: 'string', value: 'OS/ARCH', describe: 'Platform of what is in it (default that of this machine)' },
    message: { type: 'string', alias: 'm', value: 'TEXT', describe: 'Comment in the history of the image' },
  },
  operands: [1, 2],
  async run({ change, message, platform, _: [source, reference] }, io) {
    const { images } = await io.engine();
    const opened = openSource(source as string);
    const progress = watchReading(opened, io);
    try {
      const comment = message ?? `Imported from ${source}`;
      const image = await interruptible((signal) => images.import(opened.source, { reference, changes: change, comment, platform, signal }));
      progress.done();
      io.print(`sha256:${image.id}`);
    } finally {
      progress.done();
      if (opened.own !== undefined) closeSync(opened.own);
    }
  },
});

interface OpenedSource {
  source: ImportSource;
  /** A file that we read ourselves, to see how far it has been read. */
  own?: number;
  size?: number;
}

function openSource(source: string): OpenedSource {
  if (source !== '-') {
    const stat = isatty(2) ? regularFile(source) : undefined;
    if (stat === undefined) return { source: { path: source } };
    const own = openSync(source, 'r');
    return { source: { fd: own }, own, size: stat.size };
  }
  if (isatty(0)) throw new DockerliteError('E_INVALID', 'cowardly refusing to read an archive from a terminal', { hint: 'redirect stdin or name a file' });
  return { source: { fd: 0 } };
}

function regularFile(path: string): Stats | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() === true ? stat : undefined;
}

/** On a terminal only. Where the kernel knows no position, in a pipe or a directory, it only says that something goes on. */
function watchReading({ own, size }: OpenedSource, io: Io): { done(): void } {
  const progress = new Progress(io.stderr);
  const show = () => {
    const at = own === undefined ? undefined : /^pos:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${own}`, 'latin1'))?.[1];
    progress.show(at === undefined || size === undefined ? 'Importing' : `Importing  ${humanSize(Number(at))}/${humanSize(size)}`);
  };
  const timer = setInterval(show, 200);
  return {
    done() {
      clearInterval(timer);
      progress.done();
    },
  };
}

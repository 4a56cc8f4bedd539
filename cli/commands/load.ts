// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { isatty } from 'node:tty';
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { interruptible } from '../interruptible';
import { makeView } from '../output/transfer';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Load images from a tar archive, compressed or not, or from stdin',
  examples: [
    ['load -i images.tar', 'what `save`, `docker save` or `skopeo copy … oci-archive:` wrote'],
    ['load < images.tar.gz', 'from stdin'],
  ],
  options: {
    input: { type: 'string', alias: 'i', value: 'FILE', describe: 'Read a file instead of stdin' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show no progress' },
  },
  operands: [0, 0],
  async run({ input, quiet }, io) {
    if (input === undefined && isatty(0)) throw new DockerliteError('E_INVALID', 'requested load from stdin, but stdin is empty', { hint: 'name a file with -i, or redirect' });
    if (input !== undefined && !existsSync(input)) throw new DockerliteError('E_NOT_FOUND', `open ${input}: no such file or directory`, { path: input });
    const { images } = await io.engine();
    const view = makeView(quiet || !isatty(1) ? 'none' : 'auto', io.stdout, { downloading: 'Loading layer', complete: 'Loaded', waiting: 'Waiting' });
    const loaded = await interruptible(async (signal) => {
      const transfer = images.load(input === undefined ? { fd: 0 } : { path: input }, { signal });
      for await (const event of transfer) view.show(event);
      return transfer.result;
    });
    for (const { id, tags } of loaded) {
      if (tags.length === 0) io.print(`Loaded image ID: sha256:${id}`);
      for (const tag of tags) io.print(`Loaded image: ${tag}`);
    }
  },
});

// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { isatty } from 'node:tty';
import { DockerliteError } from '../../lib/errors';
import { defineCommand, UsageError } from '../command';
import { interruptible } from '../interruptible';
import { makeView } from '../output/transfer';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Receive images that `image send` sent, one after another, compressed or not, from stdin or a file',
  examples: [
    ['image receive -i web.snap', 'from a file'],
    ['image receive --have', 'what a sender has not to send: for its --have'],
  ],
  options: {
    input: { type: 'string', alias: 'i', value: 'FILE', describe: 'Read a file instead of stdin' },
    have: { type: 'boolean', default: false, describe: 'Receive nothing; print the ids of what is here, one a line' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show no progress' },
  },
  operands: [0, 0],
  async run({ input, have, quiet }, io) {
    if (have && input !== undefined) throw new UsageError('--have receives nothing: no -i with it');
    if (!have && input === undefined && isatty(0)) throw new DockerliteError('E_INVALID', 'requested receive from stdin, but stdin is a terminal', { hint: 'name a file with -i, or redirect' });
    if (input !== undefined && !existsSync(input)) throw new DockerliteError('E_NOT_FOUND', `open ${input}: no such file or directory`, { path: input });
    const { images } = await io.engine();
    if (have) {
      for (const id of await images.have()) io.print(id);
      return;
    }
    const view = makeView(quiet || !isatty(1) ? 'none' : 'auto', io.stdout, { downloading: 'Receiving', complete: 'Received' });
    const received = await interruptible(async (signal) => {
      const transfer = images.receive(input === undefined ? { fd: 0 } : { path: input }, { signal });
      for await (const event of transfer) view.show(event);
      return transfer.result;
    });
    for (const { id, tags } of received) {
      if (tags.length === 0) io.print(`Loaded image ID: sha256:${id}`);
      for (const tag of tags) io.print(`Loaded image: ${tag}`);
    }
  },
});

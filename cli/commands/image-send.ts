// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { ArchiveEnd } from '../../lib/binding/types';
import type { Engine } from '../../lib/engine';
import { DockerliteError } from '../../lib/errors';
import type { SendOptions, SentImage } from '../../lib/images/snapshot/send';
import type { Transfer } from '../../lib/images/transfer';
import { defineCommand } from '../command';
import { interruptible } from '../interruptible';
import { toFile } from '../output/archive-file';
import { toStdout } from '../output/stdout-archive';

export default defineCommand({
  usage: '[OPTIONS] IMAGE|CONTAINER',
  describe: 'Send an image, or the present state of a container, to another store: all of it, or the difference to what is there',
  examples: [
    ['image send web:v2 | ssh host dockerlite image receive', 'all of it'],
    ['image send --have "$(ssh host dockerlite image receive --have)" web:v2 | ssh host dockerlite image receive', 'what is not there yet'],
    ['image send --parent web:v1 -o update web:v2', 'to a file, for who has web:v1'],
  ],
  options: {
    output: { type: 'string', alias: 'o', value: 'FILE', describe: 'Write to a file instead of stdout' },
    parent: { type: 'string', alias: 'p', value: 'IMAGE', describe: 'Send the difference to this image, which the receiver must have' },
    have: { type: 'list', value: 'IDS', describe: 'Ids of what the receiver has, as `image receive --have` or `images -q` print them; - reads them from stdin' },
  },
  operands: [1, 1],
  async run({ output, parent, have, _: [name] }, io) {
    if (output === undefined && isatty(1)) throw new DockerliteError('E_INVALID', 'cowardly refusing to send to a terminal. Use the -o flag or redirect');
    const ids = have.flatMap((value) => (value === '-' ? readFileSync(0, 'utf8') : value).split(/\s+/)).filter((id) => id !== '');
    const engine = await io.engine();
    await interruptible(async (signal) => {
      const send = async (target: ArchiveEnd): Promise<void> => {
        await (await sending(engine, name as string, target, { have: ids, signal, ...(parent !== undefined && { parent }) })).result;
      };
      await (output === undefined ? toStdout(() => send({ fd: 1 })) : toFile(output, (fd) => send({ fd })));
    });
  },
});

/** An image has the name first, as everywhere where both are meant. */
async function sending({ images, containers }: Engine, name: string, target: ArchiveEnd, options: SendOptions): Promise<Transfer<SentImage>> {
  const image = await images.get(name).catch((error: unknown) => {
    if (error instanceof DockerliteError && error.code === 'E_NO_SUCH_IMAGE') return undefined;
    throw error;
  });
  if (image !== undefined) return images.send(name, target, options);
  const container = await containers.get(name).catch((error: unknown) => {
    if (error instanceof DockerliteError && error.code === 'E_NO_SUCH_CONTAINER') throw new DockerliteError('E_NO_SUCH_IMAGE', `No such image or container: ${name}`);
    throw error;
  });
  return container.send(target, options);
}

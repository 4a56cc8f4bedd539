// SPDX-License-Identifier: Apache-2.0
import { DockerliteError, type ErrorCode } from '../../lib/errors';
import type { Engine } from '../../lib/engine';
import { defineCommand, UsageError } from '../command';
import { INSPECT_FORMAT, inspectEach } from '../output/inspection';
import { volumeInfo } from '../output/volume-row';

const KINDS = ['container', 'image', 'volume', 'network'] as const;
type Kind = (typeof KINDS)[number];

const MISSING: Record<Kind, ErrorCode> = { container: 'E_NO_SUCH_CONTAINER', image: 'E_NO_SUCH_IMAGE', volume: 'E_NO_SUCH_VOLUME', network: 'E_NO_SUCH_NETWORK' };

export default defineCommand({
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  describe: 'Return low-level information on containers, images, volumes and networks',
  examples: [
    ['inspect web', 'all there is to know, as JSON'],
    [`inspect -f '{{.NetworkSettings.IPAddress}}' web`, 'its address'],
    [`inspect --type image -f '{{json .Config.Env}}' debian`, 'the environment an image gives'],
  ],
  options: {
    format: INSPECT_FORMAT,
    size: { type: 'boolean', alias: 's', default: false, describe: 'With what containers have written' },
    type: { type: 'string', value: 'TYPE', describe: 'Only a container, an image, a volume or a network' },
  },
  operands: [1, Infinity],
  async run({ format, size, type, _: words }, io) {
    const kinds = chooseKinds(type);
    const engine = await io.engine();
    return inspectEach(io, format, words, (word) => find(engine, kinds, word, size), ({ message }) => io.warn(`Error: ${message}`));
  },
});

/** @throws UsageError in Docker's words */
function chooseKinds(type: string | undefined): readonly Kind[] {
  const kinds = KINDS.filter((kind) => type === undefined || kind === type);
  if (kinds.length > 0) return kinds;
  const wrong = type === '' ? 'type is empty' : `unknown type: ${JSON.stringify(type)}`;
  throw new UsageError(`${wrong}: must be one of ${[...KINDS].sort().map((kind) => JSON.stringify(kind)).join(', ')}`, 1);
}

const FINDERS: Record<Kind, (engine: Engine, word: string, size: boolean) => Promise<object>> = {
  container: async ({ containers }, word, size) => (await containers.get(word)).inspect({ size }),
  image: ({ images }, word) => images.inspect(word),
  volume: async ({ volumes }, word) => volumeInfo(await volumes.get(word)),
  network: ({ networks }, word) => networks.inspect(word),
};

/** A container goes before an image of the same name, and that before a volume. */
async function find(engine: Engine, kinds: readonly Kind[], word: string, size: boolean): Promise<object> {
  for (const kind of kinds) {
    try {
      return await FINDERS[kind](engine, word, size);
    } catch (error) {
      if (kinds.length === 1 || (error as Partial<DockerliteError>).code !== MISSING[kind]) throw error;
    }
  }
  throw new DockerliteError('E_NOT_FOUND', `No such object: ${word}`);
}

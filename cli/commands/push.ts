// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import type { Image } from '../../lib/images/record';
import { canonicalName, canonicalReference, parseRemoteReference } from '../../lib/registry/reference';
import { defineCommand, UsageError } from '../command';
import { interruptible } from '../interruptible';
import { makeView, PROGRESS, type ProgressKind } from '../output/transfer';

export default defineCommand({
  usage: '[OPTIONS] NAME[:TAG]',
  describe: 'Upload an image to a registry',
  examples: [
    ['push registry.example:5000/web:v2', 'what is not there yet'],
    ['push -a registry.example:5000/web', 'all its tags'],
    ['push --as-snapshot registry.example:5000/web:v3', 'as the difference to the image it was made from, for other stores of dockerlite'],
  ],
  options: {
    'all-tags': { type: 'boolean', alias: 'a', default: false, describe: 'Upload all tags of the repository' },
    'as-snapshot': { type: 'boolean', default: false, describe: 'Upload a btrfs send stream, the difference to an image in the same repository, instead of layers; only dockerlite can pull it' },
    'disable-content-trust': { type: 'boolean', hidden: true, describe: 'Accepted for compatibility' },
    progress: { type: 'string', value: 'KIND', default: 'auto', choices: PROGRESS, describe: 'auto, tty, plain, json or none' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show no progress' },
  },
  operands: [1, 1],
  async run({ progress, quiet, _: [name], 'all-tags': all, 'as-snapshot': asSnapshot }, io) {
    const reference = parseRemoteReference(name as string);
    if (all && reference.tag !== undefined) throw new UsageError("tag can't be used with --all-tags/-a", 1);
    const view = makeView(quiet ? 'none' : (progress as ProgressKind), io.stdout, { exists: 'Layer already exists' });
    if (!all && reference.tag === undefined) view.note('Using default tag: latest');
    view.note(`The push refers to repository [${canonicalName(reference)}]`);
    const { images } = await io.engine();
    const list = all ? tagsHere(await images.list(), canonicalName(reference)) : [name as string];
    for (const one of list) {
      const { digest, size } = await interruptible(async (signal) => {
        const transfer = images.push(one, { asSnapshot, signal });
        for await (const event of transfer) view.show(event);
        return transfer.result;
      });
      view.note(`${parseRemoteReference(one).tag ?? 'latest'}: digest: ${digest} size: ${size}`);
    }
    if (quiet) io.print(all ? canonicalName(reference) : canonicalReference(reference));
  },
});

function tagsHere(images: readonly Image[], repository: string): string[] {
  const tags = images.flatMap((image) => image.tags).filter((tag) => canonicalName(parseRemoteReference(tag)) === repository);
  if (tags.length === 0) throw new DockerliteError('E_NOT_FOUND', `An image does not exist locally with the tag: ${repository.replace(/^docker\.io\/(?:library\/)?/, '')}`);
  return tags;
}

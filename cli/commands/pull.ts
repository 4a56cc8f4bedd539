// SPDX-License-Identifier: Apache-2.0
import { canonicalName, canonicalReference, parseRemoteReference } from '../../lib/registry/reference';
import { defineCommand, UsageError } from '../command';
import { interruptible } from '../interruptible';
import type { Io } from '../io';
import { pullWithView } from '../pull';
import { makeView, PROGRESS, type ProgressKind } from '../output/transfer';

export default defineCommand({
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  describe: 'Download an image from a registry',
  examples: [
    ['pull debian:12', 'from Docker Hub'],
    ['pull --platform linux/arm64 registry.example:5000/web', 'from another registry, for another machine'],
    ['pull -q debian@sha256:…', 'exactly this one; prints its name when it is there'],
  ],
  options: {
    'all-tags': { type: 'boolean', alias: 'a', default: false, describe: 'Download all tags of the repository' },
    'disable-content-trust': { type: 'boolean', hidden: true, describe: 'Accepted for compatibility' },
    platform: { type: 'string', value: 'OS/ARCH', describe: 'Platform of the image, where there are several' },
    progress: { type: 'string', value: 'KIND', default: 'auto', choices: PROGRESS, describe: 'auto, tty, plain, json or none' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Show no progress' },
  },
  operands: [1, 1],
  async run({ platform, progress, quiet, _: [name], 'all-tags': all }, io) {
    const kind = quiet ? 'none' : (progress as ProgressKind);
    if (all) return pullAll(io, name as string, platform, kind);
    const { name: canonical } = await pullWithView(io, io.stdout, name as string, { platform, kind });
    if (kind !== 'json') io.print(canonical);
  },
});

async function pullAll(io: Io, name: string, platform: string | undefined, kind: ProgressKind): Promise<void> {
  const reference = parseRemoteReference(name);
  if (reference.tag !== undefined || reference.digest !== undefined) throw new UsageError("tag can't be used with --all-tags/-a", 1);
  const { images } = await io.engine();
  const view = makeView(kind, io.stdout);
  const pulled = await interruptible(async (signal) => {
    const transfer = images.pullAllTags(name, { platform, signal });
    for await (const event of transfer) view.show(event);
    return transfer.result;
  });
  const isNew = pulled.some((image) => image.isNew);
  view.note(`Status: ${isNew ? 'Downloaded newer image' : 'Image is up to date'} for ${name}`);
  if (kind === 'json') return;
  io.print(kind === 'none' ? canonicalName(reference) : canonicalReference(reference).replace(/:latest$/, ''));
}

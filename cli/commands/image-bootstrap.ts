// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { interruptible } from '../interruptible';
import { makeView, PROGRESS, type ProgressKind } from '../output/transfer';

const WORDS = { waiting: 'Waiting', extracting: 'Unpacking', preparing: 'Configuring', complete: 'Complete' };

export default defineCommand({
  usage: '[OPTIONS] debian:SUITE|busybox',
  describe: "Make a base image from the packages that this machine's apt would install, for places without a registry",
  examples: [
    ['image bootstrap busybox', 'of the static busybox, with its applets'],
    ['image bootstrap debian:trixie', 'from where apt of this machine gets its packages'],
    ['image bootstrap --mirror http://mirror.example/debian --include curl,ca-certificates -t base:1 debian:bookworm', 'from elsewhere, with more in it'],
  ],
  options: {
    include: { type: 'list', value: 'PACKAGE[,PACKAGE]', describe: 'More packages' },
    keyring: { type: 'string', value: 'FILE', describe: "Keys that may sign the archive; default what the machine's apt is told" },
    mirror: { type: 'string', value: 'URL', describe: "The archive; default where the machine's apt gets its packages" },
    progress: { type: 'string', value: 'KIND', default: 'auto', choices: PROGRESS, describe: 'auto, tty, plain, json or none' },
    quiet: { type: 'boolean', alias: 'q', default: false, describe: 'Print the id of the image, and nothing else' },
    tag: { type: 'string', alias: 't', value: 'NAME[:TAG]', describe: 'Name of the image; default what is made' },
    variant: { type: 'string', value: 'NAME', default: 'minbase', choices: ['essential', 'apt', 'minbase', 'important'], describe: 'Which packages: essential, apt, minbase or important' },
  },
  operands: [1, 1],
  async run({ include, keyring, mirror, progress, quiet, tag, variant, _: [what] }, io) {
    const { images } = await io.engine();
    const kind = quiet ? 'none' : (progress as ProgressKind);
    const view = makeView(kind, io.stdout, WORDS);
    const packages = include.flatMap((list) => list.split(',')).filter((name) => name !== '');
    const image = await interruptible(async (signal) => {
      const transfer = images.bootstrap(what as string, { reference: tag, keyring, mirror, variant, include: packages, signal });
      for await (const event of transfer) view.show(event);
      return transfer.result;
    });
    if (quiet) io.print(`sha256:${image.id}`);
    else view.note(`Made image: ${image.tags.join(', ')}`);
  },
});

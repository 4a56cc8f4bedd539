// SPDX-License-Identifier: Apache-2.0
import { initStore, type InitResult } from '../../lib/init';
import { storeRoot } from '../../lib/store/store';
import { defineCommand, UsageError } from '../command';
import { parseSize } from '../parse-size';

const BACKINGS: Record<InitResult['backing'], (root: string, device: string | undefined) => string> = {
  subvolume: (root) => `a btrfs subvolume at ${root}`,
  loop: (root) => `the btrfs image ${root}.img, mounted on ${root}`,
  device: (root, device) => `the device ${device}, mounted on ${root}`,
};

export default defineCommand({
  usage: '[OPTIONS]',
  describe:
    'Make a store: a subvolume where its directory lies on btrfs, else a btrfs image file beside it that takes space as it is used, or a device',
  examples: [
    ['init', 'make the store of this machine'],
    ['init --size 100G', 'let it grow to 100 GiB'],
    ['--root /srv/containers init --subnet 10.88.0.0/16', 'another store, and the addresses of its containers'],
    ['init --device /dev/sdb', 'format an empty disk and use it'],
  ],
  options: {
    size: { type: 'string', value: 'SIZE', describe: 'How large the image file may become, e.g. 512m or 100G (default 20G)' },
    device: { type: 'string', value: 'PATH', describe: 'Format this block device and use it instead' },
    force: { type: 'boolean', describe: 'Format the device although it holds something: that is destroyed' },
    subnet: { type: 'string', value: 'CIDR', describe: 'Addresses of the containers (default a private range that this machine does not use)' },
  },
  async run({ size, device, force, subnet }, io) {
    if (size !== undefined && device !== undefined) throw new UsageError('conflicting options: --size and --device');
    if (force === true && device === undefined) throw new UsageError('--force is for --device only');
    const made = await initStore({
      root: storeRoot(io.root),
      ...(size !== undefined && { size: parseSize('size', size) }),
      ...(device !== undefined && { device, force: force === true }),
      ...(subnet !== undefined && { subnet }),
    });
    io.print(`Initialized store ${made.id}: ${BACKINGS[made.backing](made.root, device)}`);
    io.print(`Subnet of its containers: ${made.subnet}`);
  },
});

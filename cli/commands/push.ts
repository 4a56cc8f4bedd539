// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS] NAME[:TAG]',
  describe: 'Upload an image to a registry (not supported yet)',
  examples: [['import rootfs.tar debian', 'what there is instead: make an image of an archive or a directory']],
  options: {
    'all-tags': { type: 'boolean', alias: 'a', describe: 'Upload all tags of the repository' },
    'disable-content-trust': { type: 'boolean', hidden: true, describe: 'Accepted for compatibility' },
    platform: { type: 'string', value: 'OS/ARCH', describe: 'Platform of the image' },
    quiet: { type: 'boolean', alias: 'q', describe: 'Show no progress' },
  },
  operands: [1, 1],
  run: () => Promise.reject(new Error('registries are not supported yet: import a tar or directory with \'dockerlite import\'')),
});

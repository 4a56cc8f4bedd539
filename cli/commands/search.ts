// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { NoRegistries } from './registry';

export default defineCommand({
  usage: '[OPTIONS] TERM',
  describe: 'Search a registry for images (not supported yet)',
  examples: [['import rootfs.tar debian', 'what there is instead: make an image of an archive or a directory']],
  options: {
    filter: { type: 'list', alias: 'f', value: 'KEY=VALUE', describe: 'Show only what matches' },
    format: { type: 'string', value: 'TEMPLATE', describe: 'A Go template' },
    limit: { type: 'number', value: 'N', describe: 'Show no more than N' },
    'no-trunc': { type: 'boolean', describe: 'Show descriptions in full' },
  },
  operands: [1, 1],
  run: () => Promise.reject(new NoRegistries()),
});

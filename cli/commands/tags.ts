// SPDX-License-Identifier: Apache-2.0
import { parseRemoteReference } from '../../lib/registry/reference';
import { defineCommand } from '../command';
import { withRegistries } from './registry';

export default defineCommand({
  usage: 'REPOSITORY',
  describe: 'List the tags a repository has in its registry, one a line',
  examples: [['tags debian', 'all tags of docker.io/library/debian']],
  options: {},
  operands: [1, 1],
  async run({ _: [repository] }, io) {
    await withRegistries(async (registries, signal) => {
      for await (const tag of registries.tags(parseRemoteReference(repository as string), signal)) io.print(tag.replace(/[^\x21-\x7e]/g, '?'));
    });
  },
});

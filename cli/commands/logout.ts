// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { serverOf, withRegistries } from './registry';

export default defineCommand({
  usage: '[SERVER]',
  describe: 'Log out from a registry, Docker Hub if none is named',
  examples: [['logout registry.example:5000', 'forget who we are there']],
  options: {},
  operands: [0, 1],
  async run({ _: [server] }, io) {
    const host = serverOf(server);
    const key = host === 'docker.io' ? 'https://index.docker.io/v1/' : host;
    await withRegistries(async (registries) => {
      if (await registries.logout(host)) io.print(`Removing login credentials for ${key}`);
      else io.print(`Not logged in to ${key}`);
    });
  },
});

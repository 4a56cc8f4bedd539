// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';

export default defineCommand({
  usage: '[OPTIONS]',
  describe: 'Start the containers that should run, after the machine has come up',
  examples: [
    ['boot', 'what ran before and has a restart policy; the names of what was started are printed'],
    ['boot --stop', 'stop all containers before the machine goes down; `boot` starts them again'],
  ],
  options: {
    stop: { type: 'boolean', default: false, describe: 'Stop every container, all at once, each with its own signal and time' },
  },
  async run({ stop }, io) {
    const { containers } = await io.engine();
    const results = await (stop ? containers.shutDown() : containers.boot());
    for (const { name, error } of results) {
      if (error === undefined) io.print(name);
      else io.fail(error);
    }
    return results.some(({ error }) => error !== undefined) ? 1 : 0;
  },
});

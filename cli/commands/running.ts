// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { containerOrLatest } from '../latest';

export default defineCommand({
  usage: '[CONTAINER]',
  describe: 'Check if a container is running: prints Y or N, and the exit status is 0 or 1',
  examples: [
    ['running web', 'Y or N'],
    ['running LAST', 'of the container made last'],
  ],
  options: {},
  operands: [0, 1],
  async run({ _: [word] }, io) {
    const engine = await io.engine();
    const { id } = await containerOrLatest(engine, word);
    const running = await engine.containers.list();
    const yes = running.some((container) => container.id === id);
    io.print(yes ? 'Y' : 'N');
    return yes ? 0 : 1;
  },
});

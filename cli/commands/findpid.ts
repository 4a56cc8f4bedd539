// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { containerOrLatest } from '../latest';

export default defineCommand({
  usage: '[CONTAINER]',
  describe: "Find the pid, as the host counts, of a container's first process",
  examples: [
    ['findpid web', 'e.g. to look into /proc/PID/net'],
    ['findpid', 'of the container made last'],
  ],
  options: {},
  operands: [0, 1],
  async run({ _: [word] }, io) {
    const engine = await io.engine();
    const { id } = await containerOrLatest(engine, word);
    const running = await engine.containers.list();
    const pid = running.find((container) => container.id === id)?.pid ?? 0;
    if (pid === 0) throw new DockerliteError('E_NOT_RUNNING', `Container ${id} is not running`);
    io.print(String(pid));
  },
});

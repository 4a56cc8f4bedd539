// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Container } from '../../lib/containers/container';
import { DockerliteError } from '../../lib/errors';
import { defineCommand } from '../command';
import { containerOrLatest } from '../latest';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export default defineCommand({
  usage: '[CONTAINER [COMMAND [ARG...]]]',
  describe: 'Get a shell in the file system of a container, without containerization: what runs there is root on this machine',
  examples: [
    ['chroot web', 'look around in it'],
    ['chroot LAST cat /etc/passwd', 'one command in the container made last'],
  ],
  options: {},
  operands: [0, Infinity],
  interspersed: false,
  async run({ _: [word, ...command] }, io) {
    const container = await containerOrLatest(await io.engine(), word);
    const { GraphDriver } = await container.inspect();
    return inTree(GraphDriver.Data.Subvolume, command.length > 0 ? command : [await shellOf(container)]);
  },
});

/** The user's own shell where the container has it. */
async function shellOf(container: Container): Promise<string> {
  const own = process.env['SHELL'];
  if (own === undefined || !own.startsWith('/')) return '/bin/sh';
  return container.stat(own).then(
    () => own,
    () => '/bin/sh',
  );
}

function inTree(root: string, command: readonly string[]): Promise<number> {
  const env = { PATH, HOME: '/root', ...(process.env['TERM'] !== undefined && { TERM: process.env['TERM'] }) };
  // The keys' signals reach the shell as well, and it is the shell that decides.
  const ignore = () => undefined;
  const signals = ['SIGINT', 'SIGQUIT'] as const;
  for (const signal of signals) process.on(signal, ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn('chroot', ['--', root, ...command], { stdio: 'inherit', env });
    child.on('error', (error) => reject(new DockerliteError('E_SYSTEM', `cannot run chroot: ${error.message}`, { cause: error })));
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
  }).finally(() => {
    for (const signal of signals) process.off(signal, ignore);
  });
}

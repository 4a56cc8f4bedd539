// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../session/detach-keys';
import { Session } from '../session/session';
import { fromOwnEnvironment, readVariables } from './container-options';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER COMMAND [ARG...]',
  describe: 'Execute a command in a running container',
  examples: [
    ['exec web cat /etc/hosts', 'run one command in web'],
    ['exec -it web sh', 'a shell in web'],
  ],
  options: {
    detach: { type: 'boolean', alias: 'd', default: false, describe: 'Run the command in the background' },
    'detach-keys': { type: 'string', value: 'KEYS', default: DEFAULT_DETACH_KEYS, describe: 'Keys that leave the command and let it run on' },
    env: { type: 'list', alias: 'e', value: 'KEY[=VALUE]', describe: 'Set environment variables; without a value, as they are here' },
    'env-file': { type: 'list', value: 'FILE', describe: 'Read environment variables from a file' },
    interactive: { type: 'boolean', alias: 'i', default: false, describe: 'Attach stdin' },
    'print-id': { type: 'boolean', default: false, describe: 'With -d: print the id that `attach --exec` takes' },
    privileged: { type: 'boolean', default: false, describe: 'Give the command every capability' },
    tty: { type: 'boolean', alias: 't', default: false, describe: 'Give the command a terminal' },
    user: { type: 'string', alias: 'u', value: 'USER[:GROUP]', describe: 'User and group, by name or number' },
    workdir: { type: 'string', alias: 'w', value: 'DIR', describe: 'Working directory of the command' },
  },
  operands: [2, Infinity],
  interspersed: false,
  async run(args, io) {
    const [word, ...command] = args._ as [string, ...string[]];
    const { detach, tty, user, workdir, privileged } = args;
    const env = [...args['env-file'].flatMap((file) => readVariables(file, 'env-file')), ...args.env].map(fromOwnEnvironment);
    const detachKeys = parseDetachKeys(args['detach-keys']);
    // As in Docker, a signal to the client ends the client only.
    const session = detach ? undefined : new Session({ tty, stdin: args.interactive, stdout: true, stderr: true, detachKeys, proxySignals: false });
    try {
      const engine = await io.engine();
      const container = await engine.containers.get(word);
      session?.begin();
      const process = await container.exec(command, { detach, openStdin: detach && args.interactive, tty, user, workdir, privileged, env, attach: session?.attach });
      if (detach && args['print-id']) io.stdout.write(`${process.id}\n`);
      return session === undefined ? 0 : await session.follow(process, process.exited, io);
    } finally {
      session?.end();
    }
  },
});

// SPDX-License-Identifier: Apache-2.0
import { defineCommand } from '../command';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../session/detach-keys';
import { Session } from '../session/session';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER',
  describe: 'Attach local standard input, output, and error streams to a running container',
  examples: [['attach work', 'back to the terminal of work; ctrl-p ctrl-q leaves it again']],
  options: {
    'detach-keys': { type: 'string', value: 'KEYS', default: DEFAULT_DETACH_KEYS, describe: 'Keys that leave a terminal and let the container run on' },
    'no-stdin': { type: 'boolean', default: false, describe: 'Do not attach stdin' },
    'sig-proxy': { type: 'boolean', default: true, describe: 'Pass signals on to the process' },
  },
  operands: [1, 1],
  async run(args, io) {
    const detachKeys = parseDetachKeys(args['detach-keys']);
    const engine = await io.engine();
    const container = await engine.containers.get(args._[0] as string);
    const { Config } = await container.inspect();
    const stdin = Config.OpenStdin && !args['no-stdin'];
    const session = new Session({ tty: Config.Tty, stdin, stdout: true, stderr: true, detachKeys, proxySignals: args['sig-proxy'] });
    try {
      session.begin();
      const attachment = await container.attach(session.attach);
      return await session.follow(attachment, attachment.exited.then(({ exitCode }) => exitCode), io);
    } finally {
      session.end();
    }
  },
});

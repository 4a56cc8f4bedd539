// SPDX-License-Identifier: Apache-2.0
import type { Container } from '../../lib/containers/container';
import { defineCommand } from '../command';
import type { Io } from '../io';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../session/detach-keys';
import { Session, type SessionOptions } from '../session/session';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER',
  describe: 'Attach local standard input, output, and error streams to a running container',
  examples: [
    ['attach work', 'back to the terminal of work; ctrl-p ctrl-q leaves it again'],
    [`attach --exec "$(dockerlite exec -d --print-id work make)" work`, 'what a command in the background writes'],
  ],
  options: {
    'detach-keys': { type: 'string', value: 'KEYS', default: DEFAULT_DETACH_KEYS, describe: 'Keys that leave a terminal and let the container run on' },
    exec: { type: 'string', value: 'ID', describe: 'Attach to this command of `exec` instead of the container\'s own' },
    'no-stdin': { type: 'boolean', default: false, describe: 'Do not attach stdin' },
    'sig-proxy': { type: 'boolean', default: true, describe: 'Pass signals on to the process' },
  },
  operands: [1, 1],
  async run(args, io) {
    const detachKeys = parseDetachKeys(args['detach-keys']);
    const engine = await io.engine();
    const container = await engine.containers.get(args._[0] as string);
    if (args.exec !== undefined) return followExec(container, args.exec, { stdin: !args['no-stdin'], detachKeys, proxySignals: args['sig-proxy'] }, io);
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

async function followExec(container: Container, id: string, options: Pick<SessionOptions, 'stdin' | 'detachKeys' | 'proxySignals'>, io: Io): Promise<number> {
  const session = new Session({ ...options, tty: false, stdout: true, stderr: true });
  try {
    const process = await container.attachExec(id, session.attach);
    return await session.follow(process, process.exited, io);
  } finally {
    session.end();
  }
}

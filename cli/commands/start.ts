// SPDX-License-Identifier: Apache-2.0
import { defineCommand, UsageError } from '../command';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../session/detach-keys';
import { forEachContainer } from './each';
import { runAttached } from './run-attached';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  describe: 'Start one or more stopped containers',
  examples: [
    ['start web', 'run web in the background'],
    ['start -ai work', 'go on in a shell'],
  ],
  options: {
    attach: { type: 'boolean', alias: 'a', default: false, describe: 'Attach stdout and stderr and pass signals on' },
    'detach-keys': { type: 'string', value: 'KEYS', default: DEFAULT_DETACH_KEYS, describe: 'Keys that leave a terminal and let the container run on' },
    interactive: { type: 'boolean', alias: 'i', default: false, describe: 'Attach stdin' },
    'sig-proxy': { type: 'boolean', default: true, describe: 'Pass signals on to the process' },
  },
  operands: [1, Infinity],
  async run(args, io) {
    const [word] = args._;
    if (!args.attach && !args.interactive) return forEachContainer(args._, io, (container) => container.start({ onWarning: io.warning }), { atLast: 'failed to start containers' });
    if (word === undefined || args._.length > 1) throw new UsageError('you cannot start and attach multiple containers at once', 1);
    const detachKeys = parseDetachKeys(args['detach-keys']);
    const engine = await io.engine({ oneShot: true });
    const container = await engine.containers.get(word);
    const { Config, HostConfig } = await container.inspect();
    const options = {
      tty: Config.Tty,
      stdin: args.interactive && Config.OpenStdin,
      stdout: true,
      stderr: true,
      detachKeys,
      proxySignals: args['sig-proxy'],
    };
    return runAttached(io, options, {}, () => Promise.resolve(container), HostConfig.AutoRemove);
  },
});

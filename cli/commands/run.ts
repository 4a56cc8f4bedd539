// SPDX-License-Identifier: Apache-2.0
import { defineCommand, UsageError } from '../command';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../session/detach-keys';
import { attachStreams, CONTAINER_OPTIONS, containerOptions } from './container-options';
import { createFromArgs } from './create-container';
import { removeQuietly, runAttached } from './run-attached';

export default defineCommand({
  usage: '[OPTIONS] IMAGE [COMMAND] [ARG...]',
  describe: 'Create and run a new container from an image',
  examples: [
    ['run --rm debian echo hello', 'run a command in a new container and remove it'],
    ['run -it --name work debian bash', 'a shell with a terminal; ctrl-p ctrl-q leaves it running'],
    ['run -d -v /srv/www:/www:ro -e PORT=80 web', 'in the background, with a directory of the host'],
    ['run --rm -i debian sort < names', 'in a pipeline'],
  ],
  options: {
    ...CONTAINER_OPTIONS,
    detach: { type: 'boolean', alias: 'd', default: false, describe: "Run it in the background and print its id" },
    'detach-keys': { type: 'string', value: 'KEYS', default: DEFAULT_DETACH_KEYS, describe: 'Keys that leave a terminal and let the container run on' },
    'sig-proxy': { type: 'boolean', default: true, describe: 'Pass signals on to the process' },
  },
  operands: [1, Infinity],
  interspersed: false,
  async run(args, io) {
    const { detach } = args;
    if (detach && args.attach.length > 0) throw new UsageError('conflicting options: cannot specify both --attach and --detach');
    const streams = attachStreams(args.attach, args.interactive);
    const options = containerOptions(args);
    const sessionOptions = { ...streams, tty: args.tty, detachKeys: parseDetachKeys(args['detach-keys']), proxySignals: args['sig-proxy'] };
    if (!detach) return runAttached(io, sessionOptions, { oneShot: true }, (engine) => createFromArgs(engine, args, options, io), args.rm);

    const container = await createFromArgs(await io.engine({ oneShot: true }), args, options, io);
    try {
      await container.start({ onWarning: io.warning });
    } catch (error) {
      if (args.rm) await removeQuietly(container);
      throw error;
    }
    io.print(container.id);
  },
});

// SPDX-License-Identifier: Apache-2.0
import { defineCommand, UsageError } from '../command';
import { forEachContainer } from './each';
import { LIMIT_OPTIONS, limitOptions } from './resource-options';

export default defineCommand({
  usage: '[OPTIONS] CONTAINER [CONTAINER...]',
  describe: 'Change what containers were created with, while they run too',
  examples: [
    ['update -m 512m --memory-swap 1g web', 'more memory for it, or less: never below what it uses'],
    ['update --restart unless-stopped web', 'start it again whenever it ends, until somebody stops it'],
    ['update --cpus 1.5 --pids-limit 200 web db', 'limits of two containers'],
  ],
  options: {
    ...LIMIT_OPTIONS,
    restart: { type: 'string', value: 'POLICY', describe: 'When it is started again: no, on-failure[:MAX], always, unless-stopped' },
  },
  operands: [1, Infinity],
  async run(args, io) {
    const resources = limitOptions(args);
    const { restart } = args;
    if (Object.keys(resources).length === 0 && restart === undefined) throw new UsageError('you must provide one or more flags when using this command', 1);
    return forEachContainer(args._, io, async (container) => {
      for (const warning of await container.update({ resources, restart })) io.warn(`WARNING: ${warning}`);
    });
  },
});

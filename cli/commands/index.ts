// SPDX-License-Identifier: Apache-2.0
import type { Command } from '../command';

export type Group = 'common' | 'container' | 'image' | 'system' | 'first-version';

export interface CommandEntry {
  summary: string;
  group: Group;
  aliases?: readonly string[];
  /** Not in the help. */
  hidden?: boolean;
  /** Evaluates the command's code; nothing of it is touched before. */
  load(): { default: Command };
}

/** Every command, in the order the help shows them. */
export const COMMANDS: Record<string, CommandEntry> = {
  run: { summary: 'Create and run a new container from an image', group: 'common', load: () => require('./run') },
  exec: { summary: 'Execute a command in a running container', group: 'common', load: () => require('./exec') },

  attach: { summary: 'Attach local standard input, output, and error streams to a running container', group: 'container', load: () => require('./attach') },
  create: { summary: 'Create a new container', group: 'container', load: () => require('./create') },
  kill: { summary: 'Kill one or more running containers', group: 'container', load: () => require('./kill') },
  logs: { summary: 'Fetch the logs of a container', group: 'container', load: () => require('./logs') },
  pause: { summary: 'Pause all processes within one or more containers', group: 'container', load: () => require('./pause') },
  restart: { summary: 'Restart one or more containers', group: 'container', load: () => require('./restart') },
  start: { summary: 'Start one or more stopped containers', group: 'container', load: () => require('./start') },
  stop: { summary: 'Stop one or more running containers', group: 'container', load: () => require('./stop') },
  unpause: { summary: 'Unpause all processes within one or more containers', group: 'container', load: () => require('./unpause') },
  wait: { summary: 'Block until one or more containers stop, then print their exit codes', group: 'container', load: () => require('./wait') },

  init: { summary: 'Make a store', group: 'system', load: () => require('./init') },
  alias: { summary: 'Display a convenient alias to run dockerlite', group: 'first-version', load: () => require('./alias') },
};

/** `dockerlite container ls` and the like: Docker's second way to say the same. The words are put before the user's own. */
export const MANAGEMENT: Record<string, { summary: string; commands: Record<string, readonly string[]> }> = {
  container: {
    summary: 'Manage containers',
    commands: {
      ...same('attach', 'commit', 'cp', 'create', 'diff', 'exec', 'export', 'kill', 'logs', 'pause', 'rename', 'restart', 'rm', 'run'),
      ...same('start', 'stop', 'top', 'unpause', 'wait'),
      inspect: ['inspect', '--type=container'],
      ls: ['ps'],
      list: ['ps'],
      ps: ['ps'],
    },
  },
  image: {
    summary: 'Manage images',
    commands: {
      ...same('import', 'pull', 'tag'),
      inspect: ['inspect', '--type=image'],
      ls: ['images'],
      list: ['images'],
      rm: ['rmi'],
      remove: ['rmi'],
    },
  },
  system: { summary: 'Manage dockerlite', commands: same('info', 'init') },
};

function same(...names: string[]): Record<string, readonly string[]> {
  return Object.fromEntries(names.map((name) => [name, [name]]));
}

/** The entry a word on the command line names. */
export function findCommand(word: string): [name: string, entry: CommandEntry] | undefined {
  if (Object.hasOwn(COMMANDS, word)) return [word, COMMANDS[word] as CommandEntry];
  return Object.entries(COMMANDS).find(([, entry]) => entry.aliases?.includes(word));
}

export function loadCommand(entry: CommandEntry): Command {
  return entry.load().default;
}

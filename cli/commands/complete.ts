// SPDX-License-Identifier: Apache-2.0
import type { Engine } from '../../lib/engine';
import { type Command, defineCommand, type OptionSpec } from '../command';
import type { Io } from '../io';
import { aliases } from '../parse-options';
import { COMMANDS, findCommand, loadCommand, MANAGEMENT } from './index';

type Candidate = [word: string, meaning: string];
type Kind = 'containers' | 'running' | 'stopped' | 'images' | 'networks' | 'volumes' | 'files' | 'commands' | 'nothing';

/** What a command's operands are: the first one, and those after it. */
const OPERANDS: Record<string, [first: Kind, others: Kind]> = {
  attach: ['running', 'nothing'],
  commit: ['containers', 'nothing'],
  cp: ['containers', 'files'],
  create: ['images', 'files'],
  diff: ['containers', 'nothing'],
  exec: ['running', 'files'],
  export: ['containers', 'nothing'],
  help: ['commands', 'nothing'],
  images: ['images', 'nothing'],
  'image send': ['images', 'nothing'],
  import: ['files', 'nothing'],
  inspect: ['containers', 'containers'],
  kill: ['running', 'running'],
  logs: ['containers', 'nothing'],
  pause: ['running', 'running'],
  rename: ['containers', 'nothing'],
  restart: ['containers', 'containers'],
  rm: ['containers', 'containers'],
  rmi: ['images', 'images'],
  run: ['images', 'files'],
  start: ['stopped', 'stopped'],
  stop: ['running', 'running'],
  tag: ['images', 'nothing'],
  top: ['running', 'nothing'],
  unpause: ['running', 'running'],
  update: ['containers', 'containers'],
  port: ['running', 'nothing'],
  'network connect': ['networks', 'containers'],
  'network disconnect': ['networks', 'containers'],
  'network inspect': ['networks', 'networks'],
  'network rm': ['networks', 'networks'],
  'volume inspect': ['volumes', 'volumes'],
  'volume rm': ['volumes', 'volumes'],
  'volume snapshot': ['volumes', 'nothing'],
  wait: ['running', 'running'],
};

const VALUES: Record<string, string[]> = {
  network: ['none', 'bridge', 'host'],
  attach: ['STDIN', 'STDOUT', 'STDERR'],
  signal: ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'],
  'stop-signal': ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'],
};

/** What the shells ask: the words after `dockerlite`, the last one being typed. Never fails, never says anything else. */
export default defineCommand({
  usage: '-- WORD...',
  describe: 'Print what may follow on a command line',
  options: {},
  operands: [0, Infinity],
  async run(args, io) {
    const words = args._;
    try {
      for (const [word, meaning] of await candidates(words.slice(0, -1), words.at(-1) ?? '', io)) {
        io.print(meaning === '' ? word : `${word}\t${meaning}`);
      }
    } catch {
      // A store that is not there has nothing to offer.
    }
  },
});

async function candidates(before: string[], word: string, io: Io): Promise<Candidate[]> {
  const rest = [...before];
  while (rest[0]?.startsWith('-')) if (rest.shift() === '--root') io.setRoot(rest.shift() ?? '');
  const name = rest.shift();
  if (name === undefined) return word.startsWith('-') ? globals() : commandNames();
  const management = Object.hasOwn(MANAGEMENT, name) ? MANAGEMENT[name] : undefined;
  if (management === undefined) return ofCommand(name, rest, word, io);
  const sub = rest.shift();
  if (sub === undefined) return Object.entries(management.commands).flatMap(([key, [target]]): Candidate[] => named(key, target as string));
  const target = Object.hasOwn(management.commands, sub) ? management.commands[sub] : undefined;
  return target === undefined ? [] : ofCommand(target[0] as string, rest, word, io);
}

function globals(): Candidate[] {
  return [['--help', 'Show help'], ['--root', 'The store'], ['--debug', 'Show where errors come from'], ['--version', 'Print the version']];
}

function commandNames(): Candidate[] {
  const own = Object.entries(COMMANDS).flatMap(([name, entry]): Candidate[] => (entry.hidden === true || name.includes(' ') ? [] : [[name, entry.summary]]));
  return [...own, ...Object.entries(MANAGEMENT).map(([name, { summary }]): Candidate => [name, summary]), ['help', 'Show help']];
}

function named(word: string, target: string): Candidate[] {
  const found = findCommand(target);
  return found === undefined ? [] : [[word, found[1].summary]];
}

async function ofCommand(name: string, rest: string[], word: string, io: Io): Promise<Candidate[]> {
  const kinds = Object.hasOwn(OPERANDS, name) ? OPERANDS[name] : undefined;
  const found = findCommand(name);
  const command = found === undefined ? undefined : loadCommand(found[1]);
  const { operands, awaiting, ended } = command === undefined ? { operands: rest, awaiting: undefined, ended: false } : walk(command, rest);
  if (awaiting !== undefined) return values(...awaiting);
  if (command !== undefined && word.startsWith('-') && !ended) return flags(command);
  const kind = kinds?.[operands.length === 0 ? 0 : 1] ?? 'nothing';
  if (kind === 'nothing') return [];
  if (kind === 'files') return [[':files', '']];
  if (kind === 'commands') return commandNames();
  const engine = await io.engine();
  if (kind === 'networks') return (await engine.networks.list()).map(({ name }): Candidate => [name, '']);
  if (kind === 'volumes') return (await engine.volumes.list()).map(({ name }): Candidate => [name, '']);
  return kind === 'images' ? imageNames(engine) : containerNames(engine, kind);
}

/** Goes over what stands before: how many operands there are and whether an option waits for its value. */
function walk(command: Command, words: string[]): { operands: string[]; awaiting: [string, OptionSpec] | undefined; ended: boolean } {
  const operands: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === '--') return { operands: [...operands, ...words.slice(i + 1)], awaiting: undefined, ended: true };
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      if (command.interspersed === false) return { operands: [...operands, ...words.slice(i + 1)], awaiting: undefined, ended: true };
      continue;
    }
    const written = word.startsWith('--') ? word.slice(2) : (word.at(-1) as string);
    const option = Object.entries(command.options).find(([name, spec]) => name === written || aliases(spec).includes(written));
    if (option === undefined || option[1].type === 'boolean' || word.includes('=')) continue;
    if (i === words.length - 1) return { operands, awaiting: option, ended: false };
    i++;
  }
  return { operands, awaiting: undefined, ended: false };
}

function values(name: string, spec: OptionSpec): Candidate[] {
  if (spec.type === 'string' && spec.choices !== undefined) return spec.choices.map((choice) => [choice, '']);
  const known = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
  return known?.map((value): Candidate => [value, '']) ?? [[':files', '']];
}

function flags(command: Command): Candidate[] {
  const own = Object.entries(command.options).filter(([, spec]) => spec.hidden !== true);
  return [...own.map(([name, spec]): Candidate => [`--${name}`, spec.describe]), ['--help', 'Show help']];
}

async function containerNames({ containers }: Engine, kind: Kind): Promise<Candidate[]> {
  const list = await containers.list({ all: kind !== 'running' });
  const wanted = kind === 'stopped' ? list.filter(({ state }) => state === 'created' || state === 'exited') : list;
  return wanted.map(({ name, image }) => [name, image]);
}

async function imageNames({ images }: Engine): Promise<Candidate[]> {
  return (await images.list()).flatMap(({ id, tags }): Candidate[] => (tags.length === 0 ? [[id.slice(0, 12), '']] : tags.map((tag) => [tag.replace(/:latest$/, ''), ''])));
}

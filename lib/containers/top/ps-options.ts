// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../../errors';
import { type Column, COLUMNS } from './columns';

/** Sets of columns, as the options of ps(1) choose them. Names may be followed by another title. */
const FULL = 'user=UID pid ppid c stime tname=TTY time cmd';
const EXTRA_FULL = 'user=UID pid ppid c sz rss psr stime tname=TTY time cmd';
const LONG = 'f s uid pid ppid c pri ni sz tname=TTY time ucmd';
const SHORT = 'pid tname=TTY time ucmd';
const BSD = 'pid tname=TTY stat bsdtime command';
const BSD_USER = 'user pid %cpu %mem vsz rss tname=TTY stat start_time bsdtime command';

/** Options that say which processes are meant, or how wide a line is: here it is those of the container, in full. */
const SELECT = 'eAadTwW';
const BSD_SELECT = 'axwehcfr';

interface Choice {
  standard: string;
  chosen: string[];
}

/** The columns that options of ps ask for; without any, those of -ef. @throws E_INVALID in the words of ps */
export function parsePsOptions(words: readonly string[]): Column[] {
  const choice: Choice = { standard: '', chosen: [] };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '') continue;
    if (word.startsWith('--')) longOption(word.slice(2), rest, choice);
    else if (word.startsWith('-')) unixOptions(word.slice(1), rest, choice);
    else bsdOptions(word, rest, choice);
  }
  const columns = choice.chosen.length > 0 ? choice.chosen.flatMap(namedColumns) : (choice.standard || FULL).split(' ').flatMap(namedColumns);
  // Docker finds the container's processes among the machine's by it.
  if (!columns.some(({ title }) => title === 'PID')) throw new DockerliteError('E_INVALID', "Couldn't find PID field in ps output");
  return columns;
}

function longOption(word: string, rest: string[], choice: Choice): void {
  const [name, value] = word.split(/=(.*)/s);
  if (name === 'format') choice.chosen.push(argument(value || rest.shift(), '--format'));
  else if (!['forest', 'no-headers', 'headers', 'cols', 'columns', 'width'].includes(name ?? '')) throw unsupported(`unknown gnu long option`);
}

function unixOptions(letters: string, rest: string[], choice: Choice): void {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] as string;
    if (letter === 'o' || letter === 'O') {
      choice.chosen.push(...(letter === 'O' ? ['pid'] : []), argument(letters.slice(i + 1) || rest.shift(), `-${letter}`));
      return;
    }
    if (letter === 'f') choice.standard = choice.standard === LONG ? LONG : FULL;
    else if (letter === 'F') choice.standard = EXTRA_FULL;
    else if (letter === 'l') choice.standard = LONG;
    else if (SELECT.includes(letter)) choice.standard ||= SHORT;
    else throw unsupported(letter === '' ? 'garbage option' : `unsupported option -${letter}`);
  }
}

function bsdOptions(letters: string, rest: string[], choice: Choice): void {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] as string;
    if (letter === 'o') {
      choice.chosen.push(argument(letters.slice(i + 1) || rest.shift(), 'o'));
      return;
    }
    if (letter === 'u') choice.standard = BSD_USER;
    else if (BSD_SELECT.includes(letter)) choice.standard ||= BSD;
    else throw unsupported(`unsupported option (BSD syntax) ${letter}`);
  }
}

function argument(text: string | undefined, option: string): string {
  if (text === undefined || text === '') throw unsupported(`format specification must follow ${option}`);
  return text;
}

/** `pid,user=WHO,etime`; what follows = is the title up to the end of the word. Widths make no difference. */
function namedColumns(list: string): Column[] {
  const equals = list.indexOf('=');
  const names = (equals < 0 ? list : list.slice(0, equals)).split(/[ ,]+/).filter((name) => name !== '');
  return names.map((written, i) => {
    const name = written.replace(/:\d+$/, '').toLowerCase();
    const column = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined;
    if (column === undefined) throw unsupported(`unknown user-defined format specifier "${written}"`);
    return equals >= 0 && i === names.length - 1 ? { ...column, title: list.slice(equals + 1) } : column;
  });
}

function unsupported(message: string): DockerliteError {
  return new DockerliteError('E_INVALID', `ps: error: ${message}`);
}

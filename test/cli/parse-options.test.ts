// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import type { OptionSpecs } from '../../cli/command';
import { parseOptions } from '../../cli/parse-options';

const SPECS = {
  interactive: { type: 'boolean', alias: 'i', default: false, describe: '-' },
  tty: { type: 'boolean', alias: 't', describe: '-' },
  rm: { type: 'boolean', default: false, describe: '-' },
  env: { type: 'list', alias: 'e', describe: '-' },
  volume: { type: 'list', alias: 'v', describe: '-' },
  name: { type: 'string', describe: '-' },
  network: { type: 'string', alias: 'net', describe: '-' },
  user: { type: 'string', alias: 'u', describe: '-' },
  timeout: { type: 'number', alias: ['t2', 'x'], describe: '-' },
  pull: { type: 'string', choices: ['always', 'never'], describe: '-' },
  'read-only': { type: 'boolean', describe: '-' },
} as const satisfies OptionSpecs;

const GOOD: [line: string[], expected: Record<string, unknown>, interspersed?: boolean][] = [
  [['-it', 'IMG'], { interactive: true, tty: true, _: ['IMG'] }],
  [['-i', '-t=false', 'IMG'], { interactive: true, tty: false, _: ['IMG'] }],
  [['--rm=false', 'IMG'], { rm: false, _: ['IMG'] }],
  [['--rm', 'false'], { rm: true, _: ['false'] }],
  [['--rm=T', '--rm=0'], { rm: false }],
  [['-e', 'A=1', '-eB=2', '-e=C=3', '--env', 'D', '--env=E='], { env: ['A=1', 'B=2', 'C=3', 'D', 'E='] }],
  [['-ite', 'A', 'IMG'], { interactive: true, tty: true, env: ['A'], _: ['IMG'] }],
  [['-iteA=-x'], { env: ['A=-x'] }],
  [['-e', '--rm'], { env: ['--rm'], rm: false }],
  [['-v', '/a:/b', '-v/c:/d:ro'], { volume: ['/a:/b', '/c:/d:ro'] }],
  [['--name', '007'], { name: '007' }],
  [['--name=a=b'], { name: 'a=b' }],
  [['--name='], { name: '' }],
  [['--name', '"quoted"'], { name: '"quoted"' }],
  [['--name', '-1'], { name: '-1' }],
  [['--net', 'host'], { network: 'host' }],
  [['--net=none'], { network: 'none' }],
  [['-u', '1000:1000'], { user: '1000:1000' }],
  [['-x', '-1'], { timeout: -1 }],
  [['--timeout=05'], { timeout: 5 }],
  [['--pull', 'never'], { pull: 'never' }],
  [['--read-only'], { 'read-only': true }],
  [['IMG', 'ls', '-l', '--rm'], { rm: false, _: ['IMG', 'ls', '-l', '--rm'] }, false],
  [['--rm', 'IMG', '--', 'x'], { rm: true, _: ['IMG', '--', 'x'] }, false],
  [['--', '-it', 'x'], { interactive: false, _: ['-it', 'x'] }, false],
  [['a', '--rm', 'b'], { rm: true, _: ['a', 'b'] }],
  [['-', '--rm'], { rm: true, _: ['-'] }],
  [['a', '--', '--rm'], { rm: false, _: ['a', '--rm'] }],
  [['--name', '__proto__', '-e', 'constructor=1'], { name: '__proto__', env: ['constructor=1'] }],
];

const BAD: [line: string[], message: string][] = [
  [['--nope'], 'unknown flag: --nope'],
  [['--nope=1'], 'unknown flag: --nope'],
  [['--__proto__'], 'unknown flag: --__proto__'],
  [['--constructor'], 'unknown flag: --constructor'],
  [['--i'], 'unknown flag: --i'],
  [['--readOnly'], 'unknown flag: --readOnly'],
  [['--no-rm'], 'unknown flag: --no-rm'],
  [['-z'], "unknown shorthand flag: 'z' in -z"],
  [['-itz'], "unknown shorthand flag: 'z' in -z"],
  [['--name'], 'flag needs an argument: --name'],
  [['-e'], "flag needs an argument: 'e' in -e"],
  [['-ite'], "flag needs an argument: 'e' in -e"],
  [['--rm=maybe'], 'invalid argument "maybe" for "--rm" flag: not true or false'],
  [['--rm='], 'invalid argument "" for "--rm" flag: not true or false'],
  [['--tty=constructor'], 'invalid argument "constructor" for "-t, --tty" flag: not true or false'],
  [['-x', 'soon'], 'invalid argument "soon" for "-x, --timeout" flag: not a whole number'],
  [['-x', '1.5'], 'invalid argument "1.5" for "-x, --timeout" flag: not a whole number'],
  [['-x', '99999999999999999999'], 'invalid argument "99999999999999999999" for "-x, --timeout" flag: not a whole number'],
  [['--pull=now'], 'invalid argument "now" for "--pull" flag: must be one of always, never'],
];

describe('options on the command line', () => {
  for (const [line, expected, interspersed] of GOOD) {
    it(`reads ${line.join(' ')}`, () => {
      const actual = parseOptions(line, SPECS, interspersed ?? true);
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(actual[name], value, name);
    });
  }

  for (const [line, message] of BAD) {
    it(`refuses ${line.join(' ')}`, () => {
      assert.throws(() => parseOptions(line, SPECS), { name: 'UsageError', message, exitStatus: 125 });
    });
  }
});

// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { COLUMNS } from '../../lib/containers/top/columns';
import { readMachine, readProcess } from '../../lib/containers/top/process';
import { parsePsOptions } from '../../lib/containers/top/ps-options';
import { clock, elapsed, longClock, minutes, startClock, terminal, totalTime } from '../../lib/containers/top/times';

describe('options of ps', () => {
  const good: [string, string][] = [
    ['', 'UID PID PPID C STIME TTY TIME CMD'],
    ['-ef', 'UID PID PPID C STIME TTY TIME CMD'],
    ['-e', 'PID TTY TIME CMD'],
    ['-eF', 'UID PID PPID C SZ RSS PSR STIME TTY TIME CMD'],
    ['-el', 'F S UID PID PPID C PRI NI SZ TTY TIME CMD'],
    ['ax', 'PID TTY STAT TIME COMMAND'],
    ['aux', 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND'],
    ['auxww', 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND'],
    ['-o pid,comm', 'PID COMMAND'],
    ['-eo pid,user:20,etime', 'PID USER ELAPSED'],
    ['-opid -ocmd', 'PID CMD'],
    ['o pid,args', 'PID COMMAND'],
    ['--format pid,nlwp', 'PID NLWP'],
    ['--format=pid', 'PID'],
    ['-o pid,comm=WHAT', 'PID WHAT'],
    ['-O comm', 'PID COMMAND'],
    ['-ef --forest', 'UID PID PPID C STIME TTY TIME CMD'],
  ];
  for (const [options, titles] of good) {
    it(options === '' ? 'none' : options, () => assert.equal(parsePsOptions(options.split(' ')).map(({ title }) => title).join(' '), titles));
  }

  const bad: [string, string][] = [
    ['-o bad', 'ps: error: unknown user-defined format specifier "bad"'],
    ['-o pid,constructor', 'ps: error: unknown user-defined format specifier "constructor"'],
    ['-o', 'ps: error: format specification must follow -o'],
    ['-o comm', "Couldn't find PID field in ps output"],
    ['-o pid=X', "Couldn't find PID field in ps output"],
    ['-Z', 'ps: error: unsupported option -Z'],
    ['--sort=pid', 'ps: error: unknown gnu long option'],
    ['qq', 'ps: error: unsupported option (BSD syntax) q'],
  ];
  for (const [options, message] of bad) {
    it(`not ${options}`, () => assert.throws(() => parsePsOptions(options.split(' ')), { code: 'E_INVALID', message }));
  }

  it('mean what they mean to ps', () => {
    const names = ['pid', 'ppid', 'user', 'uid', 'gid', 'group', 'comm', 'args', 'tty', 'stat', 'sid', 'pgid', 'ni', 'nlwp', 'pri', 'lstart', 'ruser'];
    const process_ = readProcess(process.pid, 1 << 30, readMachine());
    assert.ok(process_ !== undefined);
    for (const name of names) {
      const [title, value] = execFileSync('ps', ['-ww', '-o', name, '-p', String(process.pid)], { encoding: 'utf8' }).trimEnd().split('\n').map((line) => line.trim());
      const column = COLUMNS[name];
      assert.equal(column?.title, title, name);
      if (name === 'lstart') assert.ok(Math.abs(Date.parse(column?.value(process_) ?? '') - Date.parse(value ?? '')) <= 1000);
      else assert.equal(column?.value(process_).replace(/^([RSD])/, 'S'), value?.replace(/^([RSD])/, 'S'), name);
    }
  });

  it('times', () => {
    assert.deepEqual([0, 59, 3600, 90_061].map(totalTime), ['00:00:00', '00:00:59', '01:00:00', '01-01:01:01']);
    assert.deepEqual([0, 59, 3600, 90_061].map(elapsed), ['00:00', '00:59', '01:00:00', '01-01:01:01']);
    assert.deepEqual([0, 61, 6000].map(minutes), ['0:00', '1:01', '100:00']);
    const long = new Date(2024, 1, 3, 4, 5, 6).getTime();
    assert.deepEqual([clock(long), startClock(long), longClock(long)], ['Feb03', 'Feb 03', 'Sat Feb  3 04:05:06 2024']);
    assert.match(clock(Date.now()), /^\d\d:\d\d$/);
    assert.deepEqual([0, 0x8803, 0x8900].map(terminal), ['?', 'pts/3', 'pts/256']);
  });
});

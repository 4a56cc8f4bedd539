// SPDX-License-Identifier: Apache-2.0
import { groupName, userName } from './names';
import type { Process } from './process';
import { clock, elapsed, longClock, minutes, startClock, terminal, totalTime } from './times';

/** A column of ps(1). */
export interface Column {
  title: string;
  value: (process: Process) => string;
}

const column = (title: string, value: (process: Process) => string | number): Column => ({ title, value: (process) => String(value(process)) });

const user = column('USER', ({ ids }) => userName(ids.euid));
const group = column('GROUP', ({ ids }) => groupName(ids.egid));
const name = column('COMMAND', (process) => process.name);
const command = column('COMMAND', (process) => process.command);
const cpu = column('%CPU', (process) => percent(process).toFixed(1));
const memory = column('%MEM', (process) => ((process.resident / process.memory) * 100).toFixed(1));
const time = column('TIME', ({ seconds }) => totalTime(seconds));
const resident = column('RSS', (process) => process.resident);
const virtual = column('VSZ', (process) => process.virtual);
const tty = column('TT', (process) => terminal(process.tty));
const started = column('START', (process) => clock(process.started));
const nice = column('NI', (process) => process.nice);
const state = column('S', (process) => process.state);
const threads = column('NLWP', (process) => process.threads);

/** What -o can name, in the words of ps(1). */
export const COLUMNS: Readonly<Record<string, Column>> = {
  args: command,
  bsdtime: column('TIME', ({ seconds }) => minutes(seconds)),
  c: column('C', (process) => Math.min(99, Math.floor(percent(process)))),
  cmd: { ...command, title: 'CMD' },
  comm: name,
  command,
  cputime: time,
  egid: column('EGID', ({ ids }) => ids.egid),
  egroup: { ...group, title: 'EGROUP' },
  etime: column('ELAPSED', ({ age }) => elapsed(age)),
  etimes: column('ELAPSED', ({ age }) => Math.floor(age)),
  euid: column('EUID', ({ ids }) => ids.euid),
  euser: { ...user, title: 'EUSER' },
  f: column('F', ({ flags }) => (flags >> 6) & 7),
  fname: column('COMMAND', (process) => process.name.slice(0, 8)),
  gid: column('GID', ({ ids }) => ids.egid),
  group,
  lstart: column('STARTED', (process) => longClock(process.started)),
  ni: nice,
  nice,
  nlwp: threads,
  pcpu: cpu,
  '%cpu': cpu,
  pgid: column('PGID', ({ pgrp }) => pgrp),
  pgrp: column('PGRP', ({ pgrp }) => pgrp),
  pid: column('PID', ({ pid }) => pid),
  pmem: memory,
  '%mem': memory,
  ppid: column('PPID', ({ ppid }) => ppid),
  pri: column('PRI', ({ priority }) => 39 - priority),
  psr: column('PSR', ({ processor }) => processor),
  rgid: column('RGID', ({ ids }) => ids.rgid),
  rgroup: column('RGROUP', ({ ids }) => groupName(ids.rgid)),
  rss: resident,
  rssize: resident,
  rsz: { ...resident, title: 'RSZ' },
  ruid: column('RUID', ({ ids }) => ids.ruid),
  ruser: column('RUSER', ({ ids }) => userName(ids.ruid)),
  s: state,
  sess: column('SESS', ({ session }) => session),
  sid: column('SID', ({ session }) => session),
  start: column('STARTED', (process) => startClock(process.started)),
  start_time: started,
  stat: column('STAT', flagged),
  state,
  stime: { ...started, title: 'STIME' },
  sz: column('SZ', (process) => Math.floor(process.virtual / 4)),
  thcount: { ...threads, title: 'THCNT' },
  time,
  tname: { ...tty, title: 'TTY' },
  tt: tty,
  tty,
  ucmd: { ...name, title: 'CMD' },
  ucomm: name,
  uid: column('UID', ({ ids }) => ids.euid),
  user,
  vsize: virtual,
  vsz: virtual,
};

/** Of one processor, since it was started. */
function percent({ seconds, age }: Process): number {
  return (seconds / age) * 100;
}

/** As the column STAT has it: the state, and letters for what is special. */
function flagged({ state: letter, nice: niceness, locked, session, pid, threads: count, foreground, pgrp }: Process): string {
  return [
    letter,
    niceness < 0 ? '<' : niceness > 0 ? 'N' : '',
    locked > 0 ? 'L' : '',
    session === pid ? 's' : '',
    count > 1 ? 'l' : '',
    foreground === pgrp ? '+' : '',
  ].join('');
}

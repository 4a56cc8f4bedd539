// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../../lib/engine';
import { patience } from '../helpers/patience';
import { CliClient } from './cli-client';
import { Model, type Report } from './model';
import { Random } from './random';
import { writeReport } from './report-log';
import { supervisors } from './victims';

export interface CrashOptions {
  kills: number;
  seed: number;
  /** Processes that use the library; one more uses the command line, a process for each command. */
  workers: number;
  onProgress?: (kills: number) => void;
  /** Longest time a victim lives on once it has begun something, ms. */
  longest?: number;
  /** Begins the names of the clients, which must be unlike those of other runs in the same store. */
  name?: string;
  /** Descriptor that every report is written to before it counts. */
  reports?: number;
}

export interface Workplace {
  engine: Engine;
  root: string;
  /** For the clients' files. */
  directory: string;
}

/** Longer than most operations take. */
const LONGEST = patience(40);
/** Nothing takes this long: a client that still works hangs. */
const PATIENCE_MS = patience(60_000);

/** Clients at work in one store, one of them or of the supervisors killed every now and then, and a new one in its place. */
export class CrashRun {
  readonly model = new Model();
  readonly killed = { worker: 0, command: 0, supervisor: 0 };
  private readonly random: Random;
  /** With what each is doing. */
  private readonly workers = new Map<ChildProcess, string>();
  private readonly command: CliClient;
  private started = 0;
  private stopping = false;
  /** Called with the next process that begins something. */
  private wanted: ((child: ChildProcess) => void) | undefined;
  private wantedKind: 'worker' | 'command' = 'worker';
  private readonly hung: string[] = [];

  private constructor(
    private readonly place: Workplace,
    private readonly options: CrashOptions,
  ) {
    this.random = new Random(options.seed);
    const name = `${options.name ?? ''}cli`;
    const directory = this.directory(name);
    const onCommand = (child: ChildProcess) => this.offer('command', child);
    const tell = (report: Report) => {
      if (options.reports !== undefined) writeReport(options.reports, name, report);
      this.model.take(report);
    };
    this.command = new CliClient({ engine: place.engine, random: new Random(this.random.below(2 ** 31)), name, directory }, tell, onCommand);
  }

  /** Returns when the clients have been told to stop and have ended. */
  static async go(place: Workplace, options: CrashOptions): Promise<CrashRun> {
    const run = new CrashRun(place, options);
    for (let i = 0; i < options.workers; i++) run.startWorker();
    for (let kills = 0; kills < options.kills && run.hung.length === 0; kills++) {
      await run.killOne();
      options.onProgress?.(kills + 1);
    }
    await run.stop();
    return run;
  }

  /** What clients answered that they should not have, and those that had to be ended. */
  get complaints(): string[] {
    return [...this.model.unexpected, ...this.hung];
  }

  private get longest(): number {
    return this.options.longest ?? LONGEST;
  }

  private directory(name: string): string {
    const path = join(this.place.directory, 'clients', name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  private startWorker(): void {
    const { reports, name: prefix = '' } = this.options;
    const name = `${prefix}w${++this.started}`;
    const args = [this.place.root, name, this.directory(name), String(this.random.below(2 ** 31)), ...(reports === undefined ? [] : ['4'])];
    const child = fork(join(__dirname, 'worker.js'), args, reports === undefined ? {} : { stdio: ['inherit', 'inherit', 'inherit', 'ipc', reports] });
    this.workers.set(child, 'start');
    child.on('message', (report: Report) => {
      this.model.take(report);
      if (report.say === 'begin') {
        this.workers.set(child, report.operation);
        this.offer('worker', child);
      }
    });
    child.on('exit', (status) => {
      this.workers.delete(child);
      if (status !== 0 && status !== null) this.hung.push(`worker ${name} ended with status ${status}`);
      if (!this.stopping) this.startWorker();
    });
  }

  private offer(kind: 'worker' | 'command', child: ChildProcess): void {
    if (this.wantedKind === kind) this.wanted?.(child);
  }

  private async killOne(): Promise<void> {
    const kind = this.random.weighted({ worker: 5, command: 2, supervisor: 3 });
    if (kind === 'supervisor') return this.killSupervisor();
    const child = await this.next(kind);
    if (child === undefined) return void this.hung.push(`no ${kind} begins anything any more`);
    // A command spends most of its life on becoming a process.
    await delay(this.random.next() * (kind === 'command' ? 4 * this.longest : this.longest));
    if (child.exitCode !== null || !child.kill('SIGKILL')) return this.killOne();
    this.killed[kind]++;
    if (child.signalCode === null) await once(child, 'exit');
  }

  /** The next process of a kind that begins something. */
  private next(kind: 'worker' | 'command'): Promise<ChildProcess | undefined> {
    return new Promise((resolve) => {
      const hangs = setTimeout(() => resolve(undefined), PATIENCE_MS);
      this.wantedKind = kind;
      this.wanted = (child) => {
        clearTimeout(hangs);
        this.wanted = undefined;
        resolve(child);
      };
    });
  }

  private async killSupervisor(): Promise<void> {
    await delay(this.random.next() * this.longest);
    const victim = this.random.pick(supervisors());
    if (victim === undefined) return this.killOne();
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      return this.killOne(); // it ended by itself
    }
    this.killed.supervisor++;
  }

  private async stop(): Promise<void> {
    this.stopping = true;
    this.command.stop();
    const workers = [...this.workers.keys()];
    const ends = workers.map((child) => once(child, 'exit'));
    for (const child of workers) child.send('stop');
    const all = Promise.all([...ends, this.command.ended]);
    const late = new AbortController();
    await Promise.race([all, delay(PATIENCE_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    const { child: command } = this.command;
    const left = [...this.workers, ...(command === undefined ? [] : [[command, command.spawnargs.slice(4).join(' ')] as const])];
    for (const [child, operation] of left) {
      this.hung.push(`${operation} hangs (process ${child.pid}, ${threads(child.pid ?? 0)})`);
      child.kill('SIGKILL');
    }
    await all;
  }
}

/** What a process's threads wait for. */
function threads(pid: number): string {
  try {
    return readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/wchan`, 'latin1')).join(' ');
  } catch {
    return 'gone';
  }
}

// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestEngine } from '../helpers/engine';
import { CliClient } from './cli-client';
import { Model, type Report } from './model';
import { Random } from './random';
import { supervisors } from './victims';

export interface CrashOptions {
  kills: number;
  seed: number;
  /** Processes that use the library; one more uses the command line, a process for each command. */
  workers: number;
  onProgress?: (kills: number) => void;
}

/** Longest time a victim lives on once it has begun something, ms: longer than most operations take. */
const LONGEST = 40;
/** Nothing takes this long: a client that still works hangs. */
const PATIENCE_MS = 120_000;

/** Clients at work in one store, one of them or of the supervisors killed every now and then, and a new one in its place. */
export class CrashRun {
  readonly model = new Model();
  readonly killed = { worker: 0, command: 0, supervisor: 0 };
  private readonly random: Random;
  private readonly workers = new Set<ChildProcess>();
  private readonly command: CliClient;
  private started = 0;
  private stopping = false;
  /** Called with the next process that begins something. */
  private wanted: ((child: ChildProcess) => void) | undefined;
  private wantedKind: 'worker' | 'command' = 'worker';
  private readonly hung: string[] = [];

  private constructor(
    private readonly test: TestEngine,
    options: CrashOptions,
  ) {
    this.random = new Random(options.seed);
    const directory = this.directory('cli');
    const onCommand = (child: ChildProcess) => this.offer('command', child);
    this.command = new CliClient(test.engine, new Random(this.random.below(2 ** 31)), directory, (report) => this.model.take(report), onCommand);
  }

  /** Returns when the clients have been told to stop and have ended. */
  static async go(test: TestEngine, options: CrashOptions): Promise<CrashRun> {
    const run = new CrashRun(test, options);
    for (let i = 0; i < options.workers; i++) run.startWorker();
    try {
      for (let kills = 0; kills < options.kills; kills++) {
        await run.killOne();
        options.onProgress?.(kills + 1);
      }
    } finally {
      await run.stop();
    }
    return run;
  }

  /** What clients answered that they should not have, and those that had to be ended. */
  get complaints(): string[] {
    return [...this.model.unexpected, ...this.hung];
  }

  private directory(name: string): string {
    const path = join(this.test.loop.directory, 'clients', name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  private startWorker(): void {
    const name = `w${++this.started}`;
    const args = [this.test.root, name, this.directory(name), String(this.random.below(2 ** 31))];
    const child = fork(join(__dirname, 'worker.js'), args);
    this.workers.add(child);
    child.on('message', (report: Report) => {
      this.model.take(report);
      if (report.say === 'begin') this.offer('worker', child);
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
    // A command spends most of its life on becoming a process.
    await delay(this.random.next() * (kind === 'command' ? 4 * LONGEST : LONGEST));
    if (child.exitCode !== null || !child.kill('SIGKILL')) return this.killOne();
    this.killed[kind]++;
    if (child.signalCode === null) await once(child, 'exit');
  }

  /** The next process of a kind that begins something. */
  private next(kind: 'worker' | 'command'): Promise<ChildProcess> {
    return new Promise<ChildProcess>((resolve, reject) => {
      const hangs = setTimeout(() => reject(new Error(`no ${kind} begins anything any more: they hang`)), PATIENCE_MS);
      this.wantedKind = kind;
      this.wanted = (child) => {
        clearTimeout(hangs);
        this.wanted = undefined;
        resolve(child);
      };
    });
  }

  private async killSupervisor(): Promise<void> {
    await delay(this.random.next() * LONGEST);
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
    const workers = [...this.workers];
    const ends = workers.map((child) => once(child, 'exit'));
    for (const child of workers) child.send('stop');
    const all = Promise.all([...ends, this.command.ended]);
    const late = new AbortController();
    await Promise.race([all, delay(PATIENCE_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    for (const child of [...this.workers, ...(this.command.child === undefined ? [] : [this.command.child])]) {
      this.hung.push(`process ${child.pid} (${child.spawnargs.slice(1).join(' ')}) did not end`);
      child.kill('SIGKILL');
    }
    await all;
  }
}

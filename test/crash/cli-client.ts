// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from './model';
import { type Client, makeTree } from './operations';

const PROGRAM = join(__dirname, '../../../bin/dockerlite.js');

interface Plan {
  args: string[];
  /** What it means that the command succeeded. */
  done?: (stdout: string) => Report;
  removes?: string;
}

/** Uses the command line, each command a process of its own. */
export class CliClient {
  private stopping = false;
  private count = 0;
  child: ChildProcess | undefined;
  readonly ended: Promise<void>;

  constructor(
    private readonly client: Omit<Client, 'tell'>,
    private readonly tell: (report: Report) => void,
    private readonly onCommand: (child: ChildProcess) => void,
  ) {
    this.ended = this.loop();
  }

  stop(): void {
    this.stopping = true;
  }

  private async loop(): Promise<void> {
    while (!this.stopping) {
      const plan = await this.plan();
      if (plan.removes !== undefined) this.tell({ say: 'removing', id: plan.removes });
      const { status, signal, stdout, stderr } = await this.run(plan.args);
      const operation = `dockerlite ${plan.args[0]}`;
      if (status === 0 && plan.done !== undefined) this.tell(plan.done(stdout.trim()));
      if (status !== 0 && signal === null && plan.removes !== undefined) this.tell({ say: 'kept', id: plan.removes });
      if (signal === null && /TypeError|SQLITE|database|\n\s+at /.test(stderr)) this.tell({ say: 'unexpected', operation, error: stderr });
      else if (signal === null) this.tell({ say: 'ended', operation });
    }
  }

  private async plan(): Promise<Plan> {
    const { engine, random, directory } = this.client;
    const containers = await engine.containers.list({ all: true });
    const id = random.pick(containers)?.id ?? 'none';
    const running = random.pick(containers.filter(({ state }) => state === 'running'))?.id ?? 'none';
    const name = `${this.client.name}-${++this.count}`;
    const kind = random.weighted({ create: containers.length < 20 ? 3 : 0, detached: containers.length < 20 ? 3 : 0, run: 3, start: 3, exec: 3, import: 2, rm: 3 });
    const container = (stdout: string): Report => ({ say: 'made', what: 'container', id: stdout });
    const image = (stdout: string): Report => ({ say: 'made', what: 'image', id: stdout.replace('sha256:', ''), tag: `${name}:latest`, token: name });
    switch (kind) {
      case 'create':
        return { args: ['create', '--network', 'none', '--name', name, 'busybox', 'sleep', '1000'], done: container };
      case 'detached':
        return { args: ['run', '-d', '--network', 'none', '--name', name, 'busybox', 'sleep', '1000'], done: container };
      case 'run':
        return { args: ['run', '--rm', '--network', 'none', 'busybox', 'true'] };
      case 'start':
        return { args: ['start', id] };
      case 'exec':
        return { args: ['exec', running, 'true'] };
      case 'import':
        return { args: ['import', makeTree(join(directory, name), name), name], done: image };
      case 'rm':
        return { args: ['rm', '-f', id], removes: id, done: () => ({ say: 'removed', id }) };
    }
  }

  private run(args: string[]): Promise<{ status: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [PROGRAM, '--root', this.client.engine.root, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    this.onCommand(child);
    return new Promise((resolve) => child.on('close', (status, signal) => {
      this.child = undefined;
      for (const path of args.filter((word) => word.startsWith(this.client.directory))) rmSync(path, { recursive: true, force: true });
      resolve({ status, signal, stdout, stderr });
    }));
  }
}

// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { DOCKERLITE } from './command-line';
import { patience } from './patience';

/** Nothing a test runs takes this long: it hangs. */
const PATIENCE_MS = patience(50_000);

export interface CliResult {
  status: number | null;
  stdout: string;
  stderr: string;
  /** stdout as it came: archives are not text. */
  raw: Buffer;
}

export interface CliOptions {
  /** What stdin gives; without it stdin is empty. */
  input?: string | Uint8Array;
  cwd?: string;
  env?: Record<string, string>;
}

/** The command line on one store, each call a process of its own. */
export class Cli {
  constructor(private readonly root: string) {}

  run(...args: string[]): Promise<CliResult> {
    return this.runWith({}, ...args);
  }

  /** What a command prints; that it fails is the test's failure. */
  async ok(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...args);
    if (status !== 0) throw new Error(`dockerlite ${args.join(' ')}: exit status ${status}\n${stderr}`);
    return stdout;
  }

  runWith({ input, cwd, env }: CliOptions, ...args: string[]): Promise<CliResult> {
    const child = spawn(DOCKERLITE, ['--root', this.root, ...args], { cwd, env: { ...process.env, ...env }, timeout: PATIENCE_MS, killSignal: 'SIGKILL' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    // A command that ends without reading its input is no failure of the test.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => {
        const raw = Buffer.concat(out);
        resolve({ status, stdout: raw.toString(), stderr: Buffer.concat(err).toString(), raw });
      });
    });
  }
}

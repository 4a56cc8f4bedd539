// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { DockerliteError } from '../lib/errors';

const run = promisify(execFile);
/** And the libraries they use, as pkg-config knows them. */
const PROGRAMS = { snapshots: [], lifecycle: ['lxc'], command: [], timed: [], upload: [], extract: ['libarchive'] } as const;
export type ReferenceProgram = keyof typeof PROGRAMS;

/** Compiles the C programs of bench/reference into `directory`. @throws E_UNSUPPORTED where there is no compiler or no library to link */
export async function buildReferences(directory: string): Promise<void> {
  const sources = sourceDirectory();
  try {
    for (const [name, libraries] of Object.entries(PROGRAMS)) {
      const flags = libraries.length === 0 ? '' : (await run('pkg-config', ['--cflags', '--libs', ...libraries])).stdout.trim();
      await run('cc', ['-O2', '-std=c17', '-D_GNU_SOURCE', '-pthread', '-o', join(directory, name), join(sources, `${name}.c`), ...flags.split(/\s+/).filter(Boolean)]);
    }
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr || cause).trim();
    throw new DockerliteError('E_UNSUPPORTED', `cannot compile the C references: ${said}`, {
      hint: 'apt-get install gcc pkg-config lxc-dev libarchive-dev',
      cause,
    });
  }
}

/** This file may be compiled to dist/ or be part of a bundle, at another depth. */
function sourceDirectory(): string {
  for (let path = __dirname; path !== '/'; path = dirname(path)) {
    const sources = join(path, 'bench/reference');
    if (existsSync(join(sources, 'common.h'))) return sources;
  }
  throw new DockerliteError('E_UNSUPPORTED', 'the C references of the benchmark are not part of this installation', {
    hint: 'run it from a checkout',
  });
}

/** A running reference program: it answers each line with a line. */
export class Reference {
  private readonly answers: { resolve(line: string): void; reject(error: Error): void }[] = [];
  private said = '';
  private ended: Error | undefined;

  private constructor(
    name: string,
    private readonly child: ChildProcess,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.said = (this.said + text).slice(-2000)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => this.answers.shift()?.resolve(line));
    child.once('error', (error) => this.fail(error));
    child.once('close', () => this.fail(new Error(`the reference program ${name} ended: ${this.said.trim()}`)));
    child.stdin?.on('error', () => undefined); // it has ended, and says so
  }

  static start(directory: string, name: ReferenceProgram, args: string[], env: NodeJS.ProcessEnv = process.env): Reference {
    return new Reference(name, spawn(join(directory, name), args, { stdio: ['pipe', 'pipe', 'pipe'], env }));
  }

  /** Its answer, word for word. */
  async ask(line: string): Promise<string> {
    if (this.ended) throw this.ended;
    return new Promise((resolve, reject) => {
      this.answers.push({ resolve, reject });
      this.child.stdin?.write(`${line}\n`);
    });
  }

  async numbers(line: string): Promise<number[]> {
    return (await this.ask(line)).split(' ').map(Number);
  }

  close(): void {
    this.child.stdin?.end();
  }

  private fail(error: Error): void {
    this.ended = error;
    for (const { reject } of this.answers.splice(0)) reject(error);
  }
}

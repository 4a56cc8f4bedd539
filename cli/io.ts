// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import type { Engine, EngineOptions } from '../lib/engine';
import type { ErrorPrinter } from './error-printer';
import { Output } from './output/output';

/** What a command may touch: the store, the three streams, nothing else. */
export interface Io {
  /** The store named by --root; opened by the first call, closed by main. */
  engine(options?: Pick<EngineOptions, 'oneShot'>): Promise<Engine>;
  /** --root, absolute; undefined when it was not given. */
  readonly root: string | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
  /** For a command line inside the command line (completion). */
  setRoot(root: string): void;
  /** One line to stdout. */
  print(line: string): void;
  /** One line to stderr. */
  warn(message: string): void;
  /** One line to stderr, as Docker's command line warns. */
  warning(text: string): void;
  /** Tells of an error that does not end the command. */
  fail(error: unknown): void;
}

export interface MainIo extends Io {
  root: string | undefined;
  close(): Promise<void>;
}

export function makeIo(errors: ErrorPrinter): MainIo {
  let opened: Promise<Engine> | undefined;
  const stdout = new Output(1);
  const stderr = new Output(2);
  return {
    root: undefined,
    stdout,
    stderr,
    engine(options) {
      if (opened === undefined) {
        const { Engine } = require('../lib/engine') as typeof import('../lib/engine');
        opened = Engine.open({ ...options, ...(this.root === undefined ? {} : { root: this.root }) });
      }
      return opened;
    },
    setRoot(path) {
      if (path !== '') this.root = resolve(path);
    },
    print: (line) => stdout.write(`${line}\n`),
    warn: (message) => stderr.write(`${message}\n`),
    warning: (text) => stderr.write(`WARNING: ${text}\n`),
    fail: (error) => void errors.print(error),
    async close() {
      if (opened === undefined) return;
      const engine = await opened.catch(() => undefined);
      await engine?.close({ exiting: true });
    },
  };
}

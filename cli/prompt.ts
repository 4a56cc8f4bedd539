// SPDX-License-Identifier: Apache-2.0
import { readSync } from 'node:fs';
import { isTerminal } from '../lib/binding/terminal';
import type { Io } from './io';
import { RawTerminal } from './session/terminal';

const ENTER = ['\r', '\n'];
const ERASE = ['\u007f', '\b'];
const INTERRUPT = '\u0003';
const END_OF_FILE = '\u0004';

/** The user has had enough of being asked. */
export class PromptCancelled extends Error {
  readonly exitStatus = 130;
}

/** Asks for a line, on stderr: stdout is for results. */
export function askLine(io: Io, question: string): string {
  io.stderr.write(question);
  return readLine();
}

/** Asks for something that is not to be seen. */
export function askSecret(io: Io, question: string): string {
  io.stderr.write(question);
  if (!isTerminal(0)) return readLine();
  const terminal = new RawTerminal();
  try {
    return typed(() => readCharacter());
  } finally {
    terminal.restore();
    io.stderr.write('\n');
  }
}

/** All of stdin, without the line's end that `echo` makes. */
export function readSecretFromStdin(): string {
  const chunks: Buffer[] = [];
  for (let chunk = readSome(4096); chunk.length > 0; chunk = readSome(4096)) chunks.push(chunk);
  return Buffer.concat(chunks).toString().replace(/\r?\n$/, '');
}

function typed(next: () => string): string {
  let text = '';
  for (let key = next(); !ENTER.includes(key); key = next()) {
    if (key === INTERRUPT || (key === '' && text === '')) throw new PromptCancelled('interrupted');
    if (key === END_OF_FILE || key === '') break;
    if (ERASE.includes(key)) text = text.slice(0, -1);
    else text += key;
  }
  return text;
}

function readLine(): string {
  const bytes: Buffer[] = [];
  for (let byte = readSome(1); byte.length > 0 && byte[0] !== 10; byte = readSome(1)) bytes.push(byte);
  return Buffer.concat(bytes).toString().replace(/\r$/, '');
}

/** One character, however many bytes it has. */
function readCharacter(): string {
  const first = readSome(1);
  const more = first.length === 0 || (first[0] as number) < 0xc0 ? 0 : (first[0] as number) < 0xe0 ? 1 : (first[0] as number) < 0xf0 ? 2 : 3;
  return Buffer.concat([first, ...Array.from({ length: more }, () => readSome(1))]).toString();
}

function readSome(most: number): Buffer {
  const buffer = Buffer.alloc(most);
  for (;;) {
    try {
      return buffer.subarray(0, readSync(0, buffer, 0, most, null));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSE, 0, 0, 10);
    }
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

// SPDX-License-Identifier: Apache-2.0
import { UsageError } from '../command';

export const DEFAULT_DETACH_KEYS = 'ctrl-p,ctrl-q';

/** Bytes of a key sequence in Docker's grammar: letters and `ctrl-X`, separated by commas. '' switches detaching off. */
export function parseDetachKeys(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  const bytes = text.split(',').map((key) => keyByte(key, text));
  return Buffer.from(bytes);
}

function keyByte(key: string, text: string): number {
  if (/^[\x21-\x7e]$/.test(key)) return key.charCodeAt(0);
  const control = /^ctrl-([a-zA-Z@[\\\]^_])$/.exec(key)?.[1];
  if (control === undefined) throw new UsageError(`invalid detach keys (${text}): unknown character: '${key}'`);
  return control.toUpperCase().charCodeAt(0) & 0x1f;
}

/** Looks for the key sequence in what is typed. What may be its beginning is held back until the next key decides. */
export class DetachFilter {
  private matched = 0;

  constructor(private readonly keys: Buffer) {}

  /** Bytes to pass on; `detach` when the sequence is complete, what follows it is dropped. */
  feed(data: Buffer): { pass: Buffer; detach: boolean } {
    const { keys } = this;
    if (keys.length === 0) return { pass: data, detach: false };
    const pass: number[] = [];
    for (const byte of data) {
      if (byte === keys[this.matched]) {
        if (++this.matched === keys.length) return { pass: Buffer.from(pass), detach: true };
        continue;
      }
      this.release(byte, pass);
    }
    return { pass: Buffer.from(pass), detach: false };
  }

  /** The key breaks the sequence, but what was held back together with it may end in another beginning of it. */
  private release(byte: number, pass: number[]): void {
    const held = [...this.keys.subarray(0, this.matched), byte];
    for (let skip = 1; skip <= held.length; skip++) {
      const rest = held.slice(skip);
      if (!rest.every((value, index) => value === this.keys[index])) continue;
      pass.push(...held.slice(0, skip));
      this.matched = rest.length;
      return;
    }
  }
}

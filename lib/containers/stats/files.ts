// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';

/** A file of the kernel, '' when it is not there: another version of it, or a container that has ended. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1');
  } catch {
    return '';
  }
}

/** One number; undefined for none, and for "max", which is no limit. */
export async function readNumber(path: string): Promise<number | undefined> {
  return toNumber((await readText(path)).trim());
}

/** Lines "name number". */
export async function readTable(path: string): Promise<Record<string, number>> {
  const lines = (await readText(path)).split('\n').map((line) => line.split(' '));
  return Object.fromEntries(lines.flatMap(([name, value]) => (name && value ? [[name, Number(value)]] : [])));
}

function toNumber(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

const tables = new Map<string, Map<number, string>>();

/** As ps(1) on the host names it. */
export function userName(id: number): string {
  return lookUp('/etc/passwd', id);
}

export function groupName(id: number): string {
  return lookUp('/etc/group', id);
}

function lookUp(path: string, id: number): string {
  let table = tables.get(path);
  if (table === undefined) {
    const lines = readFileSync(path, 'utf8').split('\n').map((line) => line.split(':'));
    table = new Map(lines.map(([name, , number]) => [Number(number), name ?? '']));
    tables.set(path, table);
  }
  return table.get(id) ?? String(id);
}

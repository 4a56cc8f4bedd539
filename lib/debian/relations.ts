// SPDX-License-Identifier: Apache-2.0
import type { Relation } from './version';

export interface Dependency {
  name: string;
  relation?: Relation;
  version?: string;
}

const OLD: Readonly<Record<string, Relation>> = { '<': '<=', '>': '>=' };

/** `a (>= 1) | b, c:any` as a list of lists of alternatives; what cannot be understood is a name that nothing has. */
export function parseDepends(field: string | undefined): Dependency[][] {
  return (field ?? '')
    .split(',')
    .filter((group) => group.trim() !== '')
    .map((group) => group.split('|').map(parseOne));
}

function parseOne(text: string): Dependency {
  const match = /^\s*([a-z0-9][a-z0-9+.-]*)(?::[a-z0-9-]+)?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s)]+)\s*\))?\s*$/.exec(text);
  if (match === null) return { name: text.trim() };
  const [, name = '', relation, version] = match;
  return relation === undefined || version === undefined ? { name } : { name, relation: OLD[relation] ?? (relation as Relation), version };
}

export function showDependency({ name, relation, version }: Dependency): string {
  return relation === undefined ? name : `${name} (${relation} ${version})`;
}

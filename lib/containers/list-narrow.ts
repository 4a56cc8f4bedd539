// SPDX-License-Identifier: Apache-2.0
import { isIdPrefix, prefixEnd } from '../util/resolve';

export interface Condition {
  sql: string;
  values: string[];
}

const VISIBLE = "state NOT IN ('creating', 'removing')";
/** The second half is what makes the index over active rows apply. */
const ACTIVE = `${VISIBLE} AND state NOT IN ('created', 'exited')`;

/**
 * What of the filters an index can answer, so that a look for a few containers does not read the rows of all. Every
 * filter is applied to what comes back: this may let through too much, never too little.
 * `active`: no more than those that an index has because they are not at rest.
 */
export function narrow(filters: Record<string, string[]>, everyState: boolean): Condition & { active: boolean } {
  const active = !everyState || filters['status']?.every((state) => state !== 'created' && state !== 'exited') === true;
  const conditions: Condition[] = [{ sql: active ? ACTIVE : VISIBLE, values: [] }];
  const names = filters['name']?.map(exactName);
  if (names?.every((name) => name !== undefined)) conditions.push({ sql: `name IN (${names.map(() => '?').join()})`, values: names });
  const ids = filters['id'];
  if (ids?.every(isIdPrefix)) {
    const ranges = ids.map(() => '(containers.id >= ? AND containers.id < ?)').join(' OR ');
    conditions.push({ sql: `(${ranges})`, values: ids.flatMap((id) => [id, prefixEnd(id)]) });
  }
  return { active, sql: conditions.map(({ sql }) => sql).join(' AND '), values: conditions.flatMap(({ values }) => values) };
}

/** The one name that a pattern such as ^/?web$ allows. */
function exactName(pattern: string): string | undefined {
  return /^\^(?:\/\??)?([\w-]+)\$$/.exec(pattern)?.[1];
}

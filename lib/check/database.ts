// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import type { Problem } from './finding';

/** What SQLite says of its own file. Mending that means making it anew, which nobody may have open: see lib/recover. */
export function* checkDatabase({ store }: Context): Generator<Problem> {
  const said = store.db.integrity();
  for (const line of said) yield { kind: 'database', what: store.layout.database, detail: line };
}

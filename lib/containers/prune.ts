// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { recordEvent } from '../events/journal';
import { type LabelFilters, matchesLabels } from '../util/labels';
import { Turnstile } from '../util/turnstile';
import { type ContainerRow, specOf } from './record';
import { removeContainer } from './remove';
import { settle } from './settle';
import { containerSize } from './size';

export interface PruneOptions {
  /** Only what was made until then, ms since the epoch. */
  until?: number;
  filters?: LabelFilters;
}

export interface PrunedContainers {
  /** Ids. */
  deleted: string[];
  /** Bytes of the files they had written. */
  reclaimed: number;
}

/** Snapshots that are measured together share the file system's commits. */
const TOGETHER = 16;

/** Removes every container that does not run. Their volumes stay. */
export async function pruneContainers(context: Context, { until = Infinity, filters }: PruneOptions): Promise<PrunedContainers> {
  await settle(context);
  const rows = context.store.db.all<ContainerRow>("SELECT * FROM containers WHERE state IN ('created', 'exited') ORDER BY created DESC, id");
  const chosen = rows.filter((row) => row.created <= until && matchesLabels(specOf(row).labels, filters));
  const turns = new Turnstile(TOGETHER);
  const sizes = await Promise.all(chosen.map((row) => turns.run(() => removeQuietly(context, row))));
  const deleted = chosen.filter((_, i) => sizes[i] !== undefined).map(({ id }) => id);
  const reclaimed = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  recordEvent(context.store, 'container', 'prune', '', { reclaimed: String(reclaimed) });
  return { deleted, reclaimed };
}

/** What it had written; undefined when somebody else removes it, or has just started it. */
async function removeQuietly(context: Context, row: ContainerRow): Promise<number | undefined> {
  try {
    const { rw } = await containerSize(context, row).catch(() => ({ rw: 0 }));
    await removeContainer(context, row, { volumes: false });
    return rw;
  } catch (error) {
    if (error instanceof DockerliteError && ['E_CONFLICT', 'E_NO_SUCH_CONTAINER'].includes(error.code)) return undefined;
    throw error;
  }
}

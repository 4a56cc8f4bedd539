// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { pruning } from '../events/prune';
import { checkAborted } from '../util/aborted';
import { type LabelFilters, matchesLabels } from '../util/labels';
import { Turnstile } from '../util/turnstile';
import { type ContainerRow, specOf } from './record';
import { removeContainer } from './remove';
import { settle } from './settle';
import { withSizes } from './size';

export interface PruneOptions {
  /** Only what was made until then, ms since the epoch. */
  until?: number;
  filters?: LabelFilters;
  /** Leaves the rest. */
  signal?: AbortSignal;
}

export interface PrunedContainers {
  /** Ids. */
  deleted: string[];
  /** Bytes they had written. */
  reclaimed: number;
}

const TOGETHER = 16;

/** Removes every container that does not run. Their volumes stay. */
export async function pruneContainers(context: Context, { until = Infinity, filters, signal }: PruneOptions): Promise<PrunedContainers> {
  await settle(context);
  const rows = context.store.db.all<ContainerRow>("SELECT * FROM containers WHERE state IN ('created', 'exited') ORDER BY created DESC, id");
  const chosen = rows.filter((row) => row.created <= until && matchesLabels(specOf(row).labels, filters));
  // One whose files are damaged cannot be measured, but removed.
  const measured = await withSizes(context, chosen, signal).catch(() => chosen.map((row) => ({ ...row, size: { rw: 0, rootFs: 0 } })));
  checkAborted(signal);
  const turns = new Turnstile(TOGETHER);
  const removed = await pruning(context.store, 'container', async ({ removes }) => {
    const gone = await Promise.all(measured.map((row) => turns.run(async () => signal?.aborted !== true && removeQuietly(context, row, () => removes(row.size.rw)))));
    checkAborted(signal);
    return measured.filter((_, i) => gone[i]);
  });
  return { deleted: removed.map(({ id }) => id), reclaimed: removed.reduce((sum, { size }) => sum + size.rw, 0) };
}

/** false when somebody else removes it, or has just started it. */
async function removeQuietly(context: Context, row: ContainerRow, also: () => void): Promise<boolean> {
  try {
    await removeContainer(context, row, { volumes: false }, also);
    return true;
  } catch (error) {
    if (error instanceof DockerliteError && ['E_CONFLICT', 'E_NO_SUCH_CONTAINER'].includes(error.code)) return false;
    throw error;
  }
}

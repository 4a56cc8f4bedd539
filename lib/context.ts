// SPDX-License-Identifier: Apache-2.0
import type { Launcher } from './containers/launcher';
import type { SnapshotPool } from './store/snapshot-pool';
import type { Store } from './store/store';

/** What every verb works with; made and closed by the Engine. */
export interface Context {
  readonly store: Store;
  readonly pool: SnapshotPool;
  readonly launcher: Launcher;
}

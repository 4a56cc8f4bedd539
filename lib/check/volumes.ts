// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import type { Context } from '../context';
import { discardData } from '../volumes/make';
import { type VolumeRow, volumeRow } from '../volumes/record';
import { abandonedVolumes, settleVolume } from '../volumes/settle';
import type { Problem } from './finding';
import { list } from './list';

/** Volumes that a killed process left half made, directories without a volume, and volumes whose files are gone. */
export function* checkVolumes({ store }: Context): Generator<Problem> {
  const { layout } = store;
  for (const row of abandonedVolumes(store)) {
    yield {
      kind: 'unfinished',
      what: `volume ${row.name}`,
      detail: row.state,
      repair: async () => {
        await settleVolume(store, row);
        return volumeRow(store, row.name) === undefined ? 'removed' : 'now ready';
      },
    };
  }
  for (const name of list(layout.volumes)) {
    const isStray = () => volumeRow(store, name) === undefined && existsSync(layout.volume(name));
    if (!isStray()) continue;
    yield {
      kind: 'tree without a row',
      what: layout.volume(name),
      detail: 'no volume has this name',
      repair: async () => {
        if (!isStray()) return undefined;
        await discardData(store, name);
        return 'removed';
      },
    };
  }
  for (const { name } of store.db.all<VolumeRow>("SELECT * FROM volumes WHERE state = 'ready'")) {
    if (existsSync(layout.volumeData(name)) || volumeRow(store, name) === undefined) continue;
    yield { kind: 'row without a tree', what: `volume ${name}`, detail: 'its files are gone' };
  }
}

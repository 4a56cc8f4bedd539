// SPDX-License-Identifier: Apache-2.0
import { existsSync, rmSync } from 'node:fs';
import type { Context } from '../context';
import { collectLayers, discardBlob, discardLayer, type LayerRow } from '../images/layer-rows';
import { abandonedDownloads, unusedLayers } from '../images/unused-layers';
import type { Store } from '../store/store';
import { shortId } from '../util/id';
import { isAlive } from '../util/owner';
import type { Problem } from './finding';
import { list } from './list';

/** Layers and their compressed forms: unfinished, lost, unknown, or of pulls that never came to their end. */
export function* checkLayers({ store }: Context): Generator<Problem> {
  yield* rows(store);
  yield* trees(store);
  yield* unused(store);
  yield* blobs(store);
}

function* rows(store: Store): Generator<Problem> {
  for (const { chain_id: id, state, owner } of store.db.all<LayerRow>('SELECT * FROM layers')) {
    const what = `layer ${shortId(id)}`;
    const repair = async () => {
      await discardLayer(store, id);
      return 'removed';
    };
    if (state !== 'ready') {
      if (!isAlive(owner)) yield { kind: 'unfinished', what, detail: state, repair };
    } else if (!existsSync(store.layout.layerRootfs(id)) && store.db.get("SELECT 1 FROM layers WHERE chain_id = ? AND state = 'ready'", id) !== undefined) {
      // Images made of it have a tree of their own; a pull that needs it makes it again.
      yield { kind: 'row without a tree', what, detail: 'its file system is gone', repair };
    }
  }
}

function* trees(store: Store): Generator<Problem> {
  for (const id of list(store.layout.layers)) {
    const isUnknown = () => store.db.get('SELECT 1 FROM layers WHERE chain_id = ?', id) === undefined;
    if (!isUnknown() || !existsSync(store.layout.layer(id))) continue;
    yield {
      kind: 'tree without a row',
      what: store.layout.layer(id),
      detail: 'no name points to it',
      repair: async () => {
        if (!isUnknown()) return undefined;
        await discardLayer(store, id);
        return 'removed';
      },
    };
  }
}

function* unused(store: Store): Generator<Problem> {
  for (const { chain_id: id } of unusedLayers(store)) {
    yield {
      kind: 'unused layer',
      what: `layer ${shortId(id)}`,
      detail: 'of a pull that did not come to its end; the next one uses it',
      note: true,
      repair: async () => {
        await collectLayers(store, id);
        return 'removed';
      },
    };
  }
}

function* blobs(store: Store): Generator<Problem> {
  const { db, layout } = store;
  for (const name of list(layout.blobs)) {
    const hex = name.replace(/\.part$/, '');
    if (db.get('SELECT 1 FROM blobs WHERE hex = ?', hex) !== undefined || !existsSync(layout.blob(name))) continue;
    yield { kind: 'tree without a row', what: layout.blob(name), detail: 'no layer is known to be in it', repair: () => (rmSync(layout.blob(name), { force: true }), 'removed') };
  }
  for (const hex of abandonedDownloads(store)) {
    yield { kind: 'unused layer', what: `download ${shortId(hex)}`, detail: 'of a pull that did not come to its end; the next one goes on with it', note: true, repair: () => (discardBlob(store, hex), 'removed') };
  }
}

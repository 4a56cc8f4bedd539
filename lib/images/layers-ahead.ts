// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { DecodedAhead } from '../binding/decode-ahead';
import type { LayerFile } from './layer-download';
import type { LayerSource } from './layers';

/** A layer's file, and what is made of it on its way to the tree. */
export interface LayerAhead {
  file: LayerFile;
  decoded: DecodedAhead;
}

/** Layers in their order: while one is unpacked and kept the next one, as far as it has come, is decompressed and hashed. */
export class LayersAhead {
  private readonly begun = new Map<number, Promise<LayerAhead>>();

  /** Files of those that are to be made. */
  constructor(
    private readonly layers: readonly LayerSource[],
    private readonly files: readonly (Promise<LayerFile> | undefined)[],
  ) {}

  /** It, as soon as its file has begun. */
  take(index: number): Promise<LayerAhead> {
    const next = this.files.findIndex((file, at) => at > index && file !== undefined);
    const taken = this.begin(index);
    // Its failure is told when its turn has come.
    if (next > 0) this.begin(next).catch(() => undefined);
    return taken;
  }

  /** Lets go of those up to this one; without a number of all. */
  async close(last = Infinity): Promise<void> {
    for (const [index, begun] of this.begun) {
      if (index > last) continue;
      this.begun.delete(index);
      await begun.then(({ decoded }) => decoded.close(), () => undefined);
    }
  }

  private begin(index: number): Promise<LayerAhead> {
    let begun = this.begun.get(index);
    if (begun === undefined) {
      begun = decode(this.layers[index] as LayerSource, this.files[index] as Promise<LayerFile>);
      this.begun.set(index, begun);
    }
    return begun;
  }
}

async function decode({ size }: LayerSource, begun: Promise<LayerFile>): Promise<LayerAhead> {
  const file = await begun;
  const fd = file.open();
  try {
    const decoded = DecodedAhead.begin({ fd, growsTo: size });
    file.watch(() => decoded.grown());
    return { file, decoded };
  } finally {
    closeSync(fd);
  }
}

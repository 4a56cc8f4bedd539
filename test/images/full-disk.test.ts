// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { DockerliteError } from '../../lib/errors';
import { ensureLayers, type LayerSource } from '../../lib/images/layers';
import type { Context } from '../../lib/context';
import type { Engine } from '../../lib/engine';
import { storeOf, TestEngine } from '../helpers/engine';
import { sha256 } from '../helpers/fake-registry';
import { findings } from '../helpers/findings';
import { layerOf } from '../helpers/layers';

/** What an engine's verbs work with. */
const contextOf = (engine: Engine) => (engine as unknown as { context: Context }).context;

describe('a layer that does not fit on the disk', function () {
  this.timeout(120_000);
  let test: TestEngine;
  before(async () => (test = await TestEngine.create({ mebibytes: 512 })));
  after(() => test.remove());

  async function refused(layer: LayerSource): Promise<void> {
    const { layout } = storeOf(test.engine);
    const list = () => [layout.layers, layout.tmp].map((path) => (existsSync(path) ? readdirSync(path) : []));
    const before = list();
    await assert.rejects(ensureLayers(contextOf(test.engine), [layer], { layerLimit: 2 ** 40 }), (error: DockerliteError) => error.code === 'E_NO_SPACE');
    assert.deepEqual(list(), before);
    assert.deepEqual((await findings(test.engine)).filter(({ note }) => note !== true), []);
    // There is room again.
    const small = layerOf([{ name: 'small', content: 'x' }]);
    const { release } = await ensureLayers(contextOf(test.engine), [{ diffId: small.diffId, digest: sha256(small.bytes), size: small.bytes.length, mediaType: small.mediaType, open: () => Readable.from([small.bytes], { objectMode: false }) }]);
    await release();
  }

  it('while it is downloaded', async () => {
    const piece = Buffer.alloc(2 ** 20, 'x');
    // It is unpacked as it comes: this is a file that is larger than the disk.
    const header = layerOf([{ name: 'endless', content: '', size: 2 ** 32 }], 'none').bytes.subarray(0, 512);
    const endless = function* () {
      yield header;
      for (;;) yield piece;
    };
    await refused({ diffId: sha256('a'), digest: sha256('b'), size: 2 ** 35, mediaType: '', open: () => Readable.from(endless(), { objectMode: false }) });
    assert.ok(!readdirSync(storeOf(test.engine).layout.blobs).some((name) => name.endsWith('.part')));
  });

  it('while it is unpacked', async () => {
    const { bytes, diffId, mediaType } = layerOf([{ name: 'zeros', content: Buffer.alloc(700_000_000) }]);
    await refused({ diffId, digest: sha256(bytes), size: bytes.length, mediaType, open: () => Readable.from([bytes], { objectMode: false }) });
  });
});

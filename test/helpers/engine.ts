// SPDX-License-Identifier: Apache-2.0
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../lib/context';
import { Engine, type EngineOptions } from '../../lib/engine';
import { initStore } from '../../lib/init';
import { removeNetworks } from '../../lib/containers/network-state';
import { readMarker, type Store } from '../../lib/store/store';
import { buildBusyboxRootfs } from './busybox';
import { LoopStore } from './loop-store';

/** A store of a test's own on a loop btrfs, with the image `busybox`, and an engine on it. */
export class TestEngine implements AsyncDisposable {
  private constructor(
    readonly loop: LoopStore,
    readonly root: string,
    readonly engine: Engine,
  ) {}

  static async create(options: EngineOptions & { mebibytes?: number } = {}): Promise<TestEngine> {
    const loop = await LoopStore.create(options.mebibytes ?? 2048);
    try {
      const root = join(loop.path, 'store');
      await initStore({ root });
      const engine = await Engine.open({ ...options, root });
      await engine.images.import({ path: buildBusyboxRootfs(join(loop.directory, 'busybox')) }, { reference: 'busybox', changes: ['CMD ["sh"]'] });
      return new TestEngine(loop, root, engine);
    } catch (error) {
      await loop.remove();
      throw error;
    }
  }

  /** Removes every container, then the store. */
  async remove(): Promise<void> {
    const marker = readMarker(this.root);
    // A test may have closed it, and left a store that cannot be opened.
    const engine = storeOf(this.engine).db.isClosed ? await Engine.open({ root: this.root }).catch(() => undefined) : this.engine;
    for (const { id } of (await engine?.containers.list({ all: true })) ?? []) {
      await (await engine?.containers.get(id))?.remove({ force: true });
    }
    const networks = (await engine?.networks.list()) ?? [];
    await engine?.close();
    if (marker !== undefined) {
      await removeNetworks(marker, networks);
      for (const parent of ['/run', '/run/lxc/lock/run']) rmSync(`${parent}/dockerlite/${marker.id}`, { recursive: true, force: true });
    }
    await this.loop.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}

/** The inside of an engine, to look at and to break. */
export function storeOf(engine: Engine): Store {
  return (engine as unknown as { context: Context }).context.store;
}

/** Everything a readable stream gives. */
export async function readAll(stream: NodeJS.ReadableStream | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

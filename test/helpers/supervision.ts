// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from '../../lib/containers/container';
import { type ContainerRow, containerById } from '../../lib/containers/record';
import type { Store } from '../../lib/store/store';
import type { TestEngine } from './engine';

/** Looks again and again until what is seen is what is wanted. */
export async function until<T>(look: () => Promise<T>, wanted: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (wanted(seen)) return seen;
    await delay(5);
  }
}

export function storeOf({ engine }: TestEngine): Store {
  return (engine as unknown as { context: { store: Store } }).context.store;
}

export function containerRow(test: TestEngine, { id }: Container): ContainerRow {
  return containerById(storeOf(test), id) as ContainerRow;
}

export function supervisorOf(test: TestEngine, container: Container): number {
  return Number(containerRow(test, container).owner.split(':')[1]);
}

export function fileInContainer(test: TestEngine, { id }: Container, path: string): string {
  return `${storeOf(test).layout.containerRootfs(id)}/${path}`;
}

// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import * as archive from '../binding/archive';
import type { Context } from '../context';
import { checkAborted } from '../util/aborted';
import { recordContainerEvent } from './container-events';
import { packTo } from './copy';
import type { ContainerRow } from './record';
import { requireState } from './state';

export type ExportTarget = Writable | { fd: number } | { path: string };

/** Tar of a container's whole file system, without what is mounted on it. */
export async function exportContainer(context: Context, row: ContainerRow, target: ExportTarget, options: { signal?: AbortSignal }): Promise<void> {
  requireState('export', row);
  const root = context.store.layout.containerRootfs(row.id);
  checkAborted(options.signal);
  recordContainerEvent(context.store, row, 'export');
  if ('path' in target && typeof target.path === 'string' && !('write' in target)) {
    await archive.pack(root, { path: target.path }, options);
  } else {
    await packTo(root, target as Writable | { fd: number }, options);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DockerliteError } from '../errors';
import type { Store } from '../store/store';
import { DirectoryWatch } from '../util/directory-watch';
import { type EngineEvent, parseEvent } from './event';
import { eventFilter, type EventFilters } from './filter';
import { JournalReader, type Mark, markEnd } from './reader';

export interface EventsOptions {
  /** Also what has happened since, as far as the journal reaches; ns since the epoch. Without it only what happens from now on. */
  since?: bigint;
  /** Until then, ns since the epoch; a time that has passed: only what has happened already. */
  until?: bigint;
  /** Docker's filters: container, daemon, event, image, label, network, scope, type, volume … */
  filters?: EventFilters;
  /** Ends the iteration. */
  signal?: AbortSignal;
}

/**
 * What happens in a store, whichever process does it, beginning with this call.
 * @throws E_INVALID for an unknown filter, or an end before the beginning
 */
export function watchEvents(store: Pick<Store, 'layout'>, options: EventsOptions): AsyncGenerator<EngineEvent> {
  const { since, until } = options;
  const wanted = eventFilter(options.filters ?? {});
  if (until !== undefined && since !== undefined && until < since) {
    const text = (ns: bigint) => `${ns / 1_000_000_000n}.${(ns % 1_000_000_000n).toString().padStart(9, '0')}`;
    throw new DockerliteError('E_INVALID', `\`since\` time (${text(since)}) cannot be after \`until\` time (${text(until)})`);
  }
  const path = store.layout.journal;
  const from = since === undefined && until === undefined ? markEnd(path) : undefined;
  const inTime = ({ timeNano }: EngineEvent) => timeNano >= (since ?? 0n) && (until === undefined || timeNano <= until);
  return readEvents(path, from, options, (event) => inTime(event) && wanted(event));
}

async function* readEvents(path: string, from: Mark | undefined, { until, signal }: EventsOptions, wanted: (event: EngineEvent) => boolean): AsyncGenerator<EngineEvent> {
  const left = () => (until === undefined ? Infinity : Number(until / 1_000_000n) + 1 - Date.now());
  const aborted = () => signal?.aborted === true;
  const changes = left() > 0 ? watchDirectory(path, signal) : undefined;
  const reader = new JournalReader(path, from);
  try {
    while (!aborted()) {
      const over = left() <= 0;
      for (const line of reader.lines()) {
        const event = parseEvent(line);
        if (event !== undefined && wanted(event)) yield event;
        if (aborted()) return;
      }
      if (over) return;
      await changes?.next(left());
    }
  } finally {
    changes?.close();
    reader.close();
  }
}

function watchDirectory(path: string, signal: AbortSignal | undefined): DirectoryWatch {
  // As the journal's first writer would make it.
  mkdirSync(dirname(path), { recursive: true, mode: 0o711 });
  return new DirectoryWatch(dirname(path), signal);
}

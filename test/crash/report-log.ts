// SPDX-License-Identifier: Apache-2.0
import { writeSync } from 'node:fs';
import { Model, type Report, type Survivors } from './model';

/** What a client said, or what was there after its machine had come up. */
export type Entry = { by: string } & (Report | ({ say: 'booted' } & Survivors));

/** In one write(2), so that lines of several processes stay apart. */
export function writeReport(descriptor: number, by: string, report: Report | ({ say: 'booted' } & Survivors)): void {
  writeSync(descriptor, `${JSON.stringify({ by, ...report })}\n`);
}

/** The last line may have been cut off: what it says was not acknowledged. */
export function parseReports(text: string): Entry[] {
  return text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Entry);
}

/** What a store must hold after its machine has lost power, from what was reported until then. */
export function promised(log: Entry[]): Model {
  const model = new Model();
  for (let start = 0; start < log.length; ) {
    const boot = log.findIndex((entry, index) => index >= start && entry.say === 'booted');
    const end = boot < 0 ? log.length : boot;
    takeLife(model, log.slice(start, end));
    const entry = log[boot];
    if (entry?.say === 'booted') model.keep(entry);
    start = end + 1;
  }
  return model;
}

/** Reports between two boots: images are promised by themselves, all else by the next image that was begun after it. */
function takeLife(model: Model, life: Entry[]): void {
  const synced = syncedBefore(life);
  life.forEach((entry, index) => {
    if (entry.say === 'booted') return;
    const alone = entry.say === 'removing' || entry.say === 'kept' || (entry.say === 'made' && entry.what === 'image');
    if (index < synced || alone) model.take(entry);
  });
}

/** Making an image syncs the state and commits the file system: everything acknowledged before it was begun is on the disk. */
function syncedBefore(life: Entry[]): number {
  const begun = new Map<string, number>();
  let synced = 0;
  life.forEach((entry, index) => {
    if (entry.say === 'begin') begun.set(entry.by, index);
    if (entry.say === 'made' && entry.what === 'image') synced = Math.max(synced, begun.get(entry.by) ?? 0);
  });
  return synced;
}

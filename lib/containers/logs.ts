// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open } from 'node:fs/promises';
import type { Context } from '../context';
import { DirectoryWatch } from '../util/directory-watch';
import { type ContainerRow, containerById } from './record';
import { settleRow } from './settle';

export interface LogsOptions {
  /** Go on with what the container writes until it ends. */
  follow?: boolean;
  /** Only the last so many lines. */
  tail?: number;
  /** Not before / not after, ms since the epoch, fractions too. */
  since?: number;
  until?: number;
  stdout?: boolean;
  stderr?: boolean;
  signal?: AbortSignal;
}

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, UTC. */
  time: string;
  /** What was written, its newline included. */
  log: string;
}

const CHUNK = 64 * 1024;

/** What a container wrote, from its json-file log. */
export async function* containerLogs(context: Context, row: ContainerRow, options: LogsOptions): AsyncGenerator<LogEntry> {
  const path = context.store.layout.containerLog(row.id);
  const file = await openQuietly(path);
  if (file === undefined && !options.follow) return;
  const reader = new LineReader(file, path);
  try {
    const wanted = (entry: LogEntry) => matches(entry, options);
    if (options.tail !== undefined) {
      for (const entry of await lastEntries(reader, options.tail, wanted)) yield entry;
    } else {
      for await (const entry of reader.entries()) if (wanted(entry)) yield entry;
    }
    if (!options.follow) return;
    for await (const entry of follow(context, row, reader, options.signal)) {
      if (options.until !== undefined && Date.parse(entry.time) > options.until) return;
      if (wanted(entry)) yield entry;
    }
  } finally {
    await reader.close();
  }
}

/** New entries as they are written; ends when the container has ended and everything was read. */
async function* follow(context: Context, row: ContainerRow, reader: LineReader, signal?: AbortSignal): AsyncGenerator<LogEntry> {
  const { layout } = context.store;
  const changes = new DirectoryWatch(layout.container(row.id), signal);
  try {
    while (!signal?.aborted) {
      const current = containerById(context.store, row.id);
      const settled = current && (await settleRow(context.store, current));
      const running = settled !== undefined && ['starting', 'running', 'paused'].includes(settled.state);
      await reader.reopen();
      yield* reader.entries();
      if (!running) return;
      // A supervisor that is killed writes nothing, so look again now and then without a change.
      await changes.next(1000);
    }
  } finally {
    changes.close();
  }
}

/** Reads whole lines from where it stopped the last time; follows a file that was rotated away. */
class LineReader {
  private rest = Buffer.alloc(0);
  private position = 0;

  constructor(
    private file: FileHandle | undefined,
    private readonly path: string,
  ) {}

  async *entries(): AsyncGenerator<LogEntry> {
    const chunk = Buffer.allocUnsafe(CHUNK);
    while (this.file !== undefined) {
      const { bytesRead } = await this.file.read(chunk, 0, CHUNK, this.position);
      if (bytesRead === 0) return;
      this.position += bytesRead;
      let data = Buffer.concat([this.rest, chunk.subarray(0, bytesRead)]);
      for (let newline = data.indexOf(10); newline >= 0; newline = data.indexOf(10)) {
        const entry = parseEntry(data.subarray(0, newline));
        data = data.subarray(newline + 1);
        if (entry !== undefined) yield entry;
      }
      this.rest = Buffer.from(data);
    }
  }

  async reopen(): Promise<void> {
    const file = await openQuietly(this.path);
    if (file === undefined) return;
    const [now, before] = [await file.stat(), await this.file?.stat()];
    if (before !== undefined && now.ino === before.ino && now.size >= this.position) return file.close();
    await this.file?.close();
    this.file = file;
    this.position = 0;
    this.rest = Buffer.alloc(0);
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}

async function lastEntries(reader: LineReader, count: number, wanted: (entry: LogEntry) => boolean): Promise<LogEntry[]> {
  const kept: LogEntry[] = [];
  for await (const entry of reader.entries()) {
    if (!wanted(entry)) continue;
    kept.push(entry);
    if (kept.length > 2 * count + 1024) kept.splice(0, kept.length - count);
  }
  return count === 0 ? [] : kept.slice(-count);
}

/** A line that was cut by a crash is no entry. */
function parseEntry(line: Buffer): LogEntry | undefined {
  try {
    const entry = JSON.parse(line.toString('utf8')) as LogEntry;
    return typeof entry.log === 'string' && typeof entry.time === 'string' ? entry : undefined;
  } catch {
    return undefined;
  }
}

function matches(entry: LogEntry, options: LogsOptions): boolean {
  if (entry.stream === 'stdout' ? options.stdout === false : options.stderr === false) return false;
  if (options.since === undefined && options.until === undefined) return true;
  const time = Date.parse(entry.time);
  return time >= (options.since ?? -Infinity) && time <= (options.until ?? Infinity);
}

async function openQuietly(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch {
    return undefined;
  }
}

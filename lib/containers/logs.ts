// SPDX-License-Identifier: Apache-2.0
import type { Context } from '../context';
import { DockerliteError } from '../errors';
import { DirectoryWatch } from '../util/directory-watch';
import { LogFiles } from './log-files';
import { DEFAULT_LOG } from './log-options';
import { type ContainerRow, containerById, specOf } from './record';
import { settleRow } from './settle';
import type { ContainerSpec } from './spec';
import { isAllowed } from './state';

export interface LogsOptions {
  /** Go on with what the container writes until it ends. */
  follow?: boolean;
  /** Only what is among the last so many lines, as far as the other options allow. */
  tail?: number;
  /** Not before / not after, ms since the epoch, fractions too. */
  since?: number;
  until?: number;
  stdout?: boolean;
  stderr?: boolean;
  /** With `attrs`. */
  details?: boolean;
  /** Ends the iteration. */
  signal?: AbortSignal;
}

export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds, UTC. */
  time: string;
  /** What was written, its newline included. */
  log: string;
  /** Labels and variables of the container that its log options `labels` and `env` name. */
  attrs?: Record<string, string>;
}

/** What a container wrote, from its json-file log, rotated files first. @throws E_CONFLICT when it has no log */
export async function* containerLogs(context: Context, row: ContainerRow, options: LogsOptions): AsyncGenerator<LogEntry> {
  const spec = specOf(row);
  const { driver } = spec.log ?? DEFAULT_LOG;
  if (driver === 'none') throw new DockerliteError('E_CONFLICT', 'configured logging driver does not support reading');
  const attrs = options.details === true ? { attrs: attributes(spec) } : {};
  const files = await LogFiles.open(context.store.layout.containerLog(row.id));
  const wanted = makeFilter(options);
  try {
    if (options.tail !== undefined) await files.skipToLast(options.tail);
    for await (const line of options.follow === true ? follow(context, row, files, options) : files.lines()) {
      if (options.signal?.aborted === true) return;
      const entry = parseEntry(line);
      if (entry !== undefined && wanted(entry)) yield { ...entry, ...attrs };
    }
  } finally {
    await files.close();
  }
}

/** Lines as they are written; ends when the container has ended and everything was read. */
async function* follow(context: Context, row: ContainerRow, files: LogFiles, { until = Infinity, signal }: LogsOptions): AsyncGenerator<Buffer> {
  const changes = new DirectoryWatch(context.store.layout.container(row.id), signal);
  try {
    while (!signal?.aborted) {
      const current = containerById(context.store, row.id);
      const settled = current && (await settleRow(context.store, current));
      const over = settled === undefined || !isAllowed('kill', settled.state) || Date.now() > until;
      await files.refresh();
      yield* files.lines();
      if (over) return;
      // A supervisor that is killed writes nothing, so look again now and then without a change.
      await changes.next(Math.min(1000, until - Date.now() + 1));
    }
  } finally {
    changes.close();
  }
}

/** A line that was cut by a crash is no entry. */
function parseEntry(line: Buffer): LogEntry | undefined {
  try {
    const { log, stream, time } = JSON.parse(line.toString('utf8')) as LogEntry;
    return typeof log === 'string' && typeof time === 'string' ? { stream, time, log } : undefined;
  } catch {
    return undefined;
  }
}

function makeFilter({ stdout, stderr, since, until }: LogsOptions): (entry: LogEntry) => boolean {
  const bounds = { from: since === undefined ? undefined : toNs(since), to: until === undefined ? undefined : toNs(until) };
  return ({ stream, time }) => {
    if ((stream === 'stdout' ? stdout : stderr) === false) return false;
    if (bounds.from === undefined && bounds.to === undefined) return true;
    const at = timeNs(time);
    return at >= (bounds.from ?? at) && at <= (bounds.to ?? at);
  };
}

function toNs(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6));
}

/** Of a log's time, which is UTC and may have up to nine digits behind the point. */
function timeNs(time: string): bigint {
  const [seconds = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  const ms = Date.parse(`${seconds}Z`);
  return Number.isNaN(ms) ? 0n : BigInt(ms) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
}

function attributes({ log, labels, env }: ContainerSpec): Record<string, string> {
  const named = (key: string) => (log?.options[key] ?? '').split(',').map((name) => name.trim());
  const variables = env.map((entry): [string, string] => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]);
  return Object.fromEntries([
    ...Object.entries(labels).filter(([name]) => named('labels').includes(name)),
    ...variables.filter(([name]) => named('env').includes(name)),
  ]);
}

// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { formatIpv4 } from '../network/ipv4';
import type { Context } from '../context';
import type { Store } from '../store/store';
import { hasLabel } from '../util/labels';
import type { MountSpec } from './mount-spec';
import { type HealthState, probeOf } from './healthcheck';
import { type LiveRow, withLiveStates } from './live-state';
import { narrow } from './list-narrow';
import { containerPorts, type ContainerPort } from './inspect-ports';
import { type ContainerRow, specOf } from './record';
import { settle } from './settle';
import type { ContainerSize } from './size';
import type { ContainerSpec } from './spec';
import type { ContainerState } from './state';

export interface ListOptions {
  /** Also those that do not run. */
  all?: boolean;
  /** Only the newest so many, running or not. */
  last?: number;
  /** With what each has written; looking takes the longer, the more that is. */
  size?: boolean;
  /** Docker's filters: id, name, status, label, ancestor, exited, volume, network, publish, expose, health, before, since; values of one key are alternatives. */
  filters?: Record<string, string[]>;
}

export interface ContainerSummary {
  /** Only when it was asked for. */
  size?: ContainerSize;
  id: string;
  name: string;
  /** As the user wrote it. */
  image: string;
  imageId: string;
  command: string[];
  /** ms since the epoch. */
  created: number;
  state: ContainerState;
  exitCode: number;
  health: 'none' | HealthState['Status'];
  /** ms since the epoch, 0 when it never did. */
  started: number;
  finished: number;
  pid: number;
  /** '' when it has none. */
  ip: string;
  /** Names of its networks, or none, host, container:ID. */
  networks: string[];
  /** What is published and exposed while it runs. */
  ports: ContainerPort[];
  labels: Record<string, string>;
  mounts: MountSpec[];
}

/** What a summary is made of. The index over active rows has it all: a thousand may run, and reading their rows would be most of what listing them takes. */
export const COLUMNS = ['id', 'name', 'image', 'image_name', 'state', 'created', 'spec', 'pid', 'started', 'finished', 'exit_code'] as const;
type Row = LiveRow<Pick<ContainerRow, (typeof COLUMNS)[number]> & { ip: number | null }>;  // the first one
type Filter = (container: ContainerSummary, values: string[]) => boolean;

const RUNNING: ContainerState[] = ['starting', 'running', 'paused', 'restarting'];

const FILTERS: Record<string, Filter> = {
  id: (container, values) => values.some((value) => container.id.startsWith(value)),
  name: (container, values) => values.some((value) => pattern(value).test(container.name) || pattern(value).test(`/${container.name}`)),
  status: (container, values) => values.includes(container.state === 'starting' ? 'running' : container.state),
  label: (container, values) => values.every((value) => hasLabel(container.labels, value)),
  ancestor: (container, values) => values.some((value) => isImage(container, value)),
  exited: (container, values) => container.state === 'exited' && values.some((value) => Number(value) === container.exitCode),
  volume: (container, values) => container.mounts.some((mount) => values.some((value) => isMounted(mount, value))),
  health: (container, values) => values.includes(container.health),
  publish: (container, values) => values.some((value) => container.ports.some(({ publicPort, ...port }) => publicPort !== 0 && isPort(value, publicPort, port.type))),
  expose: (container, values) => values.some((value) => container.ports.some(({ privatePort, type }) => isPort(value, privatePort, type))),
  network: (container, values) => values.some((value) => container.networks.includes(value)),
};
const ORDER_FILTERS = ['before', 'since'];

/** As they are, once every row is up to date. @throws E_INVALID for a filter or status Docker does not know either */
export async function listContainers(context: Pick<Context, 'store'>, options: ListOptions): Promise<ContainerSummary[]> {
  const { store } = context;
  const filters = checkFilters(options.filters ?? {});
  const find = async () => withLiveStates(store, findRows(store, options, filters)).map((row) => summarise(store, row));
  // Of a thousand that run both take as long, in a thread each, and seldom there is something to bring up to date.
  const [changed, found] = await Promise.all([settle(context), find()]);
  let summaries = changed ? await find() : found;
  for (const key of ORDER_FILTERS) {
    for (const value of filters[key] ?? []) summaries = relativeTo(summaries, key, value);
  }
  const tests = Object.entries(filters);
  return tests.length === 0 ? summaries : summaries.filter((summary) => tests.every(([key, values]) => FILTERS[key]?.(summary, values) ?? true));
}

function findRows({ db }: Store, { all, last }: ListOptions, filters: Record<string, string[]>): Row[] {
  const everyState = all === true || last !== undefined || 'status' in filters || 'exited' in filters;
  // These look at containers that the other filters would leave out.
  const whole = last !== undefined || ORDER_FILTERS.some((key) => key in filters);
  const where = narrow(whole ? {} : filters, everyState);
  const select = `SELECT ${COLUMNS.join()}, (SELECT ip FROM addresses WHERE container_id = containers.id ORDER BY interface LIMIT 1) AS ip FROM containers WHERE ${where.sql}`;
  if (!where.active) return db.all<Row>(`${select} ORDER BY created DESC, containers.id LIMIT ?`, ...where.values, last ?? -1);
  // SQLite would take the index over these times rather than that over the few that are active, or copy whole rows to sort them.
  return db.all<Row>(select, ...where.values).sort((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1));
}

function summarise(store: Store, row: Row): ContainerSummary {
  const spec = specOf(row);
  return {
    id: row.id,
    name: row.name,
    image: row.image_name,
    imageId: row.image,
    command: spec.argv,
    created: row.created,
    state: row.state,
    exitCode: row.exit_code,
    health: probeOf(spec.healthcheck) === undefined ? 'none' : (row.health?.Status ?? 'starting'),
    started: nsToMs(row.started),
    finished: nsToMs(row.finished),
    pid: row.pid,
    ip: row.ip === null || !RUNNING.includes(row.state) ? '' : formatIpv4(row.ip),
    networks: networksOf(spec),
    ports: containerPorts(store, row, spec),
    labels: spec.labels,
    mounts: spec.mounts,
  };
}

function networksOf({ network, networking }: ContainerSpec): string[] {
  return networking?.endpoints.length ? networking.endpoints.map((endpoint) => endpoint.network) : [network];
}

/** ns as text, as the supervisor writes times, to ms. */
export function nsToMs(ns: string): number {
  return Number(ns.slice(0, -6));
}

function checkFilters(filters: Record<string, string[]>): Record<string, string[]> {
  for (const [key, values] of Object.entries(filters)) {
    if (!Object.hasOwn(FILTERS, key) && !ORDER_FILTERS.includes(key)) throw new DockerliteError('E_INVALID', `invalid filter '${key}'`);
    const states = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'];
    const bad = key === 'status' ? values.find((value) => !states.includes(value)) : undefined;
    if (bad !== undefined) throw new DockerliteError('E_INVALID', `invalid filter 'status=${bad}'`);
    if (key === 'publish' || key === 'expose') values.forEach(parsePortFilter);
    const unhealthy = key === 'health' ? values.find((value) => !['none', 'starting', 'healthy', 'unhealthy'].includes(value)) : undefined;
    if (unhealthy !== undefined) throw new DockerliteError('E_INVALID', `unrecognised filter value for health: ${unhealthy}`);
    if (key === 'exited' && !values.every((value) => /^-?\d+$/.test(value))) throw new DockerliteError('E_INVALID', `invalid filter 'exited=${values.join()}'`);
  }
  return filters;
}

/** PORT[-END][/PROTOCOL]. @throws E_INVALID */
function parsePortFilter(text: string): { first: number; last: number; type: string } {
  const [, from, to = from, type = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (from === undefined) throw new DockerliteError('E_INVALID', `invalid port: ${text}`);
  return { first: Number(from), last: Number(to), type };
}

function isPort(filter: string, port: number, protocol: string): boolean {
  const { first, last, type } = parsePortFilter(filter);
  return type === protocol && port >= first && port <= last;
}

/** A filter's value is a regular expression to Docker; one that is none is taken by its letters. */
function pattern(value: string): RegExp {
  try {
    return new RegExp(value);
  } catch {
    return new RegExp(value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  }
}

function isMounted(mount: MountSpec, value: string): boolean {
  return mount.target === value || (mount.type === 'volume' && mount.name === value) || (mount.type === 'bind' && mount.source === value);
}

function isImage(container: ContainerSummary, value: string): boolean {
  const id = value.startsWith('sha256:') ? value.slice(7) : value;
  const name = container.image.includes(':') ? container.image : `${container.image}:latest`;
  return value === container.image || value === name || `${value}:latest` === name || (id.length >= 4 && container.imageId.startsWith(id));
}

function relativeTo(summaries: ContainerSummary[], key: string, value: string): ContainerSummary[] {
  const mark = summaries.findIndex((summary) => summary.name === value || summary.id.startsWith(value));
  if (mark < 0) throw new DockerliteError('E_NO_SUCH_CONTAINER', `No such container: ${value}`);
  return key === 'before' ? summaries.slice(mark + 1) : summaries.slice(0, mark);
}

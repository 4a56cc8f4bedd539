// SPDX-License-Identifier: Apache-2.0

/** Frame types of the supervisor's protocol, see docs/architecture.md. */
export const FRAME = {
  start: 1,
  attach: 2,
  exec: 3,
  signal: 4,
  resize: 5,
  status: 6,
  freeze: 7,
  thaw: 8,
  prepare: 9,
  restartPolicy: 10,
  limits: 17,
  attributes: 19,
  network: 18,
  started: 32,
  failed: 33,
  exited: 34,
  state: 35,
  done: 36,
  drained: 37,
} as const;

/** Why something did not start. */
export const FAILURE = { engine: 1, notFound: 2, notExecutable: 3, user: 4, directory: 5 } as const;

const START_FLAG = { tty: 1, openStdin: 2, stdinOnce: 4, become: 8, privileged: 16, restart: 32 } as const;
const EXITED_FLAG = { oom: 1, restarting: 2 } as const;
const HEADER = 8;

/** Tag and content; a tag may occur several times. */
export type Field = readonly [tag: number, content: string | Buffer];

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** @throws RangeError for a string with a NUL byte, which no field may hold */
export function encodeFields(fields: readonly Field[]): Buffer {
  const parts: Buffer[] = [];
  for (const [tag, content] of fields) {
    if (typeof content === 'string' && content.includes('\0')) throw new RangeError(`field ${tag} contains a NUL byte`);
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const head = Buffer.alloc(HEADER);
    head.writeUInt16LE(tag, 0);
    head.writeUInt32LE(bytes.length, 4);
    parts.push(head, bytes);
  }
  return Buffer.concat(parts);
}

/** The fields of a body, in order. @throws RangeError when it is malformed */
export function decodeFields(body: Buffer): [tag: number, content: Buffer][] {
  const fields: [number, Buffer][] = [];
  for (let at = 0; at < body.length; ) {
    if (body.length - at < HEADER) throw new RangeError('truncated field header');
    const length = body.readUInt32LE(at + 4);
    if (length > body.length - at - HEADER) throw new RangeError('truncated field');
    fields.push([body.readUInt16LE(at), body.subarray(at + HEADER, at + HEADER + length)]);
    at += HEADER + length;
  }
  return fields;
}

/** When the supervisor starts the container again. */
export interface RestartOrders {
  name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  maximumRetryCount: number;
}

/** To a supervisor `unless-stopped` is `always`: what the user stops it leaves alone either way. */
const RESTART = { no: 0, always: 1, 'unless-stopped': 1, 'on-failure': 2 } as const;

export function restartFields({ name, maximumRetryCount }: RestartOrders): Field[] {
  return [
    [20, u32(RESTART[name])],
    [21, u32(maximumRetryCount)],
  ];
}

/** Times in ns. */
export interface HealthOrders {
  payload: Buffer;
  interval: number;
  timeout: number;
  startPeriod: number;
  startInterval: number;
  retries: number;
  /** What is noted of a probe that took too long. */
  timeoutMessage: string;
}

function healthFields(health: HealthOrders): Field[] {
  return [
    [23, health.payload],
    [24, u64(BigInt(health.interval))],
    [25, u64(BigInt(health.timeout))],
    [26, u64(BigInt(health.startPeriod))],
    [27, u64(BigInt(health.startInterval))],
    [28, u32(health.retries)],
    [29, health.timeoutMessage],
  ];
}

export interface StartOrders {
  id: string;
  runDir: string;
  /** No log when absent. */
  logPath?: string;
  exitPath: string;
  /** liblxc's `key=value` settings. */
  config: string[];
  /** First ids of the lowest and the highest range a container may get when the one in `config` is in use. */
  idRanges?: { lowest: number; highest: number };
  /** Content of the files the supervisor is to write, by path. */
  files?: Record<string, string>;
  payload: Buffer;
  /** See network-orders.ts. */
  network?: Field[];
  tty?: boolean;
  openStdin?: boolean;
  /** The end of an attached stdin ends the container's. */
  stdinOnce?: boolean;
  /** The spawner itself becomes the supervisor. */
  become?: boolean;
  /** It is the second half of a restart. */
  restarted?: boolean;
  logMaxSize?: number;
  logMaxFiles?: number;
  /** Path of the store's events. */
  journal?: string;
  /** Of the container's events: the members of a JSON object. */
  attributes?: string;
  /** Streams attached from the start: 1 stdin, 2 stdout, 4 stderr. */
  mask?: number;
  /** Absent: it is never started again, whatever is asked later. */
  restart?: RestartOrders;
  health?: HealthOrders;
}

export function encodeStart(orders: StartOrders): Buffer {
  const flags =
    (orders.tty ? START_FLAG.tty : 0) |
    (orders.openStdin ? START_FLAG.openStdin : 0) |
    (orders.stdinOnce ? START_FLAG.stdinOnce : 0) |
    (orders.become ? START_FLAG.become : 0) |
    (orders.restarted ? START_FLAG.restart : 0);
  const fields: Field[] = [
    [1, orders.id],
    [2, orders.runDir],
    ...orders.config.map((item): Field => [4, item]),
    ...Object.entries(orders.files ?? {}).map(([path, text]): Field => [12, Buffer.from(`${path}\0${text}`)]),
    [5, orders.exitPath],
    [6, orders.payload],
    [7, u32(flags)],
    [11, u32(orders.mask ?? 0)],
    ...(orders.network ?? []),
  ];
  if (orders.idRanges !== undefined) fields.push([40, u32(orders.idRanges.lowest)], [41, u32(orders.idRanges.highest)]);
  if (orders.logPath !== undefined) fields.push([3, orders.logPath]);
  if (orders.logMaxSize !== undefined) fields.push([8, u64(BigInt(orders.logMaxSize))]);
  if (orders.logMaxFiles !== undefined) fields.push([9, u32(orders.logMaxFiles)]);
  if (orders.journal !== undefined) fields.push([30, orders.journal]);
  if (orders.attributes !== undefined) fields.push([31, orders.attributes]);
  if (orders.restart !== undefined) fields.push(...restartFields(orders.restart));
  if (orders.health !== undefined) fields.push(...healthFields(orders.health));
  return encodeFields(fields);
}

export interface ExecOrders {
  id: string;
  payload: Buffer;
  tty?: boolean;
  openStdin?: boolean;
  /** With every capability the supervisor has, instead of the container's. */
  privileged?: boolean;
  mask?: number;
}

export function encodeExec(orders: ExecOrders): Buffer {
  const flags =
    (orders.tty ? START_FLAG.tty : 0) |
    (orders.openStdin ? START_FLAG.openStdin : 0) |
    (orders.privileged ? START_FLAG.privileged : 0);
  return encodeFields([
    [1, orders.id],
    [6, orders.payload],
    [7, u32(flags)],
    [11, u32(orders.mask ?? 0)],
  ]);
}

/** ATTACH, SIGNAL, RESIZE: numbers by tag and the exec they are for, the container's init when absent. */
export function encodeRequest(numbers: Readonly<Record<number, number | undefined>>, execId?: string): Buffer {
  const fields: Field[] = [];
  for (const [tag, value] of Object.entries(numbers)) if (value !== undefined) fields.push([Number(tag), u32(value)]);
  if (execId !== undefined) fields.push([4, execId]);
  return encodeFields(fields);
}

/** What a supervisor says. `execId` is '' for the container's init. */
export type Message =
  | { kind: 'started'; pid: number; startedAt: string; execId: string; supervisorPid: number; supervisorStart: string | undefined; warnings: string[] }
  | { kind: 'failed'; failure: number; errno: number; message: string; execId: string; lines: string[] }
  | { kind: 'exited'; status: number; finishedAt: string; execId: string; oomKilled: boolean; restarting: boolean; startedAt: string }
  | { kind: 'state'; pid: number; startedAt: string; supervisorPid: number; frozen: boolean; refusedNames: number; execIds: string[] }
  | { kind: 'done'; errno: number }
  | { kind: 'drained'; execId: string };

/** It may have been unable to read it, and names nobody then: who gets the message looks itself. */
function knownTime(time: string): string | undefined {
  return time === '0' ? undefined : time;
}

/** @throws RangeError when it is malformed; undefined for a type this version does not know */
export function decodeMessage(type: number, body: Buffer): Message | undefined {
  const fields = decodeFields(body);
  const find = (tag: number) => fields.find(([other]) => other === tag)?.[1];
  const text = (tag: number) => find(tag)?.toString() ?? '';
  const all = (tag: number) => fields.filter(([other]) => other === tag).map(([, content]) => content.toString());
  const number = (tag: number) => find(tag)?.readUInt32LE() ?? 0;
  const long = (tag: number) => (find(tag)?.readBigUInt64LE() ?? 0n).toString();
  switch (type) {
    case FRAME.started:
      return { kind: 'started', pid: number(1), startedAt: long(2), execId: text(4), supervisorPid: number(5), supervisorStart: knownTime(long(7)), warnings: all(6) };
    case FRAME.failed:
      return { kind: 'failed', failure: number(1), errno: number(2), message: text(3), execId: text(4), lines: all(5) };
    case FRAME.exited:
      return { kind: 'exited', status: number(1), finishedAt: long(2), execId: text(4), oomKilled: (number(3) & EXITED_FLAG.oom) !== 0, restarting: (number(3) & EXITED_FLAG.restarting) !== 0, startedAt: long(20) };
    case FRAME.state:
      return { kind: 'state', pid: number(1), startedAt: long(2), supervisorPid: number(5), frozen: number(6) !== 0, refusedNames: Number(long(8)), execIds: all(4) };
    case FRAME.done:
      return { kind: 'done', errno: number(1) };
    case FRAME.drained:
      return { kind: 'drained', execId: text(4) };
    default:
      return undefined;
  }
}

// SPDX-License-Identifier: Apache-2.0
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { closeFd, pipe } from '../binding/supervisor';

export interface AttachOptions {
  /** Connect its standard input; default false. */
  stdin?: boolean;
  /** Default true. */
  stdout?: boolean;
  /** Default true; with a terminal everything comes through stdout. */
  stderr?: boolean;
  /** Size of the terminal. */
  rows?: number;
  columns?: number;
  /** Lets go, as `detach()`; `exited` then rejects with E_ABORTED. */
  signal?: AbortSignal;
  /**
   * Descriptors of this process to hand over instead of making streams: the data then never passes through Node. They stay
   * open here and are not the caller's to use until the exit.
   */
  fds?: { stdin?: number; stdout?: number; stderr?: number };
}

/** The Node side of a process's standard streams; null where not connected. */
export interface Streams {
  stdin: Writable | null;
  stdout: Readable | null;
  stderr: Readable | null;
}

/** Bits of the stream mask, see docs/architecture.md. */
const STDIN = 1;
const STDOUT = 2;
const STDERR = 4;

/** One end of each stream for us, the other to send to the supervisor. */
export interface StreamEnds {
  streams: Streams;
  mask: number;
  /** In mask order; `sent()` closes those that are ours once they are in the socket. */
  fds: number[];
  sent(): void;
  /** Takes everything back when nothing came of it. */
  discard(): void;
}

export function makeStreams(options: AttachOptions, tty: boolean): StreamEnds {
  const given = options.fds ?? {};
  const streams: Streams = { stdin: null, stdout: null, stderr: null };
  const fds: number[] = [];
  const own: number[] = [];
  let mask = 0;
  const add = (bit: number, fd: number) => {
    mask |= bit;
    fds.push(fd);
  };
  const sent = () => {
    for (const fd of own.splice(0)) closeFd(fd);
  };
  const discard = () => {
    sent();
    for (const stream of Object.values(streams) as (Socket | null)[]) stream?.destroy();
  };
  const make = (): [number, number] => {
    try {
      return pipe();
    } catch (error) {
      discard();
      throw error;
    }
  };
  if (given.stdin !== undefined) add(STDIN, given.stdin);
  else if (options.stdin === true) {
    const [read, write] = make();
    own.push(read);
    add(STDIN, read);
    streams.stdin = new Socket({ fd: write, readable: false, writable: true });
  }
  const output = (bit: number, fd: number | undefined, wanted: boolean): Readable | null => {
    if (fd !== undefined) add(bit, fd);
    if (fd !== undefined || !wanted) return null;
    const [read, write] = make();
    own.push(write);
    add(bit, write);
    return new Socket({ fd: read, readable: true, writable: false });
  };
  streams.stdout = output(STDOUT, given.stdout, options.stdout !== false);
  if (!tty) streams.stderr = output(STDERR, given.stderr, options.stderr !== false);
  return { streams, mask, fds, sent, discard };
}

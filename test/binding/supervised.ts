// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { encodeFields, type Field, u32 } from '../../lib/binding/frames';
import { programPath } from '../../lib/binding/load';
import { closeFd, pipe, type Spawner, spawnSupervisor, type StartRequest, SupervisorConnection } from '../../lib/binding/supervisor';
import { buildBusyboxRootfs } from '../helpers/busybox';

export interface PayloadOptions {
  env?: string[];
  cwd?: string;
  user?: string;
  /** 1 tty, 2 init, 4 no new privileges, 8 new session. */
  flags?: number;
  rows?: number;
  columns?: number;
  extra?: Field[];
}

export function payloadOf(argv: string[], options: PayloadOptions = {}): Buffer {
  const fields: Field[] = argv.map((word): Field => [1, word]);
  for (const entry of options.env ?? ['PATH=/bin']) fields.push([2, entry]);
  if (options.cwd !== undefined) fields.push([3, options.cwd]);
  if (options.user !== undefined) fields.push([4, options.user]);
  fields.push([6, u32(options.flags ?? 0)]);
  if (options.rows !== undefined) fields.push([9, u32(options.rows)]);
  if (options.columns !== undefined) fields.push([10, u32(options.columns)]);
  return encodeFields([...fields, ...(options.extra ?? [])]);
}

export interface Ends {
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  fds: number[];
  mask: number;
  sent(): void;
}

/** Pipes for all three streams. */
export function openEnds(): Ends {
  const [inRead, inWrite] = pipe();
  const [outRead, outWrite] = pipe();
  const [errRead, errWrite] = pipe();
  const fds = [inRead, outWrite, errWrite];
  return {
    stdin: new Socket({ fd: inWrite, readable: false, writable: true }),
    stdout: new Socket({ fd: outRead, readable: true, writable: false }),
    stderr: new Socket({ fd: errRead, readable: true, writable: false }),
    fds,
    mask: 7,
    sent: () => fds.forEach(closeFd),
  };
}

export interface Running {
  connection: SupervisorConnection;
  name: string;
  ends: Ends;
}

/** Containers on a plain directory with busybox, without the rest of the engine. */
export class Supervised {
  readonly directory = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
  readonly rootfs = buildBusyboxRootfs(join(this.directory, 'rootfs'));
  readonly spawner: Spawner = spawnSupervisor(() => undefined);
  private count = 0;
  private readonly open = new Set<SupervisorConnection>();

  path(name: string): string {
    return join(this.directory, name);
  }

  control(name: string): string {
    return join(this.directory, 'run', name, 'ctl');
  }

  start(argv: string[], options: PayloadOptions & Partial<StartRequest> = {}): Running {
    const name = `dockerlite-test-${process.pid}-${this.count++}`;
    const ends = openEnds();
    const { env, cwd, user, flags, rows, columns, extra, config, ...rest } = options;
    const connection = this.spawner.start({
      id: name,
      runDir: join(this.directory, 'run', name),
      logPath: this.path(`${name}.log`),
      exitPath: this.path(`${name}.exit`),
      config: [...this.config(), ...(config ?? [])],
      payload: payloadOf(argv, { env, cwd, user, flags, rows, columns, extra }),
      mask: ends.mask,
      fds: ends.fds,
      ...rest,
    });
    ends.sent();
    this.open.add(connection);
    return { connection, name, ends };
  }

  connect(name: string): SupervisorConnection {
    const connection = SupervisorConnection.connect(this.control(name));
    this.open.add(connection);
    return connection;
  }

  config(): string[] {
    return [
      `lxc.rootfs.path=dir:${this.rootfs}`,
      'lxc.console.path=none',
      'lxc.tty.max=0',
      'lxc.pty.max=1024',
      'lxc.autodev=1',
      `lxc.mount.entry=${programPath('dockerlite-init')} dev/.dockerlite/init none bind,ro,create=file 0 0`,
      'lxc.mount.auto=proc:mixed sys:ro',
      'lxc.net.0.type=empty',
      'lxc.apparmor.profile=unconfined',
    ];
  }

  exitRecord(name: string): { status: number; error: string; startedAt: string } {
    return JSON.parse(readFileSync(this.path(`${name}.exit`), 'utf8')) as { status: number; error: string; startedAt: string };
  }

  async remove(): Promise<void> {
    await Promise.all(
      [...this.open].map(async (connection) => {
        await connection.signal(9).catch(() => undefined);
        await connection.closed;
      }),
    );
    this.spawner.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** Reads until `pattern` has come. */
export async function readUntil(stream: Readable, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer) => {
      text += chunk.toString();
      if (!pattern.test(text)) return;
      stream.off('data', onData).off('end', onEnd);
      resolve(text);
    };
    const onEnd = () => reject(new Error(`ended without ${pattern}: ${text}`));
    stream.on('data', onData).on('end', onEnd);
  });
}

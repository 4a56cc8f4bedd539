// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { DockerliteError } from '../../lib/errors';

/** Debian's docker-registry on a port of 127.0.0.1, its content in a directory of its own. */
export class LocalRegistry {
  private constructor(
    private readonly directory: string,
    readonly port: number,
    private readonly child: ChildProcess,
  ) {}

  static async start(directory: string): Promise<LocalRegistry> {
    mkdirSync(directory, { recursive: true });
    const port = await freePort();
    const lines = ['version: 0.1', 'log: { level: error, accesslog: { disabled: true } }', `storage: { filesystem: { rootdirectory: "${directory}/data" } }`, `http: { addr: "127.0.0.1:${port}" }`];
    writeFileSync(join(directory, 'config.yml'), `${lines.join('\n')}\n`);
    const child = spawn('docker-registry', ['serve', join(directory, 'config.yml')], { stdio: 'ignore' });
    child.on('error', () => undefined); // it never answers
    const registry = new LocalRegistry(directory, port, child);
    if (await answers(port, child)) return registry;
    throw new DockerliteError('E_UNSUPPORTED', 'the benchmark needs a registry of its own', { hint: 'apt-get install docker-registry' });
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** It keeps nothing in memory: what is gone from the disk is gone. */
  clear(): void {
    rmSync(join(this.directory, 'data'), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null && this.child.kill('SIGKILL')) await once(this.child, 'exit');
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a program listens on a port of 127.0.0.1; false when it has ended. */
export async function answers(port: number, child: ChildProcess): Promise<boolean> {
  while (child.exitCode === null && child.pid !== undefined) {
    const socket = connect(port, '127.0.0.1');
    const up = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false);
    socket.destroy();
    if (up) return true;
  }
  return false;
}

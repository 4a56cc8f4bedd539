// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { DockerliteError } from '../../lib/errors';
import { DockerRegistry, missingPrograms } from '../helpers/docker-registry';
import { collect, TestRegistries } from '../helpers/registry-client';

/** The first byte of a TLS connection. */
const HANDSHAKE = 22;

describe('a registry on this machine', () => {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  /** `host:port` of a server that is given each connection with its first bytes. */
  async function listen(serve: (socket: Socket, first: Buffer) => void): Promise<string> {
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      socket.once('data', (first) => serve(socket, first as Buffer));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  function speakHttp(socket: Socket, first: Buffer): void {
    const answer = () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n{"tags":["x"]}');
    socket.on('data', answer);
    if (first.includes('HTTP/1.1')) answer();
  }

  async function tags(host: string): Promise<string[]> {
    await using registries = await TestRegistries.make().knows(host, { username: 'ann', password: 'pw' });
    return await collect(registries.tags(`${host}/a`));
  }

  it('that speaks plain HTTP is not asked for TLS', async () => {
    const seen: number[] = [];
    const host = await listen((socket, first) => {
      seen.push(first[0] as number);
      speakHttp(socket, first);
    });
    assert.deepEqual(await tags(host), ['x']);
    assert.ok(!seen.includes(HANDSHAKE));
  });

  for (const [what, refuse] of [
    ['calls plain HTTP a bad request', (socket: Socket) => socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n')],
    ['ends a connection that is plain', (socket: Socket) => socket.destroy()],
    ['says what is no HTTP', (socket: Socket) => socket.end('nonsense\n')],
    ['points elsewhere', (socket: Socket) => socket.end('HTTP/1.0 302 Found\r\nlocation: https://127.0.0.1:1/v2/\r\n\r\n')],
  ] as const) {
    it(`that ${what} is asked for TLS, and where there is none speaks plain HTTP after all`, async () => {
      const asked: string[] = [];
      const host = await listen((socket, first) => {
        asked.push(first[0] === HANDSHAKE ? 'tls' : 'plain');
        (asked.length < 3 ? refuse : speakHttp)(socket, first);
      });
      assert.deepEqual(await tags(host), ['x']);
      assert.deepEqual(asked.slice(0, 3), ['plain', 'tls', 'plain']);
    });
  }

  it('that speaks TLS is reached, whatever its certificate', async function () {
    const missing = missingPrograms('docker-registry', 'openssl');
    if (missing !== undefined) {
      console.log(`      ${missing}`);
      return this.skip();
    }
    await using server = await DockerRegistry.start({ tls: true, auth: true });
    await assert.rejects(tags(server.host), ({ message }: DockerliteError) => /repository name not known to registry/.test(message));
  });
});

// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { createServer, request as forward, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { parseRemoteReference } from '../../lib/registry/reference';
import { FakeRegistry } from '../helpers/fake-registry';
import { TestRegistries } from '../helpers/registry-client';

/** A name that leads nowhere but through the proxy. */
const HOST = 'registry.invalid:5000';

describe('a registry behind a proxy', () => {
  let fake: FakeRegistry;
  let proxy: Server;
  const seen: string[] = [];

  before(async () => {
    fake = await FakeRegistry.start();
    proxy = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const { pathname, search } = new URL(request.url as string);
      forward(fake.url + pathname + search, { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }).end();
    });
    proxy.on('connect', (request, socket) => {
      seen.push(`CONNECT ${request.url} ${request.headers['proxy-authorization'] ?? ''}`);
      const [host, port] = fake.host.split(':') as [string, string];
      const upstream = connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'));
      socket.pipe(upstream).pipe(socket);
      for (const one of [socket, upstream]) one.on('error', () => one.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    process.env['HTTP_PROXY'] = process.env['HTTPS_PROXY'] = `http://me:secret@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  after(async () => {
    delete process.env['HTTP_PROXY'];
    delete process.env['HTTPS_PROXY'];
    proxy.closeAllConnections();
    proxy.close();
    await fake.stop();
  });

  it('is asked for by CONNECT for TLS and by its whole URL without', async () => {
    const image = fake.addImage('a', 'v1', []);
    await using registries = TestRegistries.make({ insecure: [HOST] });
    assert.equal((await registries.manifest(parseRemoteReference(`${HOST}/a:v1`))).digest, image.digest);
    const basic = `Basic ${Buffer.from('me:secret').toString('base64')}`;
    assert.deepEqual(seen, [`CONNECT ${HOST} ${basic}`, `GET http://${HOST}/v2/ ${basic}`, `GET http://${HOST}/v2/a/manifests/v1 ${basic}`]);
    // The proxy's password is the proxy's.
    assert.equal(fake.log.at(-1)?.headers.authorization, undefined);
  });
});

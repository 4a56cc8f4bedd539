// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cli } from '../helpers/cli';
import { makeCertificates } from '../helpers/certificates';
import { TestEngine } from '../helpers/engine';
import { FakeRegistry } from '../helpers/fake-registry';

describe('the certificates of NODE_EXTRA_CA_CERTS', () => {
  let test: TestEngine;
  let directory: string;
  let authority: string;
  let dockerlite: Cli;
  before(async () => {
    test = await TestEngine.create();
    dockerlite = new Cli(test.root);
    directory = mkdtempSync(join(tmpdir(), 'start-up-'));
    makeCertificates(directory);
    authority = join(directory, 'ca.crt');
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    await test.remove();
  });

  const names = ['NODE_EXTRA_CA_CERTS', 'DOCKERLITE_EXTRA_CA_CERTS'];
  const inContainer = async (env: Record<string, string>) => {
    const result = await dockerlite.runWith({ env }, 'run', '--rm', '--network', 'none', ...names.flatMap((name) => ['-e', name]), 'busybox', 'env');
    assert.equal(result.stderr, '');
    return result.stdout.split('\n').filter((line) => names.includes(line.split('=')[0] as string));
  };

  it('are not read by a command that has no use for them', async () => {
    // Node itself would warn of a file that is not there.
    assert.deepEqual(await inContainer({ NODE_EXTRA_CA_CERTS: '/nonexistent/a b.crt' }), ['NODE_EXTRA_CA_CERTS=/nonexistent/a b.crt']);
  });

  it('are none where it is empty', async () => {
    assert.deepEqual(await inContainer({ NODE_EXTRA_CA_CERTS: '' }), []);
  });

  it('count for registries', async () => {
    const tls = { key: readFileSync(join(directory, 'server.key'), 'utf8'), cert: readFileSync(join(directory, 'server.crt'), 'utf8') };
    await using registry = await FakeRegistry.start({ tls });
    // By its name: one at 127.0.0.1 may have any certificate.
    const proxy = createServer().on('connect', (_, client: Socket) => {
      const server = connect(Number(registry.host.split(':')[1]), '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
      for (const [one, other] of [[client, server], [server, client]] as const) one.on('error', () => other.destroy()).pipe(other);
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    try {
      const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
      const ask = (NODE_EXTRA_CA_CERTS: string) =>
        dockerlite.runWith({ env: { NODE_EXTRA_CA_CERTS, HTTPS_PROXY, NO_PROXY: '', no_proxy: '' } }, 'manifest', 'inspect', 'registry.test/a/b:c');
      assert.match((await ask('')).stderr, /certificate/);
      assert.equal((await ask(authority)).stderr, 'dockerlite: no such manifest: registry.test/a/b:c\n');
    } finally {
      proxy.close();
    }
  });
});

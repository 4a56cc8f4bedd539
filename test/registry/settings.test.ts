// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { proxyFor } from '../../lib/registry/proxy';
import { nextPause, parseRetryAfter } from '../../lib/registry/retry';
import { loadSettings } from '../../lib/registry/settings';

describe('settings of registries', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), 'registries-'))));
  after(() => {
    delete process.env['DOCKERLITE_REGISTRIES'];
    rmSync(directory, { recursive: true });
  });
  function settings(content: string) {
    const file = join(directory, 'registries.json');
    writeFileSync(file, content);
    process.env['DOCKERLITE_REGISTRIES'] = file;
    return loadSettings();
  }

  it('knows mirrors and insecure registries as Docker writes them', () => {
    const loaded = settings('{"registry-mirrors":["https://m.example"],"insecure-registries":["h.example:5000","10.0.0.0/8","fd00::/8","other"],"mirrors":{"ghcr.io":["http://g.example/x/"]}}');
    assert.deepEqual(loaded.mirrors('docker.io').map(String), ['https://m.example/']);
    assert.deepEqual(loaded.mirrors('ghcr.io').map(String), ['http://g.example/x/']);
    assert.deepEqual(loaded.mirrors('constructor'), []);
    for (const host of ['h.example:5000', '10.1.2.3', '10.1.2.3:443', '[fd00::1]:5000', 'other:1', 'localhost', 'localhost:5000', '127.0.0.1:5000', '127.9.9.9', '[::1]:5000']) assert.ok(loaded.isInsecure(host), host);
    for (const host of ['h.example', 'h.example:5001', '11.0.0.1', 'x.other', '[fe80::1]', 'docker.io', 'localhost.example']) assert.ok(!loaded.isInsecure(host), host);
  });

  it('says what is wrong with a file', () => {
    assert.throws(() => settings('{'), /registries\.json/);
    assert.throws(() => settings('[]'), /not a JSON object/);
    assert.throws(() => settings('{"registry-mirrors":["file:///etc"]}').mirrors('docker.io'), /invalid registry mirror/);
  });

  it('finds the proxy as curl and Go do', () => {
    const proxy = (url: string, environment: Record<string, string>) => proxyFor(new URL(url), environment)?.href;
    assert.equal(proxy('https://h.example/', { HTTPS_PROXY: 'http://p:3128' }), 'http://p:3128/');
    assert.equal(proxy('https://h.example/', { https_proxy: 'p:3128', HTTPS_PROXY: 'x' }), 'http://p:3128/');
    assert.equal(proxy('http://h.example/', { HTTPS_PROXY: 'http://p' }), undefined);
    assert.equal(proxy('http://h.example/', { HTTP_PROXY: 'http://u:w@p' }), 'http://u:w@p/');
    assert.throws(() => proxy('http://h.example/', { HTTP_PROXY: 'ftp://p' }), /not an http or https URL/);
    assert.equal(proxy('http://h.example/', { HTTP_PROXY: '' }), undefined);
  });

  it('honours NO_PROXY, and never asks a proxy for this machine', () => {
    const excluded = (host: string, list: string) => proxyFor(new URL(`https://${host}/`), { HTTPS_PROXY: 'http://p', NO_PROXY: list }) === undefined;
    for (const [host, list] of [['h.example', 'h.example'], ['a.h.example', 'h.example'], ['a.h.example', '.h.example'], ['a.h.example', '*.h.example'], ['h.example', '*'], ['h.example:5000', 'h.example:5000'], ['10.1.1.1', '10.0.0.0/8'], ['[fd00::1]', 'fd00::/8'], ['h.example', 'x, h.example ,y'], ['127.0.0.1:5000', ''], ['localhost', ''], ['[::1]', '']] as const) assert.ok(excluded(host, list), `${host} in ${list}`);
    for (const [host, list] of [['h.example', '.h.example'], ['xh.example', 'h.example'], ['h.example:5001', 'h.example:5000'], ['11.1.1.1', '10.0.0.0/8'], ['h.example', '10.0.0.0/8'], ['h.example', '10.0.0.0/99']] as const) assert.ok(!excluded(host, list), `${host} not in ${list}`);
  });

  it('waits as long as it is asked, within reason, and else a little longer each time', () => {
    const { patience } = loadSettings({ patience: { backOff: 100, longestPause: 5000 } });
    assert.equal(nextPause(1, '3', patience), 3000);
    assert.equal(nextPause(1, '3600', patience), undefined);
    for (const attempt of [1, 2, 3, 20]) {
      const ceiling = Math.min(100 * 2 ** (attempt - 1), 5000);
      const pause = nextPause(attempt, undefined, patience) as number;
      assert.ok(pause >= ceiling / 2 && pause <= ceiling);
    }
    assert.equal(parseRetryAfter('Wed, 21 Oct 2026 07:28:10 GMT', Date.parse('2026-10-21T07:28:00Z')), 10_000);
    assert.equal(parseRetryAfter('soon'), undefined);
  });
});

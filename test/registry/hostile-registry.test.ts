// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { DockerliteError, type ErrorCode } from '../../lib/errors';
import { LARGEST_MANIFEST } from '../../lib/registry/manifest';
import { MEDIA } from '../../lib/registry/media-types';
import { hostPlatform } from '../../lib/registry/platform';
import { parseRemoteReference } from '../../lib/registry/reference';
import { FakeRegistry, fail, sha256 } from '../helpers/fake-registry';
import { bytesOf, collect, TestRegistries } from '../helpers/registry-client';

/** Writes until the other side has gone. */
function endless(response: ServerResponse, piece: Buffer): void {
  const more = (): void => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

describe('a hostile registry', () => {
  let fake: FakeRegistry;
  let registries: TestRegistries;

  beforeEach(async () => {
    fake = await FakeRegistry.start();
    registries = TestRegistries.make();
  });
  afterEach(async () => {
    await registries.close();
    await fake.stop();
  });

  const reference = (rest = 'a:v1') => parseRemoteReference(`${fake.host}/${rest}`);
  const manifest = (rest?: string) => registries.manifest(reference(rest));
  const isError = (code: ErrorCode, pattern = /./) => (error: DockerliteError) => {
    assert.equal(error.code, code, error.stack);
    assert.match(error.message, pattern);
    return true;
  };
  /** Answers what is asked for below /v2/ so, the greeting excepted. */
  function answer(how: (response: ServerResponse, url: URL) => void): void {
    fake.intercept = (_, response, url) => (url.pathname === '/v2/' ? false : (how(response, url), true));
  }
  const blob = (bytes: Buffer) => ({ mediaType: MEDIA.ociLayer, digest: sha256(bytes), size: bytes.length });
  const read = (descriptor: ReturnType<typeof blob>, offset = 0) => bytesOf(registries.source(reference()).open(descriptor, offset));

  it('sends another manifest than the one that was asked for', async () => {
    const { digest } = fake.addImage('a', 'v1', []);
    fake.addManifest('a', undefined, { evil: true }, MEDIA.ociManifest);
    fake.manifests.set(`a:${digest}`, { raw: Buffer.from('{"schemaVersion":2}'), mediaType: MEDIA.ociManifest });
    await assert.rejects(manifest(`a@${digest}`), isError('E_DIGEST', /digest verification failed/));
  });

  it('lies about the digest of a tag', async () => {
    answer((response) => response.writeHead(200, { 'docker-content-digest': sha256('x'), 'content-type': MEDIA.ociManifest }).end('{}'));
    await assert.rejects(manifest(), isError('E_DIGEST'));
  });

  it('announces, or just sends, a manifest of 100 MB', async () => {
    answer((response) => void response.writeHead(200, { 'content-length': 100_000_000 }).write('{'));
    await assert.rejects(manifest(), isError('E_REGISTRY', /larger than/));
    answer((response) => endless(response, Buffer.alloc(65_536, ' ')));
    await assert.rejects(manifest(), isError('E_REGISTRY', new RegExp(`larger than ${LARGEST_MANIFEST}`)));
  });

  it('sends an error message without end, or one that draws on the terminal', async () => {
    answer((response) => endless(response.writeHead(400), Buffer.alloc(65_536, '!')));
    await assert.rejects(manifest(), isError('E_REGISTRY', /status 400/));
    answer((response) => fail(response, 400, 'X\u001b[2J', 'a\nb\u001b]0;x\u0007\u202ec'));
    await assert.rejects(manifest(), isError('E_REGISTRY', /^[\x20-\x7e]+$/));
  });

  it('redirects for ever, to files, to nowhere, to itself without TLS', async () => {
    answer((response, url) => response.writeHead(302, { location: `${url.pathname}?${Math.random()}` }).end());
    await assert.rejects(manifest(), isError('E_REGISTRY', /stopped after 10 redirects/));
    for (const location of ['file:///etc/shadow', 'data:text/plain,x', 'gopher://h/', 'javascript:1']) {
      answer((response) => response.writeHead(307, { location }).end());
      await assert.rejects(manifest(), isError('E_REGISTRY', /refused: not HTTP/));
    }
    answer((response) => response.writeHead(307, { location: 'http://[' }).end());
    await assert.rejects(manifest(), isError('E_REGISTRY', /which is no URL/));
  });

  it('does not answer, or stops in the middle', async () => {
    await using hasty = TestRegistries.make({ patience: { answer: 200, idle: 200, connect: 2000, attempts: 2 } });
    answer(() => undefined);
    await assert.rejects(hasty.manifest(reference()), isError('E_REGISTRY_UNREACHABLE', /timed out while waiting/));
    answer((response) => void response.writeHead(200, { 'content-length': 100 }).write('{'));
    await assert.rejects(hasty.manifest(reference()), isError('E_REGISTRY_UNREACHABLE', /timed out while reading/));
    const half = blob(Buffer.alloc(1000));
    answer((response) => void response.writeHead(200, { 'content-length': 1000 }).write('x'));
    await assert.rejects(bytesOf(hasty.source(reference()).open(half, 0)), isError('E_REGISTRY_UNREACHABLE', /timed out while reading/));
  }).timeout(60_000);

  it('closes every connection', async () => {
    answer((response) => response.socket?.destroy());
    await assert.rejects(manifest(), isError('E_REGISTRY_UNREACHABLE'));
    assert.equal(fake.requests('GET', /manifests/).length, 3);
  });

  it('speaks something that is not HTTP', async () => {
    answer((response) => void response.socket?.end('220 smtp ready\r\n'));
    await assert.rejects(manifest(), isError('E_REGISTRY_UNREACHABLE'));
  });

  it('sends headers without end', async () => {
    answer((response) => void response.socket?.write(`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}\r\n`));
    await assert.rejects(manifest(), isError('E_REGISTRY_UNREACHABLE'));
  });

  it('sends a blob that is another, too long, too short, endless', async () => {
    const honest = Buffer.from('honest content');
    answer((response) => response.end('dishonest cont'));
    await assert.rejects(read(blob(honest)), isError('E_DIGEST', /digest verification failed/));
    answer((response) => response.end(Buffer.concat([honest, honest])));
    await assert.rejects(read(blob(honest)), isError('E_DIGEST', /the server has 28 bytes/));
    answer((response) => response.end('short'));
    await assert.rejects(read(blob(honest)), isError('E_DIGEST', /the server has 5 bytes/));
    answer((response) => endless(response, honest));
    await assert.rejects(read(blob(honest)), isError('E_DIGEST', /longer than/));
    answer((response) => response.writeHead(200, { 'transfer-encoding': 'chunked' }).end('short'));
    await assert.rejects(read(blob(honest)), isError('E_REGISTRY_UNREACHABLE', /ended after 5 of 14 bytes/));
  });

  it('answers a range with another', async () => {
    const descriptor = blob(Buffer.alloc(100));
    for (const range of ['bytes 0-99/100', 'bytes 50-98/100', 'bytes 50-99/200', 'bytes 50-149/*', 'nonsense', '']) {
      answer((response) => response.writeHead(206, { 'content-range': range }).end(Buffer.alloc(50)));
      await assert.rejects(read(descriptor, 50), isError('E_REGISTRY', /another range/), range);
    }
  });

  it('has indexes that contain one another, or are deeper than anybody needs', async () => {
    const platform = hostPlatform();
    let inner: { digest: string; size: number; mediaType: string } = fake.addImage('i', undefined, []);
    for (let depth = 0; depth < 8; depth++) inner = fake.addManifest('i', 'deep', { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [{ ...inner, platform }] }, MEDIA.ociIndex);
    await assert.rejects(registries.source(reference('i')).resolve(reference('i:deep'), platform), isError('E_REGISTRY', /indexes within indexes/));
    // A digest cannot name a document that contains it: a cycle is a lie about one of the two.
    const raw = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [{ mediaType: MEDIA.ociIndex, digest: sha256('cycle'), size: 7, platform }] }));
    for (const name of ['cycle', sha256('cycle')]) fake.manifests.set(`i:${name}`, { raw, mediaType: MEDIA.ociIndex });
    await assert.rejects(registries.source(reference('i')).resolve(reference('i:cycle'), platform), isError('E_DIGEST'));
  });

  it('lies about the size of a manifest in its index', async () => {
    const platform = hostPlatform();
    const image = fake.addImage('i', undefined, []);
    fake.addManifest('i', 'v1', { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [{ ...image, config: undefined, size: 1, platform }] }, MEDIA.ociIndex);
    await assert.rejects(registries.source(reference('i')).resolve(reference('i:v1'), platform), isError('E_REGISTRY', /the index says 1/));
  });

  it('has a configuration of 100 MB', async () => {
    await assert.rejects(registries.source(reference()).config({ ...blob(Buffer.alloc(1)), size: 100_000_000 }), isError('E_REGISTRY', /too many for a configuration/));
  });

  it('has a list of tags that never ends, goes in circles, is no list', async () => {
    let page = 0;
    answer((response) => response.writeHead(200, { link: `</v2/a/tags/list?last=${page++}>; rel="next"` }).end('{"tags":["x"]}'));
    await assert.rejects(collect(registries.tags(reference())), isError('E_REGISTRY', /do not end/));
    answer((response) => response.writeHead(200, { link: '<?last=1>; rel=next' }).end('{"tags":["x"]}'));
    await assert.rejects(collect(registries.tags(reference())), isError('E_REGISTRY', /do not end/));
    answer((response) => response.end('{"tags":null}'));
    assert.deepEqual(await collect(registries.tags(reference())), []);
    answer((response) => response.end('{"tags":[1,null,{},"x"]}'));
    assert.deepEqual(await collect(registries.tags(reference())), ['x']);
    answer((response) => endless(response, Buffer.from('[')));
    await assert.rejects(collect(registries.tags(reference())), isError('E_REGISTRY', /larger than/));
  }).timeout(60_000);

  it('leads the next page to another host: it is asked for here', async () => {
    let first = true;
    answer((response, url) => {
      assert.equal(url.host, fake.host);
      response.writeHead(200, first ? { link: '<http://evil.invalid/v2/a/tags/list?last=1>; rel="next"' } : {}).end('{"tags":["x"]}');
      first = false;
    });
    assert.deepEqual(await collect(registries.tags(reference())), ['x', 'x']);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { DockerliteError } from '../../lib/errors';
import { hostPlatform, parsePlatform } from '../../lib/registry/platform';
import { MEDIA } from '../../lib/registry/media-types';
import { parseRemoteReference, type RemoteReference } from '../../lib/registry/reference';
import { FakeRegistry, fail, sha256 } from '../helpers/fake-registry';
import { bytesOf, collect, TestRegistries } from '../helpers/registry-client';

describe('a registry', () => {
  let fake: FakeRegistry;
  let registries: TestRegistries;

  beforeEach(async () => {
    fake = await FakeRegistry.start({ page: 2 });
    registries = TestRegistries.make();
  });
  afterEach(async () => {
    await registries.close();
    await fake.stop();
  });

  const reference = (rest: string): RemoteReference => parseRemoteReference(`${fake.host}/${rest}`);
  const layer = (bytes: Buffer) => ({ bytes, diffId: sha256(bytes) });

  it('gives manifests by tag and by digest, verified', async () => {
    const image = fake.addImage('a/b', 'v1', [layer(Buffer.from('x'))]);
    const byTag = await registries.manifest(reference('a/b:v1'));
    assert.equal(byTag.digest, image.digest);
    assert.deepEqual(await registries.manifest(reference(`a/b@${image.digest}`)), byTag);
  });

  it('says in Docker\'s words that there is no such image', async () => {
    await assert.rejects(registries.manifest(reference('a/b:none')), (error: DockerliteError) => {
      assert.equal(error.code, 'E_NOT_FOUND');
      assert.equal(error.message, `manifest for ${fake.host}/a/b:none not found: manifest unknown: manifest unknown`);
      return true;
    });
  });

  it('is not asked again by one that has been closed', async () => {
    await using closed = TestRegistries.make();
    await closed.close();
    await assert.rejects(closed.manifest(reference('a/b:v1')), { code: 'E_ABORTED' });
    assert.equal(fake.log.length, 0);
  });

  it('follows an index, and one within it, to the image of a platform', async () => {
    const images = ['amd64', 'arm64'].map((architecture) => ({ ...fake.addImage('i', undefined, [layer(Buffer.from(architecture))]), architecture }));
    const entries = images.map(({ digest, size, mediaType, architecture }) => ({ digest, size, mediaType, platform: { os: 'linux', architecture } }));
    const inner = fake.addManifest('i', undefined, { schemaVersion: 2, manifests: entries }, MEDIA.dockerList);
    const top = fake.addManifest('i', 'multi', { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [{ ...inner, platform: { os: 'linux', architecture: 'arm64' } }, entries[0]] }, MEDIA.ociIndex);
    const source = registries.source(reference('i'));
    const resolved = await source.resolve(reference('i:multi'), parsePlatform('linux/arm64'));
    assert.equal(resolved.top.digest, top.digest);
    assert.equal(resolved.manifest.digest, images[1]?.digest);
    assert.equal((await source.resolve(reference('i:multi'), parsePlatform('linux/amd64'))).manifest.digest, images[0]?.digest);
    await assert.rejects(source.resolve(reference('i:multi'), parsePlatform('linux/s390x')), /no matching manifest for linux\/s390x/);
  });

  it('lists tags and repositories page by page', async () => {
    for (const tag of ['a', 'b', 'c', 'd', 'e']) fake.addImage('many', tag, []);
    for (const name of ['x', 'y', 'z/zz']) fake.addBlob(name, Buffer.from('b'));
    assert.deepEqual(await collect(registries.tags(`${fake.host}/many`)), ['a', 'b', 'c', 'd', 'e']);
    assert.deepEqual(await collect(registries.catalog(fake.host)), ['many', 'x', 'y', 'z/zz']);
  });

  it('searches the catalog of a registry without a search', async () => {
    for (const name of ['foo', 'food/bar', 'other']) fake.addBlob(name, Buffer.from('b'));
    const found = await registries.search('foo', { host: fake.host });
    assert.deepEqual(found.map(({ name }) => name), [`${fake.host}/foo`, `${fake.host}/food/bar`]);
    assert.equal((await registries.search('foo', { host: fake.host, limit: 1 })).length, 1);
    await assert.rejects(registries.search('foo', { host: fake.host, limit: 101 }), /outside the range/);
  });

  it("uses a registry's search where it has one", async () => {
    fake.intercept = (_, response, url) => {
      if (url.pathname !== '/v1/search') return false;
      assert.equal(url.searchParams.get('q'), 'bus y');
      response.end(JSON.stringify({ results: [{ name: 'busybox', description: 'd', star_count: 3, is_official: true, is_automated: false }, null, 'x'] }));
      return true;
    };
    assert.deepEqual(await registries.search('bus y', { host: fake.host }), [{ name: 'busybox', description: 'd', stars: 3, official: true, automated: false }]);
  });

  it('lists referrers by the API and, where there is none, by tag', async () => {
    const subject = fake.addImage('r', 'v1', []);
    const entry = { mediaType: MEDIA.ociManifest, digest: sha256('sig'), size: 3, artifactType: 'application/x-sig' };
    assert.deepEqual(await registries.referrers(`${fake.host}/r`, subject.digest), []);
    fake.addManifest('r', subject.digest.replace(':', '-'), { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [entry] }, MEDIA.ociIndex);
    const listed = await registries.referrers(`${fake.host}/r`, subject.digest, 'application/x-sig');
    assert.deepEqual(listed.map(({ digest }) => digest), [entry.digest]);
    assert.deepEqual(await registries.referrers(`${fake.host}/r`, subject.digest, 'application/x-other'), []);
  });

  it('tries again after 429 and 503, as late as it is asked to', async () => {
    fake.addImage('a', 'v1', []);
    let refusals = 2;
    fake.intercept = (_, response, url) => {
      if (!url.pathname.includes('manifests') || refusals === 0) return false;
      response.writeHead(refusals-- === 2 ? 429 : 503, { 'retry-after': '0' }).end();
      return true;
    };
    await registries.manifest(reference('a:v1'));
    assert.equal(fake.requests('GET', /manifests/).length, 3);
  });

  it('gives up when the registry asks for hours, and says so', async () => {
    fake.intercept = (_, response, url) => {
      if (!url.pathname.includes('manifests')) return false;
      response.setHeader('retry-after', '7200');
      fail(response, 429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit');
      return true;
    };
    await assert.rejects(registries.manifest(reference('a:v1')), (error: DockerliteError) => /toomanyrequests: You have reached your pull rate limit/.test(error.message) && /log in/.test(error.hint ?? ''));
    assert.equal(fake.requests('GET', /manifests/).length, 1);
  });

  it('resumes a broken download where it broke, again and again', async () => {
    const bytes = randomBytes(300_000);
    const blob = { mediaType: MEDIA.ociLayer, ...fake.addBlob('a', bytes) };
    fake.intercept = (request, response, url) => {
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
      if (!url.pathname.includes('/blobs/') || start >= 250_000) return false;
      response.writeHead(start === 0 ? 200 : 206, { 'content-length': bytes.length - start, 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` });
      response.write(bytes.subarray(start, start + 50_000), () => response.socket?.destroy());
      return true;
    };
    const got = await bytesOf(registries.source(reference('a')).open(blob, 0));
    assert.ok(got.equals(bytes));
    const ranges = fake.requests('GET', /blobs/).map(({ headers }) => headers.range);
    assert.equal(ranges[0], undefined);
    assert.ok(ranges.length >= 3 && ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? '')), String(ranges));
  });

  it('reads from an offset, also of a registry that knows no ranges', async () => {
    const bytes = randomBytes(200_000);
    const blob = { mediaType: MEDIA.ociLayer, ...fake.addBlob('a', bytes) };
    const source = registries.source(reference('a'));
    assert.ok((await bytesOf(source.open(blob, 150_000))).equals(bytes.subarray(150_000)));
    fake.intercept = (_, response, url) => {
      if (!url.pathname.includes('/blobs/')) return false;
      response.end(bytes);
      return true;
    };
    assert.ok((await bytesOf(source.open(blob, 150_000))).equals(bytes.subarray(150_000)));
  });

  it('reads an empty blob', async () => {
    const blob = { mediaType: MEDIA.ociLayer, ...fake.addBlob('a', Buffer.alloc(0)) };
    assert.equal((await bytesOf(registries.source(reference('a')).open(blob, 0))).length, 0);
  });

  it('fetches foreign layers from where their descriptor says, without a password', async () => {
    await using elsewhere = await FakeRegistry.start();
    const blob = elsewhere.addBlob('w', Buffer.from('windows'));
    const urls = ['file:///etc/passwd', `${elsewhere.url}/v2/w/blobs/${blob.digest}`];
    const foreign = { mediaType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', ...blob, urls };
    assert.equal((await bytesOf(registries.source(reference('a')).open(foreign, 0))).toString(), 'windows');
    assert.equal(elsewhere.log[0]?.headers.authorization, undefined);
  });

  it('asks mirrors first, and the registry for what they have not', async () => {
    await using mirror = await FakeRegistry.start();
    const image = fake.addImage('a', 'v1', [layer(Buffer.from('only upstream'))]);
    mirror.addManifest('a', 'v1', fake.manifests.get('a:v1')?.raw as Buffer, MEDIA.ociManifest);
    await using mirrored = TestRegistries.make({ mirrors: { [fake.host]: ['http://127.0.0.1:1', mirror.url] } });
    const source = mirrored.source(reference('a'));
    const { manifest } = await source.resolve(reference('a:v1'), hostPlatform());
    assert.equal(manifest.digest, image.digest);
    assert.equal(fake.log.length, 0);
    const [blob] = manifest.content.layers;
    assert.equal((await bytesOf(source.open(blob as never, 0))).toString(), 'only upstream');
    assert.equal(mirror.requests('GET', /blobs/).length, 1);
  });

  it('goes where it is redirected, and tells a stranger nothing', async () => {
    await using cdn = await FakeRegistry.start();
    await using closed = await FakeRegistry.start({ auth: { kind: 'basic', users: { ann: 'pw' } } });
    await registries.knows(closed.host, { username: 'ann', password: 'pw' });
    const blob = { mediaType: MEDIA.ociLayer, ...cdn.addBlob('c', Buffer.from('content')) };
    closed.intercept = (request, response, url) => {
      if (!url.pathname.includes('/blobs/') || request.headers.authorization === undefined) return false;
      response.writeHead(307, { location: `${cdn.url}/v2/c/blobs/${blob.digest}` }).end();
      return true;
    };
    const source = registries.source(parseRemoteReference(`${closed.host}/a`));
    assert.equal((await bytesOf(source.open(blob, 3))).toString(), 'tent');
    assert.equal(cdn.log[0]?.headers.authorization, undefined);
    assert.equal(cdn.log[0]?.headers.range, 'bytes=3-');
  });

  it('ends at once when it is told to', async () => {
    const controller = new AbortController();
    fake.intercept = () => {
      controller.abort();
      return true;
    };
    await assert.rejects(registries.manifest(reference('a:v1'), controller.signal), (error: DockerliteError) => error.code === 'E_ABORTED');
  });
});

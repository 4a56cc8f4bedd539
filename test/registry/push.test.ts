// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { DockerliteError } from '../../lib/errors';
import { putManifest } from '../../lib/registry/manifests';
import { MEDIA } from '../../lib/registry/media-types';
import { parseRemoteReference } from '../../lib/registry/reference';
import { addReferrer } from '../../lib/registry/referrers';
import { type Blob, bytesBlob, pushBlob } from '../../lib/registry/uploads';
import { FakeRegistry, fail, sha256 } from '../helpers/fake-registry';
import { TestRegistries } from '../helpers/registry-client';

describe('pushing to a registry', () => {
  let fake: FakeRegistry;
  let registries: TestRegistries;

  beforeEach(async () => {
    fake = await FakeRegistry.start({ auth: { kind: 'bearer', users: { ann: 'pw' } } });
    registries = await TestRegistries.make().knows(fake.host, { username: 'ann', password: 'pw' });
  });
  afterEach(async () => {
    await registries.close();
    await fake.stop();
  });

  const repository = () => parseRemoteReference(`${fake.host}/a/b`);
  const connection = () => registries.connection(fake.host);
  function blobOf(bytes: Buffer): Blob & { opened: number[] } {
    const opened: number[] = [];
    const blob = bytesBlob(sha256(bytes), bytes);
    const read = (from: number, to: number) => {
      opened.push(from);
      return blob.read(from, to);
    };
    return { ...blob, read, opened };
  }
  const kept = (blob: Blob) => fake.links.has(`a/b@${blob.digest}`);

  it('uploads a small blob in one request, and not what is there', async () => {
    const blob = blobOf(Buffer.from('small'));
    let seen = 0;
    assert.deepEqual(await pushBlob(connection(), repository(), blob, { onProgress: (bytes) => (seen = bytes) }), { how: 'uploaded' });
    assert.equal(fake.blobs.get(blob.digest)?.toString(), 'small');
    assert.equal(seen, 5);
    assert.equal(fake.requests('PATCH', /./).length, 0);
    assert.deepEqual(await pushBlob(connection(), repository(), blob), { how: 'exists' });
    assert.deepEqual(blob.opened, [0]);
    assert.ok([...fake.issued.values()].flat().includes('repository:a/b:pull,push'));
  });

  it('mounts what another repository has, and uploads what it has not', async () => {
    const there = Buffer.from('there');
    fake.addBlob('x/y', there);
    const blob = blobOf(there);
    assert.deepEqual(await pushBlob(connection(), repository(), blob, { mountFrom: ['x/z', 'x/y'] }), { how: 'mounted', from: 'x/y' });
    assert.deepEqual(blob.opened, []);
    assert.ok(kept(blob));
    const other = blobOf(Buffer.from('not there'));
    assert.deepEqual(await pushBlob(connection(), repository(), other, { mountFrom: ['x/y'] }), { how: 'uploaded' });
    // The refused mount had begun an upload: it is the one that is used.
    assert.equal(fake.requests('POST', /uploads\/$/).length, 0);
  });

  it('uploads a large blob in pieces', async () => {
    const blob = blobOf(randomBytes(250_000));
    const seen: number[] = [];
    assert.deepEqual(await pushBlob(connection(), repository(), blob, { chunk: 100_000, onProgress: (bytes) => seen.push(bytes) }), { how: 'uploaded' });
    assert.ok(kept(blob));
    assert.deepEqual(fake.requests('PATCH', /./).map(({ headers }) => headers['content-range']), ['0-99999', '100000-199999', '200000-249999']);
    assert.equal(seen.at(-1), 250_000);
  });

  it('goes on where the registry says it is when a connection breaks', async () => {
    const blob = blobOf(randomBytes(300_000));
    let broken = 0;
    fake.intercept = (request, response) => {
      if (request.method !== 'PATCH' || !(request.headers['content-range'] ?? '').startsWith('100000-') || broken++ > 0) return false;
      request.once('data', () => response.socket?.destroy());
      return true;
    };
    assert.deepEqual(await pushBlob(connection(), repository(), blob, { chunk: 100_000 }), { how: 'uploaded' });
    assert.ok(kept(blob));
    assert.deepEqual(blob.opened, [0, 100_000, 100_000, 200_000]);
  });

  it('goes on after 503, and gives up when it stays', async () => {
    const blob = blobOf(randomBytes(300_000));
    let refusals = 2;
    fake.intercept = (request, response) => {
      if (request.method !== 'PATCH' || refusals === 0) return false;
      refusals--;
      request.resume();
      response.writeHead(503).end();
      return true;
    };
    assert.deepEqual(await pushBlob(connection(), repository(), blob, { chunk: 100_000 }), { how: 'uploaded' });
    refusals = Infinity;
    await assert.rejects(pushBlob(connection(), repository(), blobOf(randomBytes(300_000)), { chunk: 100_000 }), (error: DockerliteError) => error.code === 'E_REGISTRY' && /503/.test(error.message));
  });

  it('sends everything at once to a registry that takes no pieces', async () => {
    const blob = blobOf(randomBytes(300_000));
    fake.intercept = (request, response) => {
      if (request.method !== 'PATCH') return false;
      request.resume();
      fail(response, 405, 'UNSUPPORTED');
      return true;
    };
    assert.deepEqual(await pushBlob(connection(), repository(), blob, { chunk: 100_000 }), { how: 'uploaded' });
    assert.ok(kept(blob));
  });

  it('begins again when an upload in one request breaks', async () => {
    const blob = blobOf(randomBytes(200_000));
    let broken = 0;
    fake.intercept = (request, response) => {
      if (request.method !== 'PUT' || broken++ > 0) return false;
      request.once('data', () => response.socket?.destroy());
      return true;
    };
    assert.deepEqual(await pushBlob(connection(), repository(), blob), { how: 'uploaded' });
    assert.deepEqual(blob.opened, [0, 0]);
  });

  it('says that pushing is not allowed', async () => {
    fake.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      fail(response, 403, 'DENIED', 'requested access to the resource is denied');
      return true;
    };
    await assert.rejects(pushBlob(connection(), repository(), blobOf(Buffer.from('x'))), (error: DockerliteError) => error.code === 'E_UNAUTHORIZED' && /push access denied for a\/b: denied: requested access to the resource is denied/.test(error.message));
  });

  it('goes nowhere but HTTP to upload, and takes no password there', async () => {
    for (const location of ['file:///tmp/x', 'nonsense://x', undefined]) {
      fake.intercept = (request, response) => {
        if (request.method !== 'POST') return false;
        response.writeHead(202, location === undefined ? {} : { location }).end();
        return true;
      };
      await assert.rejects(pushBlob(connection(), repository(), blobOf(Buffer.from('x'))), /no usable location for an upload/);
    }
    await using elsewhere = await FakeRegistry.start();
    elsewhere.intercept = (request, response) => {
      request.resume();
      response.writeHead(201).end();
      return true;
    };
    fake.intercept = (request, response) => {
      if (request.method !== 'POST') return false;
      response.writeHead(202, { location: `${elsewhere.url}/put?sig=1` }).end();
      return true;
    };
    await pushBlob(connection(), repository(), blobOf(Buffer.from('x')));
    assert.equal(elsewhere.log[0]?.headers.authorization, undefined);
    assert.match(elsewhere.log[0]?.url ?? '', /^\/put\?sig=1&digest=sha256/);
  });

  it('does not believe a registry that has received more than was sent', async () => {
    fake.intercept = (request, response, url) => {
      if (request.method !== 'PATCH') return false;
      request.resume();
      response.writeHead(202, { location: url.pathname, range: '0-999999999' }).end();
      return true;
    };
    await assert.rejects(pushBlob(connection(), repository(), blobOf(randomBytes(300_000)), { chunk: 100_000 }), /says to have 1000000000 bytes/);
  });

  it('puts manifests as they are, and notices when something else is kept', async () => {
    const raw = Buffer.from('{"schemaVersion":2,   "layers":[]}');
    assert.equal((await putManifest(connection(), { ...repository(), tag: 't' }, { raw, mediaType: MEDIA.ociManifest })).digest, sha256(raw));
    assert.ok(fake.manifests.get('a/b:t')?.raw.equals(raw));
    fake.intercept = (request, response) => {
      if (request.method !== 'PUT') return false;
      request.resume();
      response.writeHead(201, { 'docker-content-digest': sha256('other') }).end();
      return true;
    };
    await assert.rejects(putManifest(connection(), { ...repository(), tag: 't' }, { raw, mediaType: MEDIA.ociManifest }), (error: DockerliteError) => error.code === 'E_DIGEST');
  });

  it('keeps the list of referrers where the registry does not', async () => {
    const subject = sha256('subject');
    const entry = (name: string) => ({ mediaType: MEDIA.ociManifest, digest: sha256(name), size: 1, artifactType: name });
    await addReferrer(connection(), repository(), subject, entry('one'));
    await addReferrer(connection(), repository(), subject, entry('two'));
    await addReferrer(connection(), repository(), subject, entry('one'));
    const listed = await registries.referrers(repository(), subject);
    assert.deepEqual(listed.map(({ artifactType }) => artifactType), ['one', 'two']);
  });

  it('ends at once when it is told to', async () => {
    const controller = new AbortController();
    fake.intercept = (request) => {
      if (request.method !== 'PUT') return false;
      controller.abort();
      return true;
    };
    await assert.rejects(pushBlob(connection(), repository(), blobOf(randomBytes(1000)), { signal: controller.signal }), (error: DockerliteError) => error.code === 'E_ABORTED');
  });
});

// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DockerliteError } from '../../lib/errors';
import { putManifest } from '../../lib/registry/manifests';
import { MEDIA } from '../../lib/registry/media-types';
import { hostPlatform } from '../../lib/registry/platform';
import { parseRemoteReference } from '../../lib/registry/reference';
import { bytesBlob, pushBlob } from '../../lib/registry/uploads';
import { DockerRegistry, missingPrograms } from '../helpers/docker-registry';
import { sha256 } from '../helpers/fake-registry';
import { bytesOf, collect, TestRegistries } from '../helpers/registry-client';

const ANN = { username: 'ann', password: 'pw' };

describe("Debian's docker-registry", function () {
  this.timeout(120_000);
  let server: DockerRegistry;
  let registries: TestRegistries;
  let directory: string;

  before(async function () {
    const missing = missingPrograms('docker-registry', 'skopeo', 'openssl');
    if (missing !== undefined) {
      console.log(`      ${missing}`);
      this.skip();
    }
    server = await DockerRegistry.start({ tls: true, auth: true });
    registries = await TestRegistries.make({ certificates: [server.certificates] }).knows(server.host, ANN);
    directory = mkdtempSync(join(tmpdir(), 'layouts-'));
  });
  after(async () => {
    await registries?.close();
    await server?.stop();
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  const reference = (rest: string) => parseRemoteReference(`${server.host}/${rest}`);
  const blobOf = (bytes: Buffer) => bytesBlob(sha256(bytes), bytes);

  /** Pushes an image of one layer by our own means; its manifest's digest. */
  async function push(name: string, layer: Buffer, options: { chunk?: number } = {}): Promise<string> {
    const target = reference(name);
    const connection = registries.connection(server.host);
    const blob = blobOf(gzipSync(layer, { level: 1 }));
    const { os, architecture } = hostPlatform();
    const config = blobOf(Buffer.from(JSON.stringify({ os, architecture, config: {}, rootfs: { type: 'layers', diff_ids: [sha256(layer)] } })));
    for (const one of [blob, config]) await pushBlob(connection, target, one, options);
    const manifest = {
      schemaVersion: 2,
      mediaType: MEDIA.ociManifest,
      config: { mediaType: MEDIA.ociConfig, digest: config.digest, size: config.size },
      layers: [{ mediaType: MEDIA.ociLayerGzip, digest: blob.digest, size: blob.size }],
    };
    return (await putManifest(connection, target, { raw: Buffer.from(JSON.stringify(manifest)), mediaType: MEDIA.ociManifest })).digest;
  }

  function tarOf(content: Buffer): Buffer {
    const root = mkdtempSync(join(directory, 'tar-'));
    writeFileSync(join(root, 'file'), content);
    return execFileSync('tar', ['-C', root, '-cf', '-', 'file'], { maxBuffer: 2 ** 28 });
  }

  it('takes what is pushed, whole and in pieces, and gives it back', async () => {
    const layer = tarOf(randomBytes(3_000_000));
    for (const [tag, options] of [['whole', {}], ['pieces', { chunk: 700_000 }]] as const) {
      const digest = await push(`${tag}/image:v1`, layer, options);
      const source = registries.source(reference(`${tag}/image`));
      const { manifest } = await source.resolve(reference(`${tag}/image:v1`), hostPlatform());
      assert.equal(manifest.digest, digest);
      const [blob] = manifest.content.layers;
      assert.ok((await bytesOf(source.open(blob as never, 0))).equals(gzipSync(layer, { level: 1 })));
      assert.ok((await bytesOf(source.open(blob as never, 1_000_000))).equals(gzipSync(layer, { level: 1 }).subarray(1_000_000)));
    }
    assert.deepEqual((await collect(registries.catalog(server.host))).sort(), ['pieces/image', 'whole/image']);
    assert.deepEqual(await collect(registries.tags(reference('whole/image'))), ['v1']);
  });

  it('mounts a layer of another repository', async () => {
    const bytes = randomBytes(1000);
    const connection = registries.connection(server.host);
    await pushBlob(connection, reference('from/here'), blobOf(bytes));
    assert.deepEqual(await pushBlob(connection, reference('to/there'), blobOf(bytes), { mountFrom: ['no/where', 'from/here'] }), { how: 'mounted', from: 'from/here' });
  });

  it('skopeo copies what we pushed, and we get what skopeo copied: the same digests', async () => {
    const digest = await push('ours:v1', tarOf(Buffer.from('ours')));
    const layout = join(directory, 'layout');
    mkdirSync(layout);
    server.skopeo(`docker://${server.host}/ours:v1`, `oci:${layout}:v1`);
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    assert.deepEqual(index.manifests.map((entry) => entry.digest), [digest]);
    server.skopeo(`oci:${layout}:v1`, `docker://${server.host}/theirs:v1`);
    assert.equal((await registries.manifest(reference('theirs:v1'))).digest, digest);
  });

  it('reads what skopeo converts to schema 2', async () => {
    await push('plain:v1', tarOf(Buffer.from('schema 2')));
    server.skopeo(`docker://${server.host}/plain:v1`, `dir:${join(directory, 'dir')}`);
    execFileSync('skopeo', ['--insecure-policy', 'copy', '-q', '--format=v2s2', `--dest-cert-dir=${join(server.certificates, server.host)}`, '--dest-creds=ann:pw', `dir:${join(directory, 'dir')}`, `docker://${server.host}/docker:v1`]);
    const manifest = await registries.manifest(reference('docker:v1'));
    assert.equal(manifest.mediaType, MEDIA.dockerManifest);
  });

  it('has no referrers API: the list is kept under a tag', async () => {
    const digest = await push('signed:v1', tarOf(Buffer.from('signed')));
    assert.deepEqual(await registries.referrers(reference('signed'), digest), []);
  });

  it('knows ann by her password only', async () => {
    await using stranger = TestRegistries.make({ certificates: [server.certificates] });
    await assert.rejects(stranger.manifest(reference('ours:v1')), (error: DockerliteError) => error.code === 'E_UNAUTHORIZED' && /no basic auth credentials/.test(error.message));
    await assert.rejects(stranger.login(server.host, { ...ANN, password: 'no' }), (error: DockerliteError) => error.code === 'E_UNAUTHORIZED');
    await stranger.login(server.host, ANN);
    await using welcome = await TestRegistries.make({ certificates: [server.certificates] }).knows(server.host, ANN);
    await welcome.manifest(reference('ours:v1'));
  });

  it('is believed by the authority in certs.d alone, once there is one', async () => {
    const other = join(directory, 'certs.d');
    mkdirSync(join(other, server.host), { recursive: true });
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', '/dev/null', '-out', join(other, server.host, 'ca.crt'), '-days', '2', '-subj', '/CN=another'], { stdio: 'ignore' });
    await using suspicious = await TestRegistries.make({ certificates: [other] }).knows(server.host, ANN);
    await assert.rejects(suspicious.manifest(reference('ours:v1')), (error: DockerliteError) => error.code === 'E_REGISTRY_UNREACHABLE' && /certificate/.test(error.message) && /certs\.d/.test(error.hint ?? ''));
    // On this machine itself, as Docker.
    await using trusting = await TestRegistries.make().knows(server.host, ANN);
    await trusting.manifest(reference('ours:v1'));
  });
});

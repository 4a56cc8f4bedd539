// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { DockerliteError } from '../../lib/errors';
import { choosePlatform } from '../../lib/registry/choose-platform';
import { digestOf } from '../../lib/registry/digest';
import { type ImageIndex, LARGEST_MANIFEST, MOST_LAYERS, parseManifest } from '../../lib/registry/manifest';
import { MEDIA } from '../../lib/registry/media-types';
import { parsePlatform, platformRank } from '../../lib/registry/platform';

const DIGEST = `sha256:${'0'.repeat(64)}`;
const descriptor = { mediaType: MEDIA.ociLayerGzip, digest: DIGEST, size: 1 };
const image = { schemaVersion: 2, mediaType: MEDIA.ociManifest, config: { ...descriptor, mediaType: MEDIA.ociConfig }, layers: [descriptor] };
const index = { schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [{ ...descriptor, mediaType: MEDIA.ociManifest, platform: { os: 'linux', architecture: 'amd64' } }] };

function parse(content: unknown, contentType?: string) {
  return parseManifest(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), contentType);
}

describe('manifests', () => {
  it('reads images and indexes of both kinds', () => {
    assert.equal(parse(image).content.kind, 'manifest');
    assert.equal(parse(index).content.kind, 'index');
    assert.equal(parse({ ...image, mediaType: undefined }, MEDIA.dockerManifest).mediaType, MEDIA.dockerManifest);
    assert.equal(parse({ ...image, mediaType: undefined }).mediaType, MEDIA.ociManifest);
    assert.equal(parse({ ...index, mediaType: undefined }, 'application/json').mediaType, MEDIA.ociIndex);
    assert.equal(parse({ ...index, mediaType: MEDIA.dockerList }, `${MEDIA.dockerList}; charset=utf-8`).mediaType, MEDIA.dockerList);
  });

  it('keeps it byte for byte', () => {
    const raw = Buffer.from(JSON.stringify(image, null, 3));
    const parsed = parseManifest(raw, undefined);
    assert.equal(parsed.raw, raw);
    assert.equal(parsed.digest, digestOf(raw));
  });

  const refused: [string, unknown, string?][] = [
    ['no JSON', 'hello'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1')],
    ['an array', []],
    ['null', null],
    ['no schemaVersion', { ...image, schemaVersion: undefined }],
    ['schemaVersion 3', { ...image, schemaVersion: 3 }],
    ['an index served as an image', index, MEDIA.ociManifest],
    ['an image served as an index', image, MEDIA.dockerList],
    ['an index that says to be an image', { ...index, mediaType: MEDIA.ociManifest }],
    ['both an index and an image', { ...index, ...image }],
    ['neither', { schemaVersion: 2 }],
    ['an unknown media type', { ...image, mediaType: 'application/x-evil' }],
    ['a media type that is a number', { ...image, mediaType: 7 }],
    ['no layers', { ...image, layers: undefined }],
    ['no config', { ...image, config: undefined }],
    ['a layer that is a number', { ...image, layers: [1] }],
    ['a layer without digest', { ...image, layers: [{ ...descriptor, digest: undefined }] }],
    ['a digest that is a path', { ...image, layers: [{ ...descriptor, digest: 'sha256:../../etc/passwd' }] }],
    ['a digest of an unknown algorithm', { ...image, layers: [{ ...descriptor, digest: `md5:${'0'.repeat(32)}` }] }],
    ['a negative size', { ...image, layers: [{ ...descriptor, size: -1 }] }],
    ['a size that is text', { ...image, layers: [{ ...descriptor, size: '1' }] }],
    ['a size of an exabyte', { ...image, layers: [{ ...descriptor, size: 2 ** 60 }] }],
    ['half a byte', { ...image, layers: [{ ...descriptor, size: 0.5 }] }],
    ['too many layers', { ...image, layers: Array.from({ length: MOST_LAYERS + 1 }, () => descriptor) }],
    ['ten thousand layers', { ...image, layers: Array.from({ length: 10_000 }, () => descriptor) }],
  ];
  for (const [what, content, type] of refused) {
    it(`refuses ${what}`, () => assert.throws(() => parse(content, type), (error: DockerliteError) => error.code === 'E_REGISTRY' && error.message.length < 600));
  }

  it('refuses one that is too large before it looks at it', () => {
    assert.throws(() => parseManifest(Buffer.alloc(LARGEST_MANIFEST + 1), undefined), /larger than/);
  });

  it('says clearly that schema 1 is not taken, by its type and by its content', () => {
    for (const type of [MEDIA.schema1, MEDIA.schema1Signed]) assert.throws(() => parse('{}', type), (error: DockerliteError) => error.code === 'E_UNSUPPORTED' && /schema 1/.test(error.message));
    assert.throws(() => parse({ schemaVersion: 1, fsLayers: [] }), /schema 1/);
  });

  it('answers any JSON with a manifest or an E_REGISTRY', () => {
    const almost = fc.record(
      { schemaVersion: fc.constantFrom(2, 1, '2'), mediaType: fc.constantFrom(...Object.values(MEDIA), 1), config: fc.oneof(fc.constant(descriptor), fc.jsonValue()), layers: fc.oneof(fc.array(fc.constant(descriptor)), fc.jsonValue()), manifests: fc.jsonValue(), annotations: fc.jsonValue(), subject: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(almost, fc.jsonValue()), fc.option(fc.constantFrom(...Object.values(MEDIA), 'text/html'), { nil: undefined }), (content, type) => {
        try {
          const { content: parsed } = parse(content, type);
          for (const entry of parsed.kind === 'index' ? parsed.manifests : [parsed.config, ...parsed.layers]) assert.match(entry.digest, /^sha(256|512):[0-9a-f]+$/);
        } catch (error) {
          assert.ok(error instanceof DockerliteError && ['E_REGISTRY', 'E_UNSUPPORTED'].includes(error.code), String(error));
        }
      }),
    );
  });
});

describe('platforms', () => {
  const entry = (os: string, architecture: string, variant?: string, digest = 'a') => ({ ...descriptor, digest: `sha256:${digest.repeat(64)}`, platform: { os, architecture, ...(variant !== undefined && { variant }) } });
  const of = (...manifests: ImageIndex['manifests']): ImageIndex => ({ kind: 'index', mediaType: MEDIA.ociIndex, manifests, annotations: {} });
  const chosen = (list: ImageIndex, platform: string) => choosePlatform(list, parsePlatform(platform)).digest.at(-1);

  it('reads --platform as Docker does', () => {
    assert.deepEqual(parsePlatform('linux/amd64'), { os: 'linux', architecture: 'amd64' });
    assert.deepEqual(parsePlatform('linux/x86_64'), { os: 'linux', architecture: 'amd64' });
    assert.deepEqual(parsePlatform('Linux/aarch64'), { os: 'linux', architecture: 'arm64' });
    assert.deepEqual(parsePlatform('linux/arm/7'), { os: 'linux', architecture: 'arm', variant: 'v7' });
    assert.deepEqual(parsePlatform('linux/armhf'), { os: 'linux', architecture: 'arm', variant: 'v7' });
    assert.deepEqual(parsePlatform('arm64'), { os: 'linux', architecture: 'arm64' });
    for (const text of ['', '/', 'linux/', 'a/b/c/d', 'linux amd64', 'linux/amd64;x']) assert.throws(() => parsePlatform(text), /unknown operating system or architecture/);
  });

  it('chooses the highest variant that the machine runs', () => {
    const list = of(entry('linux', 'arm', 'v5', 'a'), entry('linux', 'arm', 'v7', 'b'), entry('linux', 'arm', 'v6', 'c'), entry('linux', 'arm64', 'v8', 'd'));
    assert.equal(chosen(list, 'linux/arm'), 'b');
    assert.equal(chosen(list, 'linux/arm/v6'), 'c');
    assert.equal(chosen(list, 'linux/arm64'), 'd');
    assert.equal(chosen(of(entry('linux', 'arm', 'v5', 'a'), entry('linux', 'arm', 'v7', 'b')), 'linux/arm/v6'), 'a');
    assert.equal(platformRank(parsePlatform('linux/amd64'), { os: 'linux', architecture: 'amd64', variant: 'v3' }), undefined);
    assert.equal(platformRank(parsePlatform('linux/amd64/v3'), { os: 'linux', architecture: 'amd64' }), 2);
  });

  it('takes the first of equals, and a single entry that says nothing', () => {
    assert.equal(chosen(of(entry('linux', 'amd64', undefined, 'a'), entry('linux', 'amd64', undefined, 'b')), 'linux/amd64'), 'a');
    assert.equal(choosePlatform(of(descriptor), parsePlatform('linux/amd64')), descriptor);
  });

  it('says what there is when the wanted one is not', () => {
    const list = of(entry('linux', 'arm64', 'v8'), entry('unknown', 'unknown'));
    assert.throws(() => chosen(list, 'linux/s390x'), (error: DockerliteError) => error.code === 'E_NOT_FOUND' && /no matching manifest for linux\/s390x/.test(error.message) && /linux\/arm64\/v8/.test(error.hint ?? '') && !/unknown/.test(error.hint ?? ''));
    assert.throws(() => chosen(of(), 'linux/amd64'), /no matching manifest/);
  });
});

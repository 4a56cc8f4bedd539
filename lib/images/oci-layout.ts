// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { choosePlatform } from '../registry/choose-platform';
import { checkDigest, verifyBytes } from '../registry/digest';
import { type Descriptor, type ImageManifest, parseManifest, type ParsedManifest } from '../registry/manifest';
import { isConfigType, isLayerType } from '../registry/media-types';
import { hostPlatform } from '../registry/platform';
import type { ArchiveDirectory } from './archive-directory';
import type { ArchivedImage } from './load';
import type { LayerSource } from './layers';
import { parseReference } from './reference';
import { parseImageConfig } from './remote-config';

const DEEPEST_INDEX = 4;

/** The images an OCI image layout names (image-layout.md); of an index in it the one for this machine. */
export function imagesOfLayout(directory: ArchiveDirectory): ArchivedImage[] {
  const { content } = parseManifest(directory.read('index.json'), undefined);
  if (content.kind !== 'index') throw new DockerliteError('E_ARCHIVE', 'index.json is no index');
  const images = new Map<string, ArchivedImage>();
  for (const entry of content.manifests) {
    const manifest = follow(directory, entry);
    if (!isConfigType(manifest.content.config.mediaType)) continue;
    const image = images.get(manifest.digest) ?? imageOf(directory, manifest);
    image.tags.push(...tagOf(entry));
    images.set(manifest.digest, image);
  }
  return [...images.values()];
}

function follow(directory: ArchiveDirectory, entry: Descriptor): ParsedManifest & { content: ImageManifest } {
  let next = entry;
  for (let depth = 0; depth < DEEPEST_INDEX; depth++) {
    const raw = blob(directory, next);
    const parsed = parseManifest(raw, next.mediaType, next.digest);
    if (parsed.content.kind === 'manifest') return { ...parsed, content: parsed.content };
    next = choosePlatform(parsed.content, hostPlatform());
  }
  throw new DockerliteError('E_ARCHIVE', 'indexes within indexes');
}

function imageOf(directory: ArchiveDirectory, { raw, content }: ParsedManifest & { content: ImageManifest }): ArchivedImage {
  const config = blob(directory, content.config);
  const { diff_ids: diffIds } = parseImageConfig(config, content.layers.length).rootfs;
  const layers = content.layers.map((layer, index): LayerSource => {
    const { mediaType, digest, size } = layer;
    if (!isLayerType(mediaType) || !digest.startsWith('sha256:')) throw new DockerliteError('E_UNSUPPORTED', `layer ${digest}: unsupported media type or digest`);
    const name = pathOf(layer);
    return { diffId: diffIds[index] as string, digest, size, mediaType, file: () => directory.file(name), open: (offset) => directory.open(name, offset) };
  });
  return { config, manifest: raw, layers, tags: [] };
}

function blob(directory: ArchiveDirectory, descriptor: Descriptor): Buffer {
  const bytes = directory.read(pathOf(descriptor));
  verifyBytes(bytes, descriptor.digest, pathOf(descriptor));
  return bytes;
}

function pathOf({ digest }: Descriptor): string {
  return `blobs/${checkDigest(digest, 'blob').replace(':', '/')}`;
}

/** Docker and containerd write the whole name, others put it, or a tag alone, which names nothing here, into the other. */
function tagOf({ annotations = {} }: Descriptor): string[] {
  for (const key of ['io.containerd.image.name', 'org.opencontainers.image.ref.name']) {
    const text = annotations[key];
    if (text === undefined || (key.endsWith('ref.name') && !/[/:]/.test(text))) continue;
    try {
      const { repository, tag } = parseReference(text);
      return [`${repository}:${tag}`];
    } catch {
      // A name that is none here: the image is loaded without.
    }
  }
  return [];
}

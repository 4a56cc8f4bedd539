// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { digestOf } from '../registry/digest';
import { isObject, MOST_LAYERS } from '../registry/manifest';
import { MEDIA } from '../registry/media-types';
import type { ArchiveDirectory } from './archive-directory';
import type { ArchivedImage } from './load';
import type { LayerSource } from './layers';
import { parseReference } from './reference';
import { parseImageConfig } from './remote-config';

/** The images of what `docker save` wrote before version 25, and others do: manifest.json names configurations and layers. */
export async function imagesOfDockerArchive(directory: ArchiveDirectory): Promise<ArchivedImage[]> {
  const images: ArchivedImage[] = [];
  for (const entry of entries(directory)) images.push(await imageOf(directory, entry));
  return images;
}

function entries(directory: ArchiveDirectory): Record<string, unknown>[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(directory.read('manifest.json').toString());
  } catch (error) {
    throw error instanceof DockerliteError ? error : bad('it is no JSON');
  }
  if (!Array.isArray(parsed) || !parsed.every(isObject)) throw bad('it is no list of images');
  return parsed;
}

async function imageOf(directory: ArchiveDirectory, { Config: configName, Layers: names, RepoTags: tags }: Record<string, unknown>): Promise<ArchivedImage> {
  if (typeof configName !== 'string' || !isTexts(names) || names.length > MOST_LAYERS) throw bad('an image in it lacks configuration or layers');
  const config = directory.read(configName);
  const { diff_ids: diffIds } = parseImageConfig(config, names.length).rootfs;
  const layers: LayerSource[] = [];
  for (const [index, name] of names.entries()) {
    const digest = await directory.digest(name);
    layers.push({ diffId: diffIds[index] as string, digest, size: directory.size(name), mediaType: mediaTypeOf(directory.magic(name)), file: () => directory.file(name), open: (offset) => directory.open(name, offset) });
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA.ociManifest,
    config: { mediaType: MEDIA.ociConfig, digest: digestOf(config), size: config.length },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  };
  return { config, manifest: Buffer.from(JSON.stringify(manifest)), layers, tags: (isTexts(tags) ? tags : []).map(tagOf) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

function tagOf(text: string): string {
  const { repository, tag } = parseReference(text);
  return `${repository}:${tag}`;
}

function mediaTypeOf(magic: Buffer): string {
  if (magic.length >= 2 && magic.readUInt16BE(0) === 0x1f8b) return MEDIA.ociLayerGzip;
  return magic.length >= 4 && magic.readUInt32LE(0) === 0xfd2fb528 ? MEDIA.ociLayerZstd : MEDIA.ociLayer;
}

function bad(why: string): DockerliteError {
  return new DockerliteError('E_ARCHIVE', `manifest.json: ${why}`);
}

// SPDX-License-Identifier: Apache-2.0
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as archive from '../binding/archive';
import type { ArchiveEnd } from '../binding/types';
import type { Context } from '../context';
import { digestOf } from '../registry/digest';
import { parseManifest } from '../registry/manifest';
import { canonicalReference, familiarReference, parseRemoteReference } from '../registry/reference';
import { checkAborted } from '../util/aborted';
import { Workspace } from '../store/workspace';
import { recordImageEvent } from './image-events';
import { type PushableImage, pushable } from './pushable';
import { findImage, type ImageRow } from './record';
import { normaliseReference } from './reference';

export interface SaveOptions {
  signal?: AbortSignal;
}

interface Saved {
  tags: string[];
  parts: PushableImage;
}

/**
 * Writes images as an archive that is an OCI image layout and Docker's own format at once, as Docker's since version 25: layers
 * are in it once, compressed as registries have them. An image named by name gets that name, one named by its id none.
 * @throws E_NO_SUCH_IMAGE, E_AMBIGUOUS, E_NO_SPACE, E_ABORTED
 */
export async function saveImages(context: Context, names: readonly string[], target: ArchiveEnd, { signal }: SaveOptions = {}): Promise<void> {
  const { store } = context;
  const images = new Map<string, Saved>();
  for (const name of names) {
    const row = findImage(store, name);
    const saved = images.get(row.id) ?? { tags: [], parts: await pushable(context, row, signal) };
    for (const tag of namesOf(context, row, name)) if (!saved.tags.includes(tag)) saved.tags.push(tag);
    images.set(row.id, saved);
    await saved.parts.kept;
  }
  const workspace = Workspace.create(store.layout, 'save');
  try {
    writeLayout(context, workspace.path, [...images.values()]);
    checkAborted(signal);
    for (const id of images.keys()) recordImageEvent(store, 'save', id);
    await archive.pack(workspace.path, target, { signal });
  } finally {
    await workspace.remove();
  }
}

function namesOf({ store }: Context, row: ImageRow, wanted: string): string[] {
  const name = normaliseReference(wanted);
  return store.db.get('SELECT 1 FROM tags WHERE name = ? AND image = ?', name, row.id) === undefined ? [] : [name];
}

function writeLayout({ store }: Context, root: string, images: readonly Saved[]): void {
  const blobs = join(root, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true, mode: 0o755 });
  const written = new Set<string>();
  const put = (digest: string, write: (path: string) => void): string => {
    const hex = digest.replace(/^sha256:/, '');
    if (!written.has(hex)) write(join(blobs, hex));
    written.add(hex);
    return `blobs/sha256/${hex}`;
  };
  const index: object[] = [];
  const docker: object[] = [];
  for (const { tags, parts } of images) {
    const manifest = digestOf(parts.manifest);
    put(manifest, (path) => writeFileSync(path, parts.manifest));
    const Config = put(parts.configDigest, (path) => writeFileSync(path, parts.config));
    const Layers = parts.layers.map(({ digest }) => put(digest, (path) => linkSync(store.layout.blob(digest.replace(/^sha256:/, '')), path)));
    const entry = { mediaType: parseManifest(parts.manifest, undefined).mediaType, digest: manifest, size: parts.manifest.length };
    index.push(...(tags.length === 0 ? [entry] : tags.map((tag) => ({ ...entry, annotations: annotationsOf(tag) }))));
    docker.push({ Config, RepoTags: tags.length === 0 ? null : tags.map((tag) => familiarReference(parseRemoteReference(tag))), Layers });
  }
  writeFileSync(join(root, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(root, 'index.json'), JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: index }));
  writeFileSync(join(root, 'manifest.json'), JSON.stringify(docker));
}

/** The whole name for containerd and Docker, the tag as the specification has it. */
function annotationsOf(tag: string): Record<string, string> {
  const reference = parseRemoteReference(tag);
  return { 'io.containerd.image.name': canonicalReference(reference), 'org.opencontainers.image.ref.name': reference.tag ?? 'latest' };
}

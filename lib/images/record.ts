// SPDX-License-Identifier: Apache-2.0
import { checkShape, NAME } from '../util/shape';
import type { ImageConfig } from './config';
import { DockerliteError } from '../errors';
import { familiarName, parseRemoteReference } from '../registry/reference';
import type { Store } from '../store/store';
import { isIdPrefix, onlyMatch, prefixEnd } from '../util/resolve';
import { normaliseReference } from './reference';

/** An image as the OCI image specification writes its configuration. */
export interface OciImage {
  created: string;
  author?: string;
  architecture: string;
  variant?: string;
  os: 'linux';
  config: ImageConfig;
  rootfs: { type: 'layers'; diff_ids: string[] };
  history: { created: string; created_by?: string; comment?: string; author?: string; empty_layer?: boolean }[];
}

export interface ImageRow {
  id: string;
  state: 'creating' | 'ready' | 'removing';
  owner: string;
  created: number;
  parent: string;
  config: string;
  size: number;
  has_base: number;
  /** Chain id of its layers, '' where it has none. */
  chain: string;
  /** Byte for byte, of an image from elsewhere; else ''. */
  raw_config: string;
  /** Byte for byte, as it was pulled or pushed last; else ''. */
  manifest: string;
  /** Its configuration byte for byte, if it came as a snapshot: nothing but the sender's word says that its tree belongs to it. Else ''. */
  received: string;
}

/** What callers see of an image. */
export interface Image {
  /** 64 hex digits; `sha256:` in front where Docker prints it so. */
  id: string;
  /** repository:tag names, sorted. */
  tags: string[];
  /** repository@digest: what it is in registries. */
  digests: string[];
  /** ms since the epoch. */
  created: number;
  /** Id of the image it was committed from, '' for none. */
  parent: string;
  /** Bytes of file content. */
  size: number;
  oci: OciImage;
}

export function toImage(store: Store, row: ImageRow): Image {
  const tags = store.db.all<{ name: string }>('SELECT name FROM tags WHERE image = ? ORDER BY name', row.id);
  const digests = store.db.all<{ name: string }>('SELECT name FROM repo_digests WHERE image = ? ORDER BY name', row.id);
  return {
    id: row.id,
    tags: tags.map((tag) => tag.name),
    digests: digests.map((digest) => digest.name),
    created: row.created,
    parent: row.parent,
    size: row.size,
    oci: JSON.parse(row.config) as OciImage,
  };
}

/**
 * Finds an image by name (`:latest` understood), full id or unique prefix of an id, with or without `sha256:`.
 * @throws E_NO_SUCH_IMAGE, E_AMBIGUOUS, E_INVALID (not a reference)
 */
export function findImage(store: Store, wanted: string): ImageRow {
  checkShape('image', wanted, NAME);
  const byTag = imageByTag(store, wanted);
  if (byTag !== undefined) return byTag;
  const prefix = wanted.startsWith('sha256:') ? wanted.slice(7) : wanted;
  if (isIdPrefix(prefix)) {
    const rows = store.db.all<ImageRow>(
      "SELECT * FROM images WHERE id >= ? AND id < ? AND state = 'ready' LIMIT 2",
      prefix,
      prefixEnd(prefix),
    );
    if (rows.length > 0) return onlyMatch(rows, wanted, 'E_NO_SUCH_IMAGE', 'image');
  }
  throw noSuchImage(wanted);
}

/** In Docker's words, which name the tag that was looked for. */
export function noSuchImage(wanted: string): DockerliteError {
  const tagged = /[:@][^/]*$/.test(wanted) ? wanted : `${wanted}:latest`;
  return new DockerliteError('E_NO_SUCH_IMAGE', `No such image: ${tagged}`);
}

function imageByTag(store: Store, wanted: string): ImageRow | undefined {
  if (wanted.startsWith('sha256:')) return undefined;
  if (wanted.includes('@')) return imageByDigest(store, wanted);
  return store.db.get<ImageRow>(
    "SELECT images.* FROM tags JOIN images ON images.id = tags.image WHERE tags.name = ? AND state = 'ready'",
    normaliseReference(wanted),
  );
}

/** `busybox@sha256:…`, with a tag or without, is what was pulled as that. */
function imageByDigest(store: Store, wanted: string): ImageRow | undefined {
  const reference = parseRemoteReference(wanted);
  return store.db.get<ImageRow>(
    "SELECT images.* FROM repo_digests JOIN images ON images.id = repo_digests.image WHERE repo_digests.name = ? AND state = 'ready'",
    `${familiarName(reference)}@${reference.digest}`,
  );
}

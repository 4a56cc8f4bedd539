// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { failure, readBody } from './answers';
import type { RegistryConnection } from './connection';
import type { Digest } from './digest';
import { type Descriptor, type ImageIndex, LARGEST_MANIFEST, parseManifest, type ParsedManifest } from './manifest';
import { getManifest, pullScope, putManifest } from './manifests';
import { MEDIA } from './media-types';
import type { RemoteReference } from './reference';
import { drain } from './transport';

/**
 * What refers to a manifest: signatures, lists of contents, snapshots. Registries of before the specification's 1.1 hold the
 * list under a tag made of the digest.
 */
export async function listReferrers(connection: RegistryConnection, repository: RemoteReference, digest: Digest, artifactType?: string, signal?: AbortSignal): Promise<Descriptor[]> {
  const query = artifactType === undefined ? '' : `?${new URLSearchParams({ artifactType })}`;
  const response = await connection.request(`${repository.path}/referrers/${digest}${query}`, { method: 'GET', headers: { accept: MEDIA.ociIndex }, scopes: [pullScope(repository)], signal });
  let listed: Descriptor[];
  if (response.status === 200) {
    listed = indexOf(parseManifest(await readBody(response, LARGEST_MANIFEST, `referrers of ${digest}`), undefined)).manifests;
  } else if (response.status === 404 || response.status === 400 || response.status === 405) {
    await drain(response);
    listed = (await byTag(connection, repository, digest, signal))?.manifests ?? [];
  } else {
    throw await failure(response, `referrers of ${digest}`);
  }
  return artifactType === undefined ? listed : listed.filter((entry) => entry.artifactType === artifactType);
}

/** Where a registry keeps no list itself, adds an entry to the one under the tag. */
export async function addReferrer(connection: RegistryConnection, repository: RemoteReference, subject: Digest, entry: Descriptor, signal?: AbortSignal): Promise<void> {
  const manifests = (await byTag(connection, repository, subject, signal))?.manifests ?? [];
  if (manifests.some(({ digest }) => digest === entry.digest)) return;
  const raw = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.ociIndex, manifests: [...manifests, entry] }));
  await putManifest(connection, { ...withoutDigest(repository), tag: fallbackTag(subject) }, { raw, mediaType: MEDIA.ociIndex }, signal);
}

async function byTag(connection: RegistryConnection, repository: RemoteReference, digest: Digest, signal?: AbortSignal): Promise<ImageIndex | undefined> {
  try {
    return indexOf(await getManifest(connection, { ...withoutDigest(repository), tag: fallbackTag(digest) }, signal));
  } catch (error) {
    if (error instanceof DockerliteError && error.code === 'E_NOT_FOUND') return undefined;
    throw error;
  }
}

function withoutDigest({ host, path }: RemoteReference): RemoteReference {
  return { host, path };
}

function fallbackTag(digest: Digest): string {
  return digest.replace(':', '-').slice(0, 128);
}

function indexOf({ content, digest }: ParsedManifest): ImageIndex {
  if (content.kind === 'index') return content;
  throw new DockerliteError('E_REGISTRY', `manifest ${digest}: a list of referrers has to be an index`);
}

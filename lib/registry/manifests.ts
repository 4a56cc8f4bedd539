// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { failure, readBody } from './answers';
import type { RegistryConnection } from './connection';
import { type Digest, digestOf, isDigest, verifyBytes } from './digest';
import { LARGEST_MANIFEST, type ParsedManifest, parseManifest } from './manifest';
import { ACCEPT_MANIFEST } from './media-types';
import { canonicalName, manifestName, type RemoteReference } from './reference';
import { drain, header, type HttpResponse } from './transport';

export function pullScope({ path }: RemoteReference): string {
  return `repository:${path}:pull`;
}

export function pushScope({ path }: RemoteReference): string {
  return `repository:${path}:pull,push`;
}

/**
 * Fetches a manifest. By digest it is what was asked for, byte for byte; by tag its digest is what it turns out to be.
 * @throws E_NOT_FOUND, E_UNAUTHORIZED, E_DIGEST, E_REGISTRY
 */
export async function getManifest(connection: RegistryConnection, reference: RemoteReference, signal?: AbortSignal): Promise<ParsedManifest> {
  const response = await ask(connection, 'GET', reference, signal);
  if (response.status !== 200) throw await manifestMissing(response, reference);
  const what = `manifest for ${shown(reference)}`;
  const raw = await readBody(response, LARGEST_MANIFEST, what);
  const said = header(response, 'docker-content-digest');
  const digest = reference.digest ?? (isDigest(said) ? said : digestOf(raw));
  verifyBytes(raw, digest, what);
  return parseManifest(raw, header(response, 'content-type'), digest);
}

/** Digest of what a tag names now; undefined when it names nothing, or the registry does not say. */
export async function headManifest(connection: RegistryConnection, reference: RemoteReference, signal?: AbortSignal): Promise<Digest | undefined> {
  const response = await ask(connection, 'HEAD', reference, signal);
  await drain(response);
  const digest = header(response, 'docker-content-digest');
  return response.status === 200 && isDigest(digest) ? digest : undefined;
}

function ask(connection: RegistryConnection, method: 'GET' | 'HEAD', reference: RemoteReference, signal?: AbortSignal): Promise<HttpResponse> {
  const path = `${reference.path}/manifests/${manifestName(reference)}`;
  return connection.request(path, { method, headers: { accept: ACCEPT_MANIFEST }, scopes: [pullScope(reference)], signal });
}

export interface StoredManifest {
  digest: Digest;
  knowsSubject: boolean;
}

/** Uploads a manifest under a tag or its digest. @throws E_UNAUTHORIZED, E_REGISTRY; E_DIGEST when the registry has kept something else */
export async function putManifest(connection: RegistryConnection, reference: RemoteReference, manifest: { raw: Uint8Array; mediaType: string }, signal?: AbortSignal): Promise<StoredManifest> {
  const response = await connection.request(`${reference.path}/manifests/${manifestName(reference)}`, {
    method: 'PUT',
    headers: { 'content-type': manifest.mediaType },
    body: () => manifest.raw,
    scopes: [pushScope(reference)],
    signal,
  });
  if (response.status !== 201 && response.status !== 200 && response.status !== 202) throw await failure(response, `manifest for ${shown(reference)}`);
  await drain(response);
  const digest = digestOf(manifest.raw);
  const said = header(response, 'docker-content-digest');
  if (isDigest(said) && said.startsWith('sha256:') && said !== digest) throw new DockerliteError('E_DIGEST', `${shown(reference)}: the registry has kept ${said}, pushed was ${digest}`);
  return { digest, knowsSubject: header(response, 'oci-subject') !== undefined };
}

/** As Docker words it. */
async function manifestMissing(response: HttpResponse, reference: RemoteReference): Promise<DockerliteError> {
  const { status } = response;
  if (status === 404) return failure(response, `manifest for ${shown(reference)} not found`);
  if (status !== 401 && status !== 403) return failure(response, `manifest for ${shown(reference)}`);
  const name = reference.host === 'docker.io' ? reference.path.replace(/^library\//, '') : canonicalName(reference);
  return failure(response, `pull access denied for ${name}, repository does not exist or may require 'docker login'`);
}

function shown(reference: RemoteReference): string {
  const name = canonicalName(reference).replace(/^docker\.io\/(?:library\/)?/, '');
  return reference.digest === undefined ? `${name}:${manifestName(reference)}` : `${name}@${reference.digest}`;
}

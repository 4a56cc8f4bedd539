// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import type { RegistryConnection } from './connection';
import { drain, header, type HttpResponse } from './transport';
import { type Blob, counted, uploadLocation } from './uploads';

export interface ChunkOptions {
  chunk: number;
  scopes: readonly string[];
  signal?: AbortSignal | undefined;
  onProgress?: (bytes: number) => void;
}

/**
 * Sends a blob piece by piece (distribution specification, "Pushing a blob in chunks"). After a broken connection the registry
 * is asked how much it has. Returns where to finish the upload, or undefined when the registry takes no pieces.
 */
export async function uploadChunks(connection: RegistryConnection, session: URL, blob: Blob, options: ChunkOptions): Promise<URL | undefined> {
  let location = session;
  let at = 0;
  for (let failures = 0; at < blob.size; ) {
    const end = Math.min(at + options.chunk, blob.size);
    let response: HttpResponse | undefined;
    try {
      response = await sendChunk(connection, location, blob, { at, end }, options);
      await drain(response);
    } catch (error) {
      if (!(error instanceof DockerliteError) || error.code !== 'E_REGISTRY_UNREACHABLE') throw error;
      if (++failures >= connection.patience.attempts) throw error;
    }
    if (response?.status === 202) {
      failures = 0;
      location = uploadLocation(response);
      at = received(response) ?? end;
      if (at > end) throw new DockerliteError('E_REGISTRY', `${location.host}: says to have ${at} bytes of an upload, sent were ${end}`);
    } else if (response !== undefined && at === 0 && response.status < 500 && response.status !== 429) {
      return undefined;
    } else {
      if (response !== undefined && ++failures >= connection.patience.attempts) throw new DockerliteError('E_REGISTRY', `${location.host}: status ${response.status} for a piece of an upload`);
      await connection.rest(failures, options.signal);
      ({ location, at } = await progressOf(connection, location, options));
    }
  }
  return location;
}

async function sendChunk(connection: RegistryConnection, url: URL, blob: Blob, { at, end }: { at: number; end: number }, { scopes, signal, onProgress }: ChunkOptions): Promise<HttpResponse> {
  return connection.request(url, {
    method: 'PATCH',
    headers: { 'content-type': 'application/octet-stream', 'content-range': `${at}-${end - 1}`, 'content-length': String(end - at) },
    body: () => counted(blob.read(at, end), at, onProgress),
    scopes,
    signal,
    retry: false,
  });
}

/** How much of an upload the registry has. An upload it no longer knows begins anew elsewhere: that is an error here. */
async function progressOf(connection: RegistryConnection, url: URL, { scopes, signal }: ChunkOptions): Promise<{ location: URL; at: number }> {
  const response = await connection.request(url, { method: 'GET', scopes, signal });
  await drain(response);
  if (response.status !== 204 && response.status !== 202) throw new DockerliteError('E_REGISTRY', `${url.host}: the upload broke and cannot go on (status ${response.status})`);
  const has = received(response) ?? 0;
  return { location: header(response, 'location') === undefined ? url : uploadLocation(response), at: has };
}

/** The header counts the last byte, so that one byte and none look the same: none it is only before anything was sent. */
function received(response: HttpResponse): number | undefined {
  const match = /^(?:bytes=)?0-(\d+)$/.exec(header(response, 'range') ?? '');
  return match === null || match[1] === '0' ? undefined : Number(match[1]) + 1;
}

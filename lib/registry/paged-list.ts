// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { failure, readJson } from './answers';
import type { RegistryConnection } from './connection';
import { header, type HttpResponse } from './transport';

/** Bytes of one page. */
const LARGEST_PAGE = 8 * 1024 ** 2;
/** A list that does not end by then never does. */
const MOST_PAGES = 500;

/** Entries of a list that comes in pages: tags and repositories. The registry's Link header says where the next page is. */
export async function* pagedList(connection: RegistryConnection, path: string, field: string, scopes: readonly string[], what: string, signal?: AbortSignal): AsyncGenerator<string> {
  const seen = new Set<string>();
  let next: string | URL | undefined = path;
  while (next !== undefined) {
    seen.add(String(next));
    const response: HttpResponse = await connection.request(next, { method: 'GET', scopes, signal });
    if (response.status !== 200) throw await failure(response, what);
    next = nextPage(response);
    const entries = (await readJson(response, LARGEST_PAGE, what))[field];
    // An empty list is null in what Go's programs write.
    for (const entry of Array.isArray(entries) ? (entries as unknown[]) : []) if (typeof entry === 'string') yield entry;
    if (next !== undefined && (seen.has(String(next)) || seen.size >= MOST_PAGES)) throw new DockerliteError('E_REGISTRY', `${what}: its pages do not end`);
  }
}

function nextPage(response: HttpResponse): URL | undefined {
  const link = header(response, 'link')?.slice(0, 4096);
  const match = /<([^<>]*)>\s*;[^,]*\brel="?next"?/i.exec(link ?? '');
  if (match === null || !URL.canParse(match[1] as string, response.url.href)) return undefined;
  const url = new URL(match[1] as string, response.url);
  // As with uploads: behind a proxy a registry may not know its own name.
  return new URL(url.pathname + url.search, response.url);
}

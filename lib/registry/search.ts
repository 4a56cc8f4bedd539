// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { failure, readJson } from './answers';
import type { RegistryConnection } from './connection';
import { isObject } from './manifest';
import { pagedList } from './paged-list';
import { DOCKER_HUB } from './reference';
import { drain } from './transport';

/** Bytes: a hundred entries with descriptions. */
const LARGEST_ANSWER = 4 * 1024 ** 2;
/** Docker Hub's search has a name of its own. */
const HUB_SEARCH = 'https://index.docker.io/v1/search';

export interface SearchResult {
  name: string;
  description: string;
  stars: number;
  official: boolean;
  automated: boolean;
}

export interface SearchOptions {
  /** Most results, 1 to 100; default 25. */
  limit?: number;
  signal?: AbortSignal | undefined;
}

/** By the search of Docker Hub's first version where there is one, else by the names in the registry's catalog. */
export async function searchRegistry(connection: RegistryConnection, term: string, { limit = 25, signal }: SearchOptions = {}): Promise<SearchResult[]> {
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw new DockerliteError('E_INVALID', `limit ${limit} is outside the range of [1, 100]`);
  const query = new URLSearchParams({ q: term, n: String(limit) });
  const base = await connection.base(signal);
  const url = connection.at === DOCKER_HUB ? new URL(HUB_SEARCH) : new URL('../v1/search', base);
  url.search = query.toString();
  const response = await connection.request(url, { method: 'GET', headers: { accept: 'application/json' }, signal });
  if (response.status === 200) {
    const { results } = await readJson(response, LARGEST_ANSWER, `search at ${url.host}`);
    return (Array.isArray(results) ? results : []).filter(isObject).map(toResult).slice(0, limit);
  }
  if (connection.at === DOCKER_HUB) throw await failure(response, `search at ${url.host}`);
  await drain(response);
  return searchCatalog(connection, term, limit, signal);
}

/** Names of all repositories. @throws E_UNAUTHORIZED where the registry does not tell */
export function listCatalog(connection: RegistryConnection, signal?: AbortSignal): AsyncGenerator<string> {
  return pagedList(connection, '_catalog?n=1000', 'repositories', ['registry:catalog:*'], `catalog of ${connection.host}`, signal);
}

async function searchCatalog(connection: RegistryConnection, term: string, limit: number, signal?: AbortSignal): Promise<SearchResult[]> {
  const found: SearchResult[] = [];
  for await (const name of listCatalog(connection, signal)) {
    if (name.includes(term)) found.push({ name: `${connection.host}/${name}`, description: '', stars: 0, official: false, automated: false });
    if (found.length >= limit) break;
  }
  return found;
}

function toResult(entry: Record<string, unknown>): SearchResult {
  const text = (key: string) => (typeof entry[key] === 'string' ? (entry[key] as string) : '');
  return {
    name: text('name'),
    description: text('description'),
    stars: typeof entry['star_count'] === 'number' ? entry['star_count'] : 0,
    official: entry['is_official'] === true,
    automated: entry['is_automated'] === true,
  };
}

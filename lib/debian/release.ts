// SPDX-License-Identifier: Apache-2.0
import { DockerliteError } from '../errors';
import { parseParagraph, words } from './paragraph';

/** A suite's Release file, its signature verified. */
export interface Release {
  suite: string;
  codename: string;
  /** '' where it has none. */
  version: string;
  architectures: string[];
  components: string[];
  /** ms since the epoch; undefined when it never gets too old. */
  validUntil: number | undefined;
  byHash: boolean;
  /** What its indexes should be, by path. */
  files: ReadonlyMap<string, { sha256: string; size: number }>;
}

/** @throws E_REGISTRY for a file without digests that count */
export function parseRelease(text: string, what: string): Release {
  const fields = parseParagraph(text);
  const files = new Map<string, { sha256: string; size: number }>();
  for (const line of (fields.get('sha256') ?? '').split('\n')) {
    const [sha256 = '', size = '', path = ''] = words(line);
    if (/^[0-9a-f]{64}$/.test(sha256) && /^\d{1,12}$/.test(size) && path !== '') files.set(path, { sha256, size: Number(size) });
  }
  if (files.size === 0) throw new DockerliteError('E_REGISTRY', `${what}: no SHA256 of any index`);
  const until = Date.parse(fields.get('valid-until') ?? '');
  return {
    suite: fields.get('suite') ?? '',
    codename: fields.get('codename') ?? '',
    version: fields.get('version') ?? '',
    architectures: words(fields.get('architectures')),
    components: words(fields.get('components')),
    validUntil: Number.isNaN(until) ? undefined : until,
    byHash: fields.get('acquire-by-hash') === 'yes',
    files,
  };
}

// SPDX-License-Identifier: Apache-2.0
import { parseRemoteReference } from '../../lib/registry/reference';
import type { SearchResult } from '../../lib/registry/search';
import { defineCommand, UsageError } from '../command';
import { formatRows } from '../output/format';
import { parseFilters } from './filter-option';
import { withRegistries } from './registry';

const STANDARD = 'table {{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}';
const HEADINGS = { Name: 'NAME', Description: 'DESCRIPTION', StarCount: 'STARS', IsOfficial: 'OFFICIAL', IsAutomated: 'AUTOMATED' };
/** Columns of a description, as Docker cuts it. */
const LONGEST = 45;

export default defineCommand({
  usage: '[OPTIONS] TERM',
  describe: "Search Docker Hub for images, or another registry's catalog: HOST/TERM",
  examples: [
    ['search --filter is-official=true debian', 'what Docker itself maintains'],
    ['search registry.example:5000/web', 'repositories with web in their name'],
  ],
  options: {
    filter: { type: 'list', alias: 'f', value: 'KEY=VALUE', describe: 'Show only what matches: is-official, stars' },
    format: { type: 'string', value: 'TEMPLATE', describe: "'table', 'table TEMPLATE', 'json', or a Go template" },
    limit: { type: 'number', value: 'N', default: 25, describe: 'Show no more than N, 100 at most' },
    'no-trunc': { type: 'boolean', default: false, describe: 'Show descriptions in full' },
  },
  operands: [1, 1],
  async run({ filter, format, limit, _: [word], 'no-trunc': full }, io) {
    const matches = matcher(filter);
    const { host, term } = splitTerm(word as string);
    const found = await withRegistries((registries, signal) => registries.search(term, { host, limit, signal }));
    const rows = found.filter(matches).map((result) => row(result, full));
    io.stdout.write(formatRows(format, { standard: STANDARD, headings: HEADINGS, rows }));
  },
});

/** `registry.example/web` searches there. */
function splitTerm(word: string): { host: string; term: string } {
  const slash = word.indexOf('/');
  const host = slash < 1 ? 'docker.io' : parseRemoteReference(`${word.slice(0, slash)}/x`).host;
  const here = host !== 'docker.io' || /^(?:index\.)?docker\.io\//.test(word);
  return { host, term: (here ? word.slice(slash + 1) : word).replace(/^library\//, '') };
}

function matcher(words: readonly string[]): (result: SearchResult) => boolean {
  const filters = parseFilters(words);
  const unknown = Object.keys(filters).find((key) => !['is-official', 'is-automated', 'stars'].includes(key));
  if (unknown !== undefined) throw new UsageError(`invalid filter '${unknown}'`, 1);
  const flag = (key: string) => filters[key]?.map((value) => ['1', 'true'].includes(value));
  const stars = (filters['stars'] ?? []).map(Number);
  if (stars.some(Number.isNaN)) throw new UsageError("invalid filter 'stars': not a number", 1);
  return (result) =>
    (flag('is-official') ?? []).every((wanted) => wanted === result.official) &&
    (flag('is-automated') ?? []).every((wanted) => wanted === result.automated) &&
    stars.every((least) => result.stars >= least);
}

function row({ name, description, stars, official, automated }: SearchResult, full: boolean) {
  const line = description.replace(/[\r\n]+/g, ' ');
  const text = full || line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
  const mark = (value: boolean) => (value ? '[OK]' : '');
  return { Name: name, Description: text, StarCount: String(stars), IsOfficial: mark(official), IsAutomated: mark(automated) };
}

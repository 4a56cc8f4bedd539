// SPDX-License-Identifier: Apache-2.0
import type { LabelFilters } from '../../lib/util/labels';
import { type OptionSpecs, UsageError } from '../command';
import { parseTimestamp } from '../timestamp';
import { parseFilters } from './filter-option';

/** What everything that prunes takes. */
export const PRUNE_OPTIONS = {
  filter: { type: 'list', value: 'KEY=VALUE', describe: 'Only what matches: until, label, label!' },
  force: { type: 'boolean', alias: 'f', default: false, describe: 'Do not ask' },
} as const satisfies OptionSpecs;

export interface PruneFilters {
  /** ms since the epoch. */
  until?: number;
  filters: LabelFilters;
}

/** @throws UsageError in Docker's words */
export function pruneFilters(words: readonly string[]): PruneFilters {
  const { until = [], ...filters } = parseFilters(words);
  const bad = Object.keys(filters).find((key) => key !== 'label' && key !== 'label!');
  if (bad !== undefined) throw new UsageError(`invalid filter '${bad}'`, 1);
  if (until.length > 1) throw new UsageError('more than one until filter specified', 1);
  const [moment] = until;
  return { filters, ...(moment !== undefined && { until: Number(parseTimestamp(moment)) / 1e6 }) };
}

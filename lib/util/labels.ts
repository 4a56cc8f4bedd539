// SPDX-License-Identifier: Apache-2.0

/** Docker's label filters, for what can be pruned. */
export interface LabelFilters {
  /** `key` or `key=value`; all of them must be there. */
  label?: string[];
  /** None of them may be there. */
  'label!'?: string[];
}

/** `key`, or `key=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const equals = wanted.indexOf('=');
  if (equals < 0) return Object.hasOwn(labels, wanted);
  const key = wanted.slice(0, equals);
  return Object.hasOwn(labels, key) && labels[key] === wanted.slice(equals + 1);
}

export function matchesLabels(labels: Readonly<Record<string, string>>, filters: LabelFilters = {}): boolean {
  return (filters.label ?? []).every((one) => hasLabel(labels, one)) && !(filters['label!'] ?? []).some((one) => hasLabel(labels, one));
}

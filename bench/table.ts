// SPDX-License-Identifier: Apache-2.0
import { type Check, type Comparison, isMet, type Report, type Unit } from './result';

const WIDTHS = [40, 5, 10, 10, 10];

/** The report as text for a terminal. */
export function renderReport({ conditions, comparisons, batchCurve, seconds }: Report): string {
  const facts = Object.entries(conditions).map(([name, value]) => `${`${name}:`.padEnd(10)}${value}`);
  const curve = batchCurve.flatMap(({ name, points }) => [`  ${name}`, `    ${points.map(([x, y]) => `${x}: ${Math.round(y)}`).join('  ')}`]);
  const checks = comparisons.flatMap((comparison) => comparison.checks).filter(hasTarget);
  return [
    ...facts,
    '',
    row('', '', 'min', 'median', 'p90'),
    ...comparisons.flatMap(renderComparison),
    ...(curve.length > 0 ? ['snapshots a second over the size of a batch', ...curve, ''] : []),
    `${checks.filter(isMet).length} of ${checks.length} targets met, ${seconds.toFixed(0)} s`,
    '',
  ].join('\n');
}

function renderComparison({ title, sides, checks }: Comparison): string[] {
  return [
    title,
    ...sides.map(({ name, unit, summary }) => row(`  ${name}`, unit, ...[summary.min, summary.p50, summary.p90].map((value) => figure(value, unit)))),
    ...checks.map((check) => row(`  ${check.what}`, check.unit, '', figure(check.value, check.unit), verdict(check))),
    '',
  ];
}

function row(...cells: string[]): string {
  return cells.map((cell, i) => (i < 2 ? `${cell} `.padEnd(WIDTHS[i] ?? 0) : i < 4 || cells[0] === '' || !cell.includes(' ') ? cell.padStart(WIDTHS[i] ?? 0) : `  ${cell}`)).join('').trimEnd();
}

export function figure(value: number, unit: Unit): string {
  if (unit === '/s' || unit === 'KiB') return value.toFixed(0);
  return value.toFixed(2);
}

export function hasTarget({ atMost, atLeast }: Check): boolean {
  return atMost !== undefined || atLeast !== undefined;
}

/** "at most 1.25: met" */
function verdict(check: Check): string {
  if (!hasTarget(check)) return '';
  const bound = check.atMost === undefined ? `at least ${check.atLeast}` : `at most ${check.atMost}`;
  return `${bound}: ${isMet(check) ? 'met' : 'MISSED'}`;
}

// SPDX-License-Identifier: Apache-2.0
import { type Check, isMet, type Report, type Series } from './result';
import { element, line, svgDocument, text } from './svg';

const WIDTH = 820;
const COLOURS = ['#0b6bcb', '#7a7a7a'];
const INK = '#222222';
const FAINT = '#dddddd';
const MISSED = '#c0392b';
const CURVE = { top: 60, left: 80, width: 700, height: 260 };
const ROW = 34;

/** The report as a picture: snapshot rate over batch size, then each ratio with its target. */
export function renderPlot(report: Report): string {
  const ratios = report.comparisons.flatMap(({ title, checks }) => checks.filter(isRatioWithTarget).map((check) => ({ title, check })));
  const curve = report.batchCurve.length > 0 ? renderCurve(report.batchCurve) : [];
  const top = curve.length > 0 ? CURVE.top + CURVE.height + 110 : 40;
  const bars = ratios.length > 0 ? renderRatios(ratios, top) : [];
  const height = top + ratios.length * ROW + 80;
  const { kernel, cpus, node, liblxc, date } = report.conditions;
  const where = `Linux ${kernel}, ${cpus}, Node ${node}, liblxc ${liblxc}, ${date}`;
  const footer = text(20, height - 12, where, { fill: '#666666', 'font-size': 11 });
  return svgDocument(WIDTH, height, 'dockerlite benchmarks', [...curve, ...bars, footer]);
}

function isRatioWithTarget({ unit, atMost, atLeast }: Check): boolean {
  return unit === 'x' && (atMost !== undefined || atLeast !== undefined);
}

function renderCurve(series: readonly Series[]): string[] {
  const points = series.flatMap((one) => one.points);
  const [smallest, largest] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x), 2)];
  const step = niceStep(Math.max(...points.map(([, y]) => y)) / 5);
  const ceiling = step * Math.ceil(Math.max(...points.map(([, y]) => y)) / step);
  const x = (value: number) => CURVE.left + (CURVE.width * Math.log(value / smallest)) / Math.log(largest / smallest);
  const y = (value: number) => CURVE.top + CURVE.height * (1 - value / ceiling);
  const parts = [text(20, 30, 'Snapshots a second over the size of a batch', { fill: INK, 'font-size': 17, 'font-weight': 'bold' })];
  for (let value = 0; value <= ceiling; value += step) {
    parts.push(line(CURVE.left, y(value), CURVE.left + CURVE.width, y(value), { stroke: FAINT }));
    parts.push(text(CURVE.left - 8, y(value) + 4, value.toLocaleString('en-US'), { fill: INK, 'text-anchor': 'end' }));
  }
  for (const [value] of series[0]?.points ?? []) {
    parts.push(line(x(value), y(0), x(value), y(0) + 5, { stroke: INK }));
    parts.push(text(x(value), y(0) + 20, value.toLocaleString('en-US'), { fill: INK, 'text-anchor': 'middle' }));
  }
  parts.push(text(CURVE.left + CURVE.width / 2, y(0) + 44, 'snapshots in one call (logarithmic)', { fill: INK, 'text-anchor': 'middle' }));
  const middle = CURVE.top + CURVE.height / 2;
  parts.push(text(22, middle, 'snapshots a second', { fill: INK, 'text-anchor': 'middle', transform: `rotate(-90 22 ${middle})` }));
  series.forEach(({ name, points: mine }, i) => {
    const colour = COLOURS[i % COLOURS.length] as string;
    parts.push(element('polyline', { points: mine.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' '), fill: 'none', stroke: colour, 'stroke-width': 2 }));
    for (const [px, py] of mine) parts.push(element('circle', { cx: x(px), cy: y(py), r: 3, fill: colour }));
    const key = CURVE.top + 16 + i * 20;
    parts.push(line(CURVE.left + 14, key - 4, CURVE.left + 40, key - 4, { stroke: colour, 'stroke-width': 2 }));
    parts.push(text(CURVE.left + 46, key, name, { fill: INK }));
  });
  return parts;
}

function renderRatios(rows: readonly { title: string; check: Check }[], top: number): string[] {
  const left = 400;
  const width = WIDTH - left - 110;
  const largest = Math.max(...rows.flatMap(({ check }) => [check.value, check.atMost ?? 0, check.atLeast ?? 0]));
  const step = niceStep(largest / 5);
  const end = step * Math.ceil((largest * 1.02) / step);
  const x = (value: number) => left + (width * value) / end;
  const bottom = top + 30 + rows.length * ROW;
  const parts = [text(20, top, 'Ratio to the reference measured in the same run (black line: target)', { fill: INK, 'font-size': 17, 'font-weight': 'bold' })];
  for (let i = 0; i * step <= end + 1e-9; i++) {
    parts.push(line(x(i * step), top + 16, x(i * step), bottom, { stroke: FAINT }));
    parts.push(text(x(i * step), bottom + 16, String(Math.round(i * step * 100) / 100), { fill: INK, 'text-anchor': 'middle' }));
  }
  rows.forEach(({ title, check }, i) => {
    const y = top + 26 + i * ROW;
    const target = (check.atMost ?? check.atLeast) as number;
    parts.push(text(left - 10, y + 8, title, { fill: INK, 'text-anchor': 'end', 'font-size': 12 }));
    parts.push(text(left - 10, y + 21, check.what, { fill: '#666666', 'text-anchor': 'end', 'font-size': 11 }));
    parts.push(element('rect', { x: left, y, width: x(check.value) - left, height: ROW - 14, fill: isMet(check) ? (COLOURS[0] as string) : MISSED, 'fill-opacity': 0.75 }));
    parts.push(line(x(target), y - 5, x(target), y + ROW - 9, { stroke: '#000000', 'stroke-width': 2 }));
    const label = `${check.value.toFixed(2)} (${check.atMost === undefined ? '≥' : '≤'} ${target})`;
    parts.push(text(x(Math.max(check.value, target)) + 8, y + 15, label, { fill: INK, 'font-size': 12 }));
  });
  return parts;
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
export function niceStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9)) ?? 10);
}

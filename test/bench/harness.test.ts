// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { interleave, type Side } from '../../bench/interleave';
import { niceStep, renderPlot } from '../../bench/plot';
import { isMet, measured, ratio, type Report } from '../../bench/result';
import { parseParts } from '../../bench/run';
import { quantile, summarise } from '../../bench/stats';
import { renderReport } from '../../bench/table';

const fast = measured('fast', 'ms', [1, 2, 3]);
const slow = measured('slow <&>', 'ms', [4, 5, 6]);

const report: Report = {
  conditions: { kernel: '6.1', cpus: '2 x "some" <cpu>', node: 'v20', liblxc: '5.0.2', date: '2026-01-01' },
  comparisons: [
    { title: 'one & two', sides: [fast, slow], checks: [ratio('slow over fast', slow, fast, { atMost: 2 }), ratio('fast over slow', fast, slow, { atLeast: 0.1 })] },
    { title: 'no target', sides: [fast], checks: [ratio('itself', fast, fast, {})] },
  ],
  batchCurve: [
    { name: 'Node', points: [[1, 300], [64, 2500], [2000, 4100]] },
    { name: 'C', points: [[1, 320], [64, 2600], [2000, 4200]] },
  ],
  seconds: 12,
};

describe('benchmark harness', () => {
  it('finds quantiles between samples', () => {
    assert.equal(quantile([7], 0.9), 7);
    assert.equal(quantile([1, 2, 3, 4], 0.5), 2.5);
    assert.equal(quantile([0, 10], 0.9), 9);
    assert.throws(() => quantile([], 0.5), RangeError);
  });

  it('summarises samples in any order, as numbers', () => {
    assert.deepEqual(summarise([10, 8, 110, 0, 60]), { count: 5, min: 0, p50: 10, p90: 90, max: 110 });
  });

  it('compares medians with a target on either side', () => {
    assert.equal(ratio('r', slow, fast, {}).value, 2.5);
    assert.equal(isMet({ what: '', value: 1.25, unit: 'x', atMost: 1.25 }), true);
    assert.equal(isMet({ what: '', value: 1.26, unit: 'x', atMost: 1.25 }), false);
    assert.equal(isMet({ what: '', value: 0.84, unit: 'x', atLeast: 0.85 }), false);
    assert.equal(isMet({ what: '', value: 99, unit: 'x' }), true);
  });

  it('takes turns, changing who is first, and forgets the warm-up', async () => {
    const order: string[] = [];
    const side = (name: string): Side => ({
      name,
      run: async (count) => [order.push(`${name}${count}`)],
      settle: async () => void order.push('-'),
    });
    const samples = await interleave([side('a'), side('b')], { rounds: 2, count: 3, warmUp: 1 });
    assert.deepEqual(order, ['a1', '-', 'b1', '-', 'a3', '-', 'b3', '-', 'b3', '-', 'a3', '-']);
    assert.deepEqual(samples, [[5, 11], [7, 9]]);
  });

  it('prints figures, targets and how many were met', () => {
    const table = renderReport(report);
    assert.match(table, /^ {2}slow <&>\s+ms\s+4\.00\s+5\.00\s+5\.80$/m);
    assert.match(table, /^ {2}slow over fast\s+x\s+2\.50\s+at most 2: MISSED$/m);
    assert.match(table, /^1 of 2 targets met, 12 s$/m);
  });

  it('draws a well-formed plot with every curve, ratio and target', () => {
    const svg = renderPlot(report);
    assertWellFormed(svg);
    assert.equal(svg.match(/<polyline /g)?.length, 2);
    assert.equal(svg.match(/<rect /g)?.length, 3, 'the ground and a bar for each ratio with a target');
    for (const label of ['snapshots in one call (logarithmic)', 'snapshots a second', 'one &amp; two', '2.50 (≤ 2)', '0.40 (≥ 0.1)']) {
      assert.ok(svg.includes(`>${label}<`), label);
    }
    assert.ok(!/NaN|Infinity|undefined/.test(svg));
  });

  it('draws what there is when only a part was measured', () => {
    for (const some of [{ batchCurve: [] }, { comparisons: [] }, { batchCurve: [], comparisons: [] }]) {
      const svg = renderPlot({ ...report, ...some });
      assertWellFormed(svg);
      assert.ok(!/NaN|Infinity|undefined/.test(svg));
    }
  });

  it('steps axes by 1, 2 or 5', () => {
    assert.deepEqual([0.2, 1, 3, 700, 0].map(niceStep), [0.2, 1, 5, 1000, 1]);
  });

  it('knows its parts by name', () => {
    assert.equal(parseParts([]), undefined);
    assert.deepEqual(parseParts(['cli', 'exec', 'cli']), ['cli', 'exec']);
    assert.throws(() => parseParts(['cpu']), { code: 'E_INVALID' });
  });
});

/** Tags that open and close in order, attributes in quotes, and no bare `&` or `<` in between. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replace(/<(\/?)([a-z]+)((?: [a-zA-Z0-9-]+="[^"<]*")*)(\/?)>/g, (_, closing: string, name: string, __, empty: string) => {
    if (closing !== '') assert.equal(open.pop(), name);
    else if (empty === '') open.push(name);
    return '';
  });
  assert.deepEqual(open, []);
  assert.ok(!/[<>]|&(?!amp;|lt;|gt;|quot;)/.test(rest), 'markup that is not understood');
}

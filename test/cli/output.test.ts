// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { parseFilters } from '../../cli/commands/filter-option';
import { dockerChanges } from '../../cli/output/changes';
import { ago, goTime, humanDuration } from '../../cli/output/duration';
import { formatTable } from '../../cli/output/table';
import type { Change } from '../../lib/containers/diff';

describe('durations', () => {
  const SECOND = 1000;
  const HOUR = 3600 * SECOND;
  const cases: [number, string][] = [
    [-5 * SECOND, 'Less than a second'],
    [999, 'Less than a second'],
    [1999, '1 second'],
    [59_999, '59 seconds'],
    [60 * SECOND, 'About a minute'],
    [59 * 60 * SECOND, '59 minutes'],
    [60 * 60 * SECOND, 'About an hour'],
    [89 * 60 * SECOND, 'About an hour'],
    [91 * 60 * SECOND, '2 hours'],
    [47 * HOUR, '47 hours'],
    [48 * HOUR, '2 days'],
    [24 * 13 * HOUR, '13 days'],
    [24 * 14 * HOUR, '2 weeks'],
    [24 * 60 * HOUR, '2 months'],
    [24 * 365 * 2 * HOUR, '2 years'],
  ];
  for (const [ms, text] of cases) it(`${ms} ms is ${text}`, () => assert.equal(humanDuration(ms), text));

  it('a time as Go prints it, in the zone of the machine', () => {
    assert.match(goTime(0), /^(1970-01-01|1969-12-31) \d\d:\d\d:00 [-+]\d{4} \S+$/);
    assert.equal(ago(1000, 4000), '3 seconds ago');
  });
});

describe('tables', () => {
  it('no column is narrower than ten, and no cell writes control codes', () => {
    assert.equal(formatTable([['A', 'B'], ['1', '\u001b[31mx\n']]), `A         B\n1         \\x1b[31mx\\x0a\n`);
  });
});

describe('filters', () => {
  it('values of one key are gathered', () => {
    assert.deepEqual({ ...parseFilters(['label=a', 'LABEL=b=c', 'id=']) }, { label: ['a', 'b=c'], id: [''] });
  });
  it('a key may be any word', () => assert.deepEqual(Object.keys(parseFilters(['__proto__=x'])), ['__proto__']));
  for (const bad of ['', 'x', '=x']) {
    it(`${JSON.stringify(bad)} is none`, () => assert.throws(() => parseFilters([bad]), /bad format of filter/));
  }
});

describe('changes as Docker lists them', () => {
  const lines = (...changes: Change[]) => dockerChanges(changes).map(({ Type, Path }) => `${Type} ${Path}`);

  it('directories above a change have changed, the root is not named', () => {
    assert.deepEqual(lines({ kind: 'added', path: '/etc/a/b' }, { kind: 'changed', path: '/' }), ['C /etc', 'C /etc/a', 'A /etc/a/b']);
  });
  it('an added directory above stays added', () => {
    assert.deepEqual(lines({ kind: 'added', path: '/new' }, { kind: 'added', path: '/new/file' }), ['A /new', 'A /new/file']);
  });
  it('a rename is a deletion and an addition', () => {
    assert.deepEqual(lines({ kind: 'renamed', from: '/a/old', path: '/b/new' }), ['C /a', 'D /a/old', 'C /b', 'A /b/new']);
  });
  it('two that changed places have changed', () => {
    assert.deepEqual(lines({ kind: 'renamed', from: '/a', path: '/b' }, { kind: 'renamed', from: '/b', path: '/a' }), ['C /a', 'C /b']);
  });
  it('what was in a deleted directory is not told', () => {
    assert.deepEqual(lines({ kind: 'deleted', path: '/d/x' }, { kind: 'deleted', path: '/d' }), ['D /d']);
  });
  it('in the order of bytes', () => {
    assert.deepEqual(lines({ kind: 'added', path: '/a-b' }, { kind: 'added', path: '/a/b' }, { kind: 'added', path: '/é' }), ['C /a', 'A /a-b', 'A /a/b', 'A /é']);
  });
});

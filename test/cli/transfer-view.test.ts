// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import type { Output } from '../../cli/output/output';
import { Rates } from '../../cli/output/rates';
import { makeView, type ProgressKind } from '../../cli/output/transfer';
import { DockerliteError } from '../../lib/errors';
import { Transfer, type TransferEvent } from '../../lib/images/transfer';
import { collect } from '../helpers/registry-client';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

const EVENTS: TransferEvent[] = [
  { kind: 'message', id: 'v1', text: 'Pulling from x' },
  { kind: 'layer', digest: A, state: 'waiting' },
  { kind: 'layer', digest: B, state: 'exists' },
  { kind: 'layer', digest: A, state: 'downloading', current: 500_000, total: 1_000_000 },
  { kind: 'layer', digest: A, state: 'complete' },
  { kind: 'layer', digest: A, state: 'complete' },
];

function shown(kind: ProgressKind, events = EVENTS): string {
  let text = '';
  const view = makeView(kind, { fd: 1, write: (data: string) => (text += data) } as unknown as Output);
  for (const event of events) view.show(event);
  view.note('done');
  return text;
}

/** What a terminal shows after such text: lines, with the movements in it carried out. */
function screen(text: string): string[] {
  const lines: string[] = [''];
  let row = 0;
  for (const part of text.match(/\u001b\[\d*[A-Z]|\r|\n|[^\u001b\r\n]+/g) ?? []) {
    const move = /^\u001b\[(\d*)([A-Z])$/.exec(part);
    if (part === '\n') lines[++row] ??= '';
    else if (move?.[2] === 'A') row -= Number(move[1]);
    else if (move?.[2] === 'B') row += Number(move[1]);
    else if (move?.[2] === 'K') lines[row] = '';
    else if (part !== '\r') lines[row] += part;
  }
  return lines;
}

describe('progress of a pull', () => {
  it('in a pipe: a line for each change of state', () => {
    assert.equal(shown('plain'), 'v1: Pulling from x\naaaaaaaaaaaa: Pulling fs layer\nbbbbbbbbbbbb: Already exists\naaaaaaaaaaaa: Pull complete\ndone\n');
  });

  it('on a terminal: a line for each layer, written over', () => {
    const half = screen(shown('tty', EVENTS.slice(0, 4)));
    assert.equal(half[1], `aaaaaaaaaaaa: Downloading [${'='.repeat(24)}>${' '.repeat(25)}]  500kB/1MB`.slice(0, 79));
    assert.deepEqual(screen(shown('tty')), ['v1: Pulling from x', 'aaaaaaaaaaaa: Pull complete', 'bbbbbbbbbbbb: Already exists', 'done', '']);
  });

  it('as JSON: messages of Docker\'s API', () => {
    const lines = shown('json').trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
    assert.deepEqual(lines[3], { status: 'Downloading', progressDetail: { current: 500_000, total: 1_000_000 }, id: 'aaaaaaaaaaaa' });
    assert.deepEqual(lines.at(-1), { status: 'done' });
  });

  it('not at all', () => assert.equal(shown('none'), ''));

  it('tells a rate of the last seconds', () => {
    const rates = new Rates();
    assert.equal(rates.add('x', 0, 0), undefined);
    assert.equal(rates.add('x', 1000, 1000), 1000);
    for (let second = 2; second <= 10; second++) rates.add('x', 1000 + (second - 1) * 5000, second * 1000);
    assert.equal(rates.add('x', 51_000, 11_000), 5000);
    assert.equal(rates.add('x', 0, 11_500), undefined);
  });
});

describe('a transfer', () => {
  it('goes on without anybody who watches, and keeps the last of many numbers', async () => {
    const transfer = new Transfer(async (emit) => {
      emit({ kind: 'message', text: 'begin' });
      for (let current = 0; current <= 1000; current++) emit({ kind: 'layer', digest: A, state: 'downloading', current });
      emit({ kind: 'layer', digest: A, state: 'complete' });
      return Promise.resolve(7);
    });
    assert.equal(await transfer.result, 7);
    assert.deepEqual(await collect(transfer), [
      { kind: 'message', text: 'begin' },
      { kind: 'layer', digest: A, state: 'downloading', current: 1000 },
      { kind: 'layer', digest: A, state: 'complete' },
    ]);
  });

  it('fails where it is watched, after what happened before', async () => {
    const transfer = new Transfer<never>(async (emit) => {
      emit({ kind: 'message', text: 'begin' });
      await Promise.resolve();
      throw new DockerliteError('E_DIGEST', 'no');
    });
    const seen: TransferEvent[] = [];
    await assert.rejects(async () => {
      for await (const event of transfer) seen.push(event);
    }, /no/);
    assert.equal(seen.length, 1);
    await assert.rejects(transfer.result, /no/);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { DetachFilter, parseDetachKeys } from '../../cli/session/detach-keys';

describe('detach keys', () => {
  for (const [text, bytes] of [['ctrl-p,ctrl-q', [16, 17]], ['a', [97]], ['ctrl-@', [0]], ['ctrl-[,x', [27, 120]], ['ctrl-\\', [28]], ['ctrl-_', [31]], ['', []]] as const) {
    it(`read ${text}`, () => assert.deepEqual([...parseDetachKeys(text)], [...bytes]));
  }
  for (const text of ['ctrl-', 'ctrl-1', 'ab', 'a,,b', 'ctrl-pp', ' ']) {
    it(`refuse '${text}'`, () => assert.throws(() => parseDetachKeys(text), /invalid detach keys/));
  }

  const type = (keys: string, ...chunks: string[]): string => {
    const filter = new DetachFilter(Buffer.from(keys));
    let passed = '';
    for (const chunk of chunks) {
      const { pass, detach } = filter.feed(Buffer.from(chunk));
      passed += pass.toString();
      if (detach) return `${passed}!`;
    }
    return passed;
  };
  for (const [keys, chunks, expected] of [
    ['pq', ['abc'], 'abc'],
    ['pq', ['apqb'], 'a!'],
    ['pq', ['ap', 'q'], 'a!'],
    ['pq', ['p', 'x'], 'px'],
    ['pq', ['p', 'p', 'q'], 'p!'],
    ['aab', ['aaab'], 'a!'],
    ['aab', ['aac'], 'aac'],
    ['abab', ['abaab'], 'aba'],
    ['', ['pq'], 'pq'],
  ] as const) {
    it(`${keys || 'none'}: ${chunks.join('|')} passes ${expected}`, () => assert.equal(type(keys, ...chunks), expected));
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { decodeFields, decodeMessage, encodeFields, encodeRequest, encodeStart, FRAME, u32, u64 } from '../../lib/binding/frames';

describe('frames', () => {
  it('decodes what it encodes, repeated and empty fields too', () => {
    const body = encodeFields([[1, 'a'], [1, ''], [7, u32(0xdeadbeef)], [9, u64(2n ** 63n)]]);
    const fields = decodeFields(body);
    assert.deepEqual(fields.map(([tag]) => tag), [1, 1, 7, 9]);
    assert.equal(fields[1]?.[1].length, 0);
    assert.equal(fields[2]?.[1].readUInt32LE(), 0xdeadbeef);
    assert.equal(fields[3]?.[1].readBigUInt64LE(), 2n ** 63n);
  });

  it('lays a field out as the document says', () => {
    assert.equal(encodeFields([[3, 'xy']]).toString('hex'), '03000000' + '02000000' + '7879');
  });

  it('rejects every truncation', () => {
    const body = encodeFields([[1, 'abc'], [2, 'd']]);
    const whole = new Set([0, 11, body.length]);
    for (let length = 0; length <= body.length; length++) {
      const part = body.subarray(0, length);
      if (whole.has(length)) decodeFields(part);
      else assert.throws(() => decodeFields(part), RangeError, `${length} bytes`);
    }
  });

  it('rejects a length that points past the end', () => {
    const body = encodeFields([[1, 'abc']]);
    body.writeUInt32LE(0xffffffff, 4);
    assert.throws(() => decodeFields(body), RangeError);
  });

  it('refuses a NUL byte in a string', () => {
    assert.throws(() => encodeFields([[1, 'a\0b']]), RangeError);
  });

  it('encodes START', () => {
    const orders = { id: 'c', runDir: '/run/c', exitPath: '/x', config: ['a=1', 'b=2'], payload: Buffer.from('p'), tty: true, become: true, mask: 7 };
    const fields = decodeFields(encodeStart(orders));
    assert.deepEqual(fields.filter(([tag]) => tag === 4).map(([, value]) => value.toString()), ['a=1', 'b=2']);
    assert.equal(fields.find(([tag]) => tag === 7)?.[1].readUInt32LE(), 1 | 8);
    assert.equal(fields.find(([tag]) => tag === 3), undefined);
  });

  it('leaves absent numbers out of a request', () => {
    assert.deepEqual(decodeFields(encodeRequest({ 2: undefined, 3: 80 }, 'e')).map(([tag]) => tag), [3, 4]);
  });

  it('decodes messages and ignores unknown types and fields', () => {
    const body = encodeFields([[1, u32(7 << 8)], [2, u64(5n)], [99, 'new'], [3, u32(1)]]);
    assert.deepEqual(decodeMessage(FRAME.exited, body), { kind: 'exited', status: 7 << 8, finishedAt: '5', execId: '', oomKilled: true, restarting: false, startedAt: '0' });
    assert.equal(decodeMessage(1000, body), undefined);
  });
});

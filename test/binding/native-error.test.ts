// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { native, wrapNativeError } from '../../lib/binding/native-error';
import { DockerliteError } from '../../lib/errors';

const failure = (errno: number) => Object.assign(new Error('call: failed'), { errno, syscall: 'call', path: '/p' });

describe('binding/native-error', () => {
  const { ENOSPC, EDQUOT, EPERM, EACCES, ENOENT, EEXIST, ENOTTY, EOPNOTSUPP, EIO } = constants.errno;
  const table: [number, string][] = [
    [ENOSPC, 'E_NO_SPACE'], [EDQUOT, 'E_NO_SPACE'], [EPERM, 'E_PERMISSION'], [EACCES, 'E_PERMISSION'], [ENOENT, 'E_NOT_FOUND'],
    [EEXIST, 'E_CONFLICT'], [ENOTTY, 'E_UNSUPPORTED'], [EOPNOTSUPP, 'E_UNSUPPORTED'], [EIO, 'E_SYSTEM'], [0, 'E_SYSTEM'],
  ];
  for (const [errno, code] of table) {
    it(`maps errno ${errno} to ${code}`, () => {
      const error = failure(errno);
      const wrapped = wrapNativeError(error);
      assert.deepEqual([wrapped.code, wrapped.errno, wrapped.syscall, wrapped.path, wrapped.cause], [code, errno, 'call', '/p', error]);
      assert.equal(wrapped.message, 'call: failed');
    });
  }

  it('wraps once, and anything', () => {
    const error = new DockerliteError('E_ABORTED', 'x');
    assert.equal(wrapNativeError(error), error);
    assert.equal(wrapNativeError('text').message, 'text');
    assert.equal(wrapNativeError(new Error('plain')).code, 'E_SYSTEM');
  });

  it('wraps rejections and lets wrong arguments through', async () => {
    await assert.rejects(native(() => Promise.reject(failure(ENOENT))), { code: 'E_NOT_FOUND' });
    await assert.rejects(native(() => { throw new TypeError('expected a path'); }), TypeError);
    assert.equal(await native(() => Promise.resolve(1)), 1);
  });
});

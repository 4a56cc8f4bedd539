// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { lxcNetwork } from '../../lib/network/lxc-net';

describe('network/lxc-net', () => {
  it('says nothing of the namespace of another container', () => assert.deepEqual(lxcNetwork({ mode: 'container' }), []));

  it('has a loopback only, which the supervisor adds to, or the host\'s network', () => {
    assert.deepEqual(lxcNetwork({ mode: 'bridge', attachments: [] }), lxcNetwork({ mode: 'none' }));
    assert.deepEqual(lxcNetwork({ mode: 'none' }), ['lxc.net.0.type=empty', 'lxc.net.0.flags=up']);
    assert.deepEqual(lxcNetwork({ mode: 'host' }), ['lxc.net.0.type=none']);
  });
});

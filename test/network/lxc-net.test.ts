// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { bridgeConfig } from '../../lib/network/bridge';
import { lxcNetwork, vethName } from '../../lib/network/lxc-net';

const ID = 'abcdef0123456789'.repeat(4);
const bridge = bridgeConfig({ id: '0123456789abcdef', subnet: '172.30.0.0/20' });

describe('network/lxc-net', () => {
  it('keeps interface names within the kernel\'s 15 bytes', () => {
    assert.equal(vethName(ID), 'dlabcdef012345');
    assert.ok(vethName(ID).length <= 15 && bridge.name.length <= 15);
  });

  it('joins the bridge with address, gateway and hardware address', () => {
    assert.deepEqual(lxcNetwork({ mode: 'bridge', bridge, containerId: ID, ip: '172.30.1.2' }), [
      'lxc.net.0.type=veth',
      'lxc.net.0.link=dl01234567',
      'lxc.net.0.name=eth0',
      'lxc.net.0.flags=up',
      'lxc.net.0.veth.pair=dlabcdef012345',
      'lxc.net.0.hwaddr=02:42:ac:1e:01:02',
      'lxc.net.0.ipv4.address=172.30.1.2/20 172.30.15.255',
      'lxc.net.0.ipv4.gateway=172.30.0.1',
    ]);
  });

  it('has a loopback only, or the host\'s network', () => {
    assert.deepEqual(lxcNetwork({ mode: 'none' }), ['lxc.net.0.type=empty', 'lxc.net.0.flags=up']);
    assert.deepEqual(lxcNetwork({ mode: 'host' }), ['lxc.net.0.type=none']);
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type Attachment, vethName } from '../../lib/network/attachment';
import { normaliseEndpoint } from '../../lib/network/endpoint';
import { lxcNetwork } from '../../lib/network/lxc-net';
import { predefinedNetwork } from '../../lib/network/record';

const ID = 'abcdef0123456789'.repeat(4);
const network = predefinedNetwork({ marker: { version: 1, id: '0123456789abcdef', subnet: '172.30.0.0/20' } }, 'bridge');
const attachment: Attachment = { network, endpoint: normaliseEndpoint({ network: 'bridge' }), index: 0, ip: '172.30.1.2', ip6: '', mac: '02:42:ac:1e:01:02', veth: vethName(ID) };

describe('network/lxc-net', () => {
  it('keeps interface names within the kernel\'s 15 bytes', () => {
    assert.equal(vethName(ID), 'dlabcdef012345');
    assert.equal(vethName(ID, 35), 'dlabcdef012345z');
    assert.ok(vethName(ID, 35).length <= 15 && network.bridge.length <= 15);
  });

  it('joins the bridge with address, gateway and hardware address', () => {
    assert.deepEqual(lxcNetwork({ mode: 'bridge', attachments: [attachment] }), [
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

  it('has a default route through the first network that leads out', () => {
    const inner = { ...network, spec: { ...network.spec, internal: true } };
    const keys = lxcNetwork({ mode: 'bridge', attachments: [{ ...attachment, network: inner }, { ...attachment, index: 1 }] });
    assert.deepEqual(keys.filter((key) => key.includes('gateway')), ['lxc.net.1.ipv4.gateway=172.30.0.1']);
    assert.ok(keys.includes('lxc.net.1.name=eth1'));
  });

  it("gives the container's end the bridge's own size of packets", () => {
    const keys = lxcNetwork({ mode: 'bridge', attachments: [{ ...attachment, network: { ...attachment.network, bridge: 'lo' } }] });
    assert.ok(keys.includes(`lxc.net.0.mtu=${readFileSync('/sys/class/net/lo/mtu', 'latin1').trim()}`), keys.join());
  });

  it('says nothing of the namespace of another container', () => assert.deepEqual(lxcNetwork({ mode: 'container' }), []));

  it('has a loopback only, or the host\'s network', () => {
    assert.deepEqual(lxcNetwork({ mode: 'none' }), ['lxc.net.0.type=empty', 'lxc.net.0.flags=up']);
    assert.deepEqual(lxcNetwork({ mode: 'host' }), ['lxc.net.0.type=none']);
  });
});

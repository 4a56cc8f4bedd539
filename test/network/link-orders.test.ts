// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { networkFields } from '../../lib/binding/network-orders';
import { type Attachment, vethName } from '../../lib/network/attachment';
import { normaliseEndpoint } from '../../lib/network/endpoint';
import { linkOrders } from '../../lib/network/link-orders';
import { predefinedNetwork } from '../../lib/network/record';

const ID = 'abcdef0123456789'.repeat(4);
const network = predefinedNetwork({ marker: { version: 1, id: '0123456789abcdef', subnet: '172.30.0.0/20' } }, 'bridge');
const attachment: Attachment = { network, endpoint: normaliseEndpoint({ network: 'bridge' }), index: 0, ip: '172.30.1.2', ip6: '', mac: '02:42:ac:1e:01:02', veth: vethName(ID) };

describe('network/link-orders', () => {
  it('keeps interface names within the kernel\'s 15 bytes', () => {
    assert.equal(vethName(ID), 'dlabcdef012345');
    assert.equal(vethName(ID, 35), 'dlabcdef012345z');
    assert.ok(vethName(ID, 35).length <= 15 && network.bridge.length <= 15);
  });

  it('join the bridge with address, gateway and hardware address', () => {
    const links = linkOrders([attachment]);
    assert.deepEqual(links, [
      { bridge: 'dl01234567', host: 'dlabcdef012345', name: 'eth0', mac: '02:42:ac:1e:01:02', addresses: ['172.30.1.2/20'], gateways: ['172.30.0.1'] },
    ]);
    const fields = networkFields({ atExit: [], afterExit: [], ports: [], links });
    assert.deepEqual(fields, [[72, 'dl01234567 dlabcdef012345 eth0 02:42:ac:1e:01:02 172.30.1.2/20 172.30.0.1']]);
  });

  it('have a default route through the first network that leads out', () => {
    const inner = { ...network, spec: { ...network.spec, internal: true } };
    const links = linkOrders([{ ...attachment, network: inner }, { ...attachment, index: 1 }, { ...attachment, index: 2 }]);
    assert.deepEqual(links.map(({ name, gateways }) => [name, gateways]), [['eth0', []], ['eth1', ['172.30.0.1']], ['eth2', []]]);
  });
});

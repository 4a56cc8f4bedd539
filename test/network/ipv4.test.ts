// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { contains, formatIpv4, formatSubnet, hardwareAddress, overlaps, parseCidr, parseIpv4, parseSubnet } from '../../lib/network/ipv4';

describe('network/ipv4', () => {
  it('reads and writes addresses over the whole range', () => {
    for (const text of ['0.0.0.0', '127.0.0.1', '128.0.0.0', '172.30.0.1', '255.255.255.255']) assert.equal(formatIpv4(parseIpv4(text)!), text);
    assert.equal(parseIpv4('255.255.255.255'), 4294967295);
  });

  it('makes hardware addresses of addresses', () => assert.equal(hardwareAddress(parseIpv4('172.30.255.2')!), '02:42:ac:1e:ff:02'));

  it('knows what lies in a subnet', () => {
    const subnet = parseSubnet('192.168.240.0/20');
    assert.equal(formatSubnet(subnet), '192.168.240.0/20');
    for (const inside of ['192.168.240.0', '192.168.255.255']) assert.ok(contains(subnet, parseIpv4(inside)!));
    for (const out of ['192.168.239.255', '192.169.0.0']) assert.ok(!contains(subnet, parseIpv4(out)!));
  });

  const pairs: [string, string, boolean][] = [
    ['10.0.0.0/8', '10.9.0.0/16', true],
    ['10.9.0.0/16', '10.0.0.0/8', true],
    ['10.9.0.0/16', '10.10.0.0/16', false],
    ['0.0.0.0/0', '255.255.255.255/32', true],
  ];
  for (const [a, b, expected] of pairs) {
    it(`${a} ${expected ? 'overlaps' : 'does not overlap'} ${b}`, () => assert.equal(overlaps(parseCidr(a)!, parseCidr(b)!), expected));
  }

  for (const bad of ['', '10.0.0.0', '10.0.0.0/7', '10.0.0.0/31', '10.0.0.1/8', '10.0.0.0/08', '10.0.0.0/8/8', '10.0.0.0/-8', '10.0.0/8', 'fd00::/64', '10.0.0.0/16 ']) {
    it(`refuses ${JSON.stringify(bad)} as a subnet`, () => assert.throws(() => parseSubnet(bad), { code: 'E_INVALID' }));
  }
});

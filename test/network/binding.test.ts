// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { LinkInfo } from '../../lib/binding/types';
import { NetworkNamespace } from './netns';

describe('binding/net', function () {
  this.timeout(60_000);
  let host: NetworkNamespace;
  before(() => {
    host = new NetworkNamespace();
    host.run('ip', 'link', 'add', 'd0', 'type', 'veth', 'peer', 'name', 'd1');
    host.run('ip', 'address', 'add', '192.0.2.7/24', 'dev', 'd0');
    host.run('ip', 'link', 'set', 'd0', 'up');
    host.run('ip', 'route', 'add', '203.0.113.0/25', 'via', '192.0.2.1');
    host.run('ip', 'route', 'add', 'default', 'via', '192.0.2.1');
    host.run('ip', 'route', 'add', '198.51.100.0/24', 'via', '192.0.2.1', 'table', '77');
  });
  after(() => host.remove());

  it('lists links with kind, state and addresses', async () => {
    const links = (await host.call('links')) as LinkInfo[];
    const link = links.find(({ name }) => name === 'd0');
    assert.equal(link?.kind, 'veth');
    assert.equal(link?.up, true);
    assert.ok(link?.addresses.includes('192.0.2.7/24'));
    assert.ok(links.find((link) => link.name === 'lo')?.addresses.includes('127.0.0.1/8'));
  });

  it('lists used subnets: main table and addresses, no default route', async () => {
    const used = new Set((await host.call('usedSubnets')) as string[]);
    assert.deepEqual([...used].sort(), ['127.0.0.0/8', '192.0.2.0/24', '203.0.113.0/25']);
  });

  it('lists many links and addresses', async () => {
    const batch = Array.from({ length: 60 }, (_, i) => `link add m${i} type bridge\n${Array.from({ length: 20 }, (_, j) => `address add 10.${i}.${j}.1/32 dev m${i}\n`).join('')}`).join('');
    const space = new NetworkNamespace();
    try {
      space.run('sh', '-c', `ip -batch - <<'END'\n${batch}END`);
      const links = (await space.call('links')) as LinkInfo[];
      assert.equal(links.length, 61);
      assert.equal(links.filter((link) => link.addresses.length === 20).length, 60);
      assert.equal(((await space.call('usedSubnets')) as string[]).length, 1201);
    } finally {
      space.remove();
    }
  });

  it('applies nft commands all or not at all, and says what nft said', async () => {
    await assert.rejects(host.call('nft', 'add table inet good\nadd rule inet absent input accept\n', false), /No such file or directory/);
    assert.equal(await host.call('hasTable', 'good'), false);
    await host.call('nft', 'add table inet good\n', false);
    assert.equal(await host.call('hasTable', 'good'), true);
    const listed = JSON.parse(String(await host.call('nft', 'list tables', true))) as { nftables: { table?: { name: string } }[] };
    assert.ok(listed.nftables.some((entry) => entry.table?.name === 'good'));
    await host.call('nft', 'delete table inet good', false);
  });

  it('writes net.* settings of its namespace only', async () => {
    // A new namespace begins with the machine's own values.
    await host.call('sysctl', 'net.ipv4.ip_forward', '0');
    assert.equal(await host.call('sysctl', 'net.ipv4.ip_forward', '1'), '0');
    assert.equal(await host.call('sysctl', 'net.ipv4.ip_forward', '1'), '1');
    assert.equal(await host.call('sysctl', 'net/ipv4/conf/d0/forwarding', '0'), '1');
    for (const key of ['kernel.hostname', 'net/../kernel/hostname', '/net/ipv4/ip_forward', 'net.ipv4.ip_forward\0x']) {
      await assert.rejects(host.call('sysctl', key, 'x'), key);
    }
  });

  it('names the link that cannot be deleted', async () => {
    await assert.rejects(host.call('deleteLink', 'nosuch'), { errno: 19, path: 'nosuch' });
  });

  const wrong: [string, unknown[]][] = [
    ['nativeBridge', [{ name: 'x'.repeat(16), addresses: ['10.0.0.1/8'] }]],
    ['nativeBridge', [{ name: '', addresses: ['10.0.0.1/8'] }]],
    ['nativeBridge', [{ name: 'a\0b', addresses: ['10.0.0.1/8'] }]],
    ['nativeBridge', [{ name: 'b0', addresses: ['10.0.0.1/33'] }]],
    ['nativeBridge', [{ name: 'b0', addresses: ['10.0.0.1/8x'] }]],
    ['nativeBridge', [{ name: 'b0', addresses: ['10.0.0/8'] }]],
    ['nativeBridge', [{ name: 'b0', addresses: ['10.0.0.1/8'], mtu: -1 }]],
    ['nativeBridge', [{ name: 'b0', addresses: ['10.0.0.1/8'], mtu: 'x' }]],
    ['nativeBridge', [{}]],
    ['nativeBridge', [7]],
    ['nft', [7, false]],
    ['nft', ['list tables', 7]],
    ['hasTable', ['a\0b']],
    ['hasTable', ['x'.repeat(256)]],
    ['deleteLink', [{}]],
  ];
  for (const [verb, args] of wrong) {
    it(`${verb} refuses ${JSON.stringify(args).slice(0, 60)}`, async () => {
      await assert.rejects(host.call(verb, ...args), { name: 'TypeError' });
    });
  }
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { bridgeOf, hasRoute } from '../../lib/network/bridge';
import { predefinedNetwork } from '../../lib/network/record';
import { connect, NetworkNamespace } from './netns';
import { patience } from '../helpers/patience';

const STORE = { id: '0123456789abcdef', subnet: '172.30.0.0/16' };
const BRIDGE = 'dl01234567';
const TABLE = `dockerlite_${BRIDGE}`;

describe('network/bridge', function () {
  this.timeout(60_000);
  let host: NetworkNamespace;
  beforeEach(() => {
    host = new NetworkNamespace();
  });
  afterEach(() => host.remove());

  it('makes the bridge with its address, up, and forwards', async () => {
    await host.call('ensureBridge', STORE);
    interface IpLink {
      address: string;
      flags: string[];
      linkinfo: { info_kind: string };
      addr_info: { family: string; local: string; prefixlen: number }[];
    }
    const link = (JSON.parse(host.run('ip', '-json', '-details', 'address', 'show', BRIDGE)) as IpLink[])[0]!;
    assert.equal(link.linkinfo.info_kind, 'bridge');
    assert.ok(link.flags.includes('UP'));
    assert.equal(link.address, '02:42:ac:1e:00:01');
    const addresses = link.addr_info.filter(({ family }) => family === 'inet');
    assert.deepEqual(addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`), ['172.30.0.1/16']);
    assert.equal(host.run('cat', '/proc/sys/net/ipv4/ip_forward').trim(), '1');
    assert.match(host.run('nft', 'list', 'table', 'inet', TABLE), /masquerade/);
  });

  it('changes nothing the second time, without opening libnftables', async () => {
    await host.call('ensureBridge', STORE);
    const before = host.run('nft', '-a', 'list', 'ruleset') + host.run('ip', '-o', 'address');
    assert.equal(await host.call('ensureTwice', STORE), false);
    assert.equal(host.run('nft', '-a', 'list', 'ruleset') + host.run('ip', '-o', 'address'), before);
  });

  it('is made once by 50 processes at the same time', async () => {
    await Promise.all(Array.from({ length: 50 }, () => host.call('ensureBridge', STORE)));
    assert.equal(host.run('ip', '-o', '-4', 'address', 'show', 'dev', BRIDGE).trim().split('\n').length, 1);
    assert.equal(host.run('ip', '-o', 'link').trim().split('\n').length, 2, 'loopback and the bridge');
    assert.equal(host.run('nft', 'list', 'table', 'inet', TABLE).match(/iifname @bridges oifname != @bridges masquerade/g)?.length, 1);
  });

  for (const [damage, command] of Object.entries({
    'its rules were flushed': ['nft', 'flush', 'ruleset'],
    'it was set down': ['ip', 'link', 'set', BRIDGE, 'down'],
    'its address was taken': ['ip', 'address', 'flush', 'dev', BRIDGE],
    'it was deleted': ['ip', 'link', 'del', BRIDGE],
  })) {
    it(`is repaired when ${damage}`, async () => {
      await host.call('ensureBridge', STORE);
      const rules = host.run('nft', 'list', 'ruleset');
      host.run(...command);
      await host.call('ensureBridge', STORE);
      assert.match(host.run('ip', '-o', '-4', 'address', 'show', 'up', 'dev', BRIDGE), /172\.30\.0\.1\/16/);
      assert.equal(host.run('nft', 'list', 'ruleset'), rules);
    });
  }

  it('leaves the rules and links of others alone, and takes away only its own', async () => {
    host.run('nft', 'add table inet other; add chain inet other input { type filter hook input priority 0; policy accept; }; add rule inet other input tcp dport 9 drop');
    host.run('nft', 'add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy accept; }');
    host.run('ip', 'link', 'add', 'br-other', 'type', 'bridge');
    const rules = host.run('nft', '-a', 'list', 'ruleset');
    const links = host.run('ip', '-o', 'link');
    const second = { id: 'ffffffffffffffff', subnet: '172.31.0.0/16' };
    await host.call('ensureBridge', STORE);
    await host.call('ensureBridge', second);
    await host.call('removeBridge', STORE);
    assert.match(host.run('nft', 'list', 'ruleset'), /dockerlite_dlffffffff/);
    await host.call('removeBridge', second);
    await host.call('removeBridge', second);
    assert.equal(host.run('nft', '-a', 'list', 'ruleset'), rules);
    assert.equal(host.run('ip', '-o', 'link'), links);
  });

  it('refuses a subnet another interface lies in', async () => {
    host.run('ip', 'link', 'add', 'eth7', 'type', 'bridge');
    host.run('ip', 'address', 'add', '172.30.99.1/24', 'dev', 'eth7');
    await assert.rejects(host.call('ensureBridge', STORE), { code: 'E_CONFLICT', message: /eth7 \(172\.30\.99\.1\/24\)/ });
    assert.doesNotMatch(host.run('ip', '-o', 'link'), new RegExp(BRIDGE));
    assert.equal(host.run('nft', 'list', 'ruleset'), '');
  });

  it('does not take over an interface of its name that is no bridge', async () => {
    host.run('ip', 'link', 'add', BRIDGE, 'type', 'veth', 'peer', 'name', 'other');
    await assert.rejects(host.call('ensureBridge', STORE), /not a bridge/);
    assert.equal(host.run('ip', '-o', '-4', 'address', 'show', 'dev', BRIDGE), '');
  });

  describe('with a container and an outside', () => {
    let container: NetworkNamespace;
    let outside: NetworkNamespace;
    beforeEach(async () => {
      container = new NetworkNamespace();
      outside = new NetworkNamespace();
      await host.call('ensureBridge', STORE);
      connect(host, 'veth0', '', container, 'eth0', '172.30.0.2/16');
      host.run('ip', 'link', 'set', 'veth0', 'master', BRIDGE);
      container.run('ip', 'route', 'add', 'default', 'via', '172.30.0.1');
      connect(host, 'uplink', '198.51.100.1/24', outside, 'eth0', '198.51.100.2/24');
    });
    afterEach(() => {
      container.remove();
      outside.remove();
    });

    // The outside has no route back to the subnet: an answer alone proves the masquerading.
    it("lets the container out under the host's address", async () => {
      assert.equal(await seenFrom(container, outside, '198.51.100.2'), '198.51.100.1');
    });

    it("keeps the container's own address towards the host", async () => {
      assert.equal(await seenFrom(container, host, '172.30.0.1'), '172.30.0.2');
    });

    it('keeps the addresses of two containers towards each other', async () => {
      const second = new NetworkNamespace();
      try {
        connect(host, 'veth1', '', second, 'eth0', '172.30.0.3/16');
        host.run('ip', 'link', 'set', 'veth1', 'master', BRIDGE);
        assert.equal(await seenFrom(second, container, '172.30.0.2'), '172.30.0.3');
      } finally {
        second.remove();
      }
    });

    it('does not let the outside in, even with a route', async () => {
      outside.run('ip', 'route', 'add', '172.30.0.0/16', 'via', '198.51.100.1');
      await assert.rejects(seenFrom(outside, container, '172.30.0.2'), /timeout/);
      assert.equal(await seenFrom(host, container, '172.30.0.2'), '172.30.0.1');
    });

    it('lets the outside in through an element of the map of published ports', async () => {
      host.run('nft', `add element inet ${TABLE} published4 { tcp . 8080 : 172.30.0.2 . 80 }`);
      assert.equal(await seenFrom(outside, container, '198.51.100.1', 8080), '198.51.100.2');
      // Repairing the rules keeps what is published.
      host.run('ip', 'link', 'set', BRIDGE, 'down');
      await host.call('nft', `flush chain inet ${TABLE} forward`, false);
      await host.call('rewriteRules', STORE);
      host.run('ip', 'link', 'set', BRIDGE, 'up');
      assert.equal(await seenFrom(outside, container, '198.51.100.1', 8080), '198.51.100.2');
    });
  });
});

/** The address that a server on port 80 of `to` sees when `from` connects to `address`. */
async function seenFrom(from: NetworkNamespace, to: NetworkNamespace, address: string, port = 80): Promise<string> {
  const server = to.start("require('net').createServer((c) => c.end(c.remoteAddress)).listen(80, '0.0.0.0', () => console.log('up'))");
  try {
    assert.equal(await server.line(), 'up');
    const client = `const s = require('net').connect(${port}, '${address}').setTimeout(${patience(2000)}, () => { console.error('timeout'); process.exit(1); });
      s.pipe(process.stdout); s.on('error', (e) => { console.error(e.message); process.exit(1); });`;
    return from.run(process.execPath, '-e', client);
  } finally {
    await server.stop();
  }
}

describe('network/bridge hasRoute', () => {
  const config = bridgeOf(predefinedNetwork({ marker: { version: 1, ...STORE } }, 'bridge'));
  const header = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
  const line = (name: string, destination: string, gateway: string, mask: string) => `${name}\t${destination}\t${gateway}\t0001\t0\t0\t0\t${mask}\t0\t0\t0   \n`;
  const cases: [string, string, boolean][] = [
    ['nothing', '', false],
    ['the subnet through the bridge', header + line(BRIDGE, '00001EAC', '00000000', '0000FFFF'), true],
    ['the subnet through another interface', header + line('docker0', '00001EAC', '00000000', '0000FFFF'), false],
    ['another subnet through the bridge', header + line(BRIDGE, '00001FAC', '00000000', '0000FFFF'), false],
    ['a part of the subnet', header + line(BRIDGE, '00001EAC', '00000000', '00FFFFFF'), false],
    ['a gateway on the bridge', header + line(BRIDGE, '00001EAC', '01001EAC', '0000FFFF'), false],
  ];
  for (const [what, routes, expected] of cases) {
    it(`${expected ? 'sees' : 'does not take'} ${what}${expected ? '' : ' for it'}`, () => assert.equal(hasRoute(routes, config), expected));
  }
});

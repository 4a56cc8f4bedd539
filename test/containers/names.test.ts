// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import { readAll, TestEngine } from '../helpers/engine';
import { buildStatic } from '../helpers/static-program';
import { NetworkNamespace } from '../network/netns';

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'];
const SERVER = '203.0.113.53';

/** On port 53 of every address; by UDP it answers each question with 192.0.2.77. */
const NAME_SERVER = String.raw`
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>
int main(void) {
  struct sockaddr_in at = {AF_INET, htons(53)}, from;
  int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(udp, (void *)&at, sizeof at) || bind(tcp, (void *)&at, sizeof at) || listen(tcp, 8)) return 1;
  if (fork() == 0) for (int peer; (peer = accept(tcp, 0, 0)) >= 0; close(peer)) write(peer, "tcp\n", 4);
  for (;;) {
    char message[1024];
    socklen_t length = sizeof from;
    int n = recvfrom(udp, message, 512, 0, (void *)&from, &length);
    message[2] |= 0x80, message[7] = 1;
    memcpy(message + n, "\300\014\0\1\0\1\0\0\0\011\0\4\300\0\2\115", 16);
    sendto(udp, message, n + 16, 0, (void *)&from, length);
  }
}`;

describe('names of containers', function () {
  this.timeout(120_000);
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
    await test.engine.networks.create({ name: 'lan', ipam: [{ subnet: '10.81.0.0/24' }, { subnet: 'fd81::/64' }] });
    await test.engine.networks.create({ name: 'other', ipam: [{ subnet: '10.82.0.0/24' }] });
    await test.engine.networks.create({ name: 'vault', ipam: [{ subnet: '10.83.0.0/24' }], internal: true });
  });
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
  });
  after(async () => {
    await test.engine.networks.prune();
    await test.remove();
  });

  const run = (options: Partial<ContainerOptions> = {}) => test.engine.containers.run({ image: 'busybox', command: WAIT, network: 'lan', ...options });
  /** The addresses a name has inside, or '' for none. */
  async function lookUp(container: Container, name: string, type = 'a'): Promise<string> {
    const process = await container.exec(['nslookup', `-type=${type}`, name]);
    const [output] = await Promise.all([readAll(process.stdout), process.exited]);
    const answers = output.split('\n').slice(2).flatMap((line) => /^(?:Address(?: \d+)?:|.*name =)\s*(\S+)/.exec(line)?.[1] ?? []);
    return answers.filter((word) => word !== '127.0.0.11:53').sort().join(' ');
  }

  it('lead to their addresses, from their own networks only', async () => {
    const [web, client, stranger] = [await run({ name: 'web', networkAliases: ['site'] }), await run({ name: 'client' }), await run({ network: 'other', name: 'stranger', dns: ['127.0.0.1'] })];
    const { IPAddress: ip, GlobalIPv6Address: ip6 } = (await web.inspect()).NetworkSettings.Networks['lan']!;
    for (const name of ['web', 'WEB', 'site', 'web.lan', web.id.slice(0, 12)]) assert.equal(await lookUp(client, name), ip, name);
    assert.equal(await lookUp(client, 'web', 'aaaa'), ip6);
    assert.equal(await lookUp(client, `${ip.split('.').reverse().join('.')}.in-addr.arpa`, 'ptr'), 'web.lan');
    assert.equal(await lookUp(stranger, 'web'), '');
    await test.engine.networks.connect('other', web.id, { aliases: ['late'] });
    assert.equal(await lookUp(stranger, 'late'), '10.82.0.3');
    assert.equal(await lookUp(web, 'stranger'), '10.82.0.2');
    await test.engine.networks.disconnect('other', web.id);
    assert.equal(await lookUp(stranger, 'late'), '');
  });

  it('that several have lead to all of them, and are gone with the container', async () => {
    const client = await run({ dns: ['127.0.0.1'] });
    const [a, b] = [await run({ networkAliases: ['pool'] }), await run({ networkAliases: ['pool'] })];
    const addresses = await Promise.all([a, b].map(async (each) => (await each.inspect()).NetworkSettings.Networks['lan']!.IPAddress));
    assert.equal(await lookUp(client, 'pool'), addresses.sort().join(' '));
    await a.kill('SIGKILL');
    await a.wait();
    assert.equal((await lookUp(client, 'pool')).split(' ').length, 1);
    await b.remove({ force: true });
    assert.equal(await lookUp(client, 'pool'), '');
  });

  it('change when a running container is renamed', async () => {
    const [client, web] = [await run({ dns: ['127.0.0.1'] }), await run({ name: 'before' })];
    await web.rename('after');
    assert.equal(await lookUp(client, 'after'), (await web.inspect()).NetworkSettings.Networks['lan']!.IPAddress);
    assert.equal(await lookUp(client, 'before'), '');
  });

  it('can be its own for another container', async () => {
    const db = await run({ name: 'postgres' });
    const client = await run({ links: ['postgres:db'] });
    assert.equal(await lookUp(client, 'db'), (await db.inspect()).NetworkSettings.Networks['lan']!.IPAddress);
    assert.equal(await lookUp(db, 'db'), '');
  });

  it('leave port 53 of all addresses to a name server inside, which others reach', async () => {
    const server = await run({ name: 'server', mounts: [`${buildStatic(test.loop.directory, 'ns', NAME_SERVER)}:/ns:ro`], command: ['/ns'] });
    const client = await run();
    const { IPAddress: ip } = (await server.inspect()).NetworkSettings.Networks['lan']!;
    const process = await client.exec(['sh', '-c', `nslookup -type=a example.test ${ip}; nc -w 2 ${ip} 53 </dev/null`]);
    const [output] = await Promise.all([readAll(process.stdout), process.exited]);
    assert.match(output, /Address: 192\.0\.2\.77\n[^]*tcp\n$/);
    for (const each of [server, client]) assert.equal(await lookUp(each, 'server'), ip);
  });

  it('lead to them still after all networks were left and one was joined again', async () => {
    const [web, client] = [await run({ name: 'web' }), await run()];
    await test.engine.networks.disconnect('lan', client.id);
    await test.engine.networks.connect('lan', client.id);
    assert.equal(await lookUp(client, 'web'), (await web.inspect()).NetworkSettings.Networks['lan']!.IPAddress);
  });

  it('of others are asked for from the servers given, but not from internal networks', async () => {
    const outside = new NetworkNamespace();
    const uplink = `dln${process.pid}`;
    execFileSync('ip', ['link', 'add', uplink, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside.name]);
    try {
      execFileSync('ip', ['address', 'add', '203.0.113.1/24', 'dev', uplink]);
      execFileSync('ip', ['link', 'set', uplink, 'up']);
      outside.run('ip', 'address', 'add', `${SERVER}/24`, 'dev', 'eth0');
      outside.run('ip', 'link', 'set', 'eth0', 'up');
      // Answers every question for A with 192.0.2.77.
      const server = outside.start(`const s = require('dgram').createSocket('udp4'); s.on('message', (m, r) => {
        const end = m.indexOf(0, 12) + 5; const a = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 77]);
        const q = Buffer.from(m.subarray(0, end)); q[2] = 0x81; q[3] = 0x80; q[7] = 1; q[11] = 0; q.fill(0, 8, 12); s.send(Buffer.concat([q, a]), r.port, r.address); });
        s.bind(53, '${SERVER}', () => console.log('up'));`);
      try {
        assert.equal(await server.line(), 'up');
        assert.equal(await lookUp(await run({ dns: [SERVER] }), 'example.test'), '192.0.2.77');
        assert.equal(await lookUp(await run({ network: 'vault', dns: [SERVER] }), 'example.test'), '');
      } finally {
        await server.stop();
      }
    } finally {
      execFileSync('ip', ['link', 'del', uplink]);
      outside.remove();
    }
  });
});

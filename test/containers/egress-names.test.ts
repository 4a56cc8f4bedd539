// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { listKeys } from '../../lib/binding/net';
import type { Container } from '../../lib/containers/container';
import { containerById } from '../../lib/containers/record';
import type { ContainerOptions } from '../../lib/containers/spec';
import { withSupervisor } from '../../lib/containers/supervise';
import type { EngineEvent } from '../../lib/events/event';
import { tableName } from '../../lib/network/rules';
import { readAll, storeOf, TestEngine } from '../helpers/engine';
import { DnsServer } from '../network/dns-server';
import { Outside } from '../network/outside';

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'];
const SERVER = '198.51.100.53';
const ZONE = {
  'allowed.example A': [{ type: 'A', data: '198.51.100.7' }],
  'allowed.example AAAA': [{ type: 'AAAA', data: 'fd98:51::7' }],
  'alias.example A': [{ type: 'CNAME', data: 'Target.cdn.example', ttl: 5 }, { type: 'A', owner: 'target.CDN.example', data: '198.51.100.8', ttl: 5 }, { type: 'A', owner: 'stray.example', data: '198.51.100.9' }],
  'loop.example A': [{ type: 'CNAME', data: 'round.example' }, { type: 'CNAME', owner: 'round.example', data: 'loop.example' }, { type: 'A', owner: 'stray.example', data: '198.51.100.9' }],
  'a.wild.example A': [{ type: 'A', data: '198.51.100.9', ttl: 1_000_000 }],
  'many.example A': Array.from({ length: 60 }, (_, i) => ({ type: 'A', data: `198.51.100.${100 + i}` })),
  'allowed.example TXT': [{ type: 'TXT', data: 'hello' }],
} as const;

describe('egress policy with names', function () {
  this.timeout(120_000);
  let test: TestEngine;
  let outside: Outside;
  let server: DnsServer;
  before(async () => {
    test = await TestEngine.create();
    outside = new Outside(['198.51.100.1/24', 'fd98:51::1/64'], [`${SERVER}/24`, '198.51.100.7/32', '198.51.100.8/32', '198.51.100.9/32', '198.51.100.140/32', 'fd98:51::7/64']);
    server = await DnsServer.start(outside.space, SERVER, ZONE as never);
    await test.engine.networks.create({ name: 'lan', ipam: [{ subnet: '10.97.8.0/24' }, { subnet: 'fd97:8::/64' }] });
  });
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
  });
  after(async () => {
    await server.stop();
    outside.remove();
    await test.remove();
  });

  const run = (egress: string, options: Partial<ContainerOptions> = {}) => test.engine.containers.run({ image: 'busybox', command: WAIT, egress, dns: [SERVER], ...options });
  async function inside(container: Container, ...command: string[]): Promise<{ code: number; output: string }> {
    const process = await container.exec(command);
    const [output, code] = await Promise.all([readAll(process.stdout), process.exited]);
    return { code: code as number, output };
  }
  const reaches = async (container: Container, address: string) => (await inside(container, address.includes(':') ? 'ping6' : 'ping', '-c', '1', '-W', '2', address)).code === 0;
  async function lookUp(container: Container, name: string, type = 'a'): Promise<string> {
    const { output } = await inside(container, 'nslookup', `-type=${type}`, name);
    return output.split('\n').slice(2).flatMap((line) => /^(?:Address(?: \d+)?:|.*text =)\s*(.+)/.exec(line)?.[1] ?? []).sort().join(' ');
  }

  for (const network of ['bridge', 'lan']) {
    it(`opens what an allowed name stands for, once it has been asked for (${network})`, async () => {
      const container = await run('allowed.example', { network });
      assert.ok(!(await reaches(container, '198.51.100.7')));
      assert.equal(await lookUp(container, 'Allowed.Example'), '198.51.100.7');
      assert.ok(await reaches(container, '198.51.100.7'));
      assert.ok(!(await reaches(container, '198.51.100.8')));
      assert.equal(await lookUp(container, 'allowed.example', 'txt'), '"hello"');
    });
  }

  it('opens IPv6 addresses', async () => {
    const container = await run('allowed.example', { network: 'lan' });
    assert.ok(!(await reaches(container, 'fd98:51::7')));
    assert.equal(await lookUp(container, 'allowed.example', 'aaaa'), 'fd98:51::7');
    assert.ok(await reaches(container, 'fd98:51::7'));
  });

  it('opens a port alone', async () => {
    const listener = outside.space.start(`const s = require('net').createServer((c) => c.end('hi')); s.listen(80, '198.51.100.7', () => require('net').createServer((c) => c.end('hi')).listen(81, '198.51.100.7', () => console.log('up')))`);
    try {
      assert.equal(await listener.line(), 'up');
      const container = await run('allowed.example:80');
      const talks = async (port: number) => (await inside(container, 'sh', '-c', `nc -w 2 198.51.100.7 ${port} </dev/null`)).output === 'hi';
      await lookUp(container, 'allowed.example');
      assert.deepEqual([await talks(80), await talks(81), await reaches(container, '198.51.100.7')], [true, false, false]);
    } finally {
      await listener.stop();
    }
  });

  it('follows aliases, and nothing else in an answer', async () => {
    const container = await run('alias.example');
    assert.match(await lookUp(container, 'alias.example'), /198\.51\.100\.8/);
    assert.ok(await reaches(container, '198.51.100.8'));
    assert.ok(!(await reaches(container, '198.51.100.9')));
  });

  it('comes to an end with aliases that lead to each other', async () => {
    const container = await run('loop.example,allowed.example');
    await lookUp(container, 'loop.example');
    assert.equal(await lookUp(container, 'allowed.example'), '198.51.100.7');
    assert.ok(!(await reaches(container, '198.51.100.9')));
  });

  it('opens again what somebody has flushed', async () => {
    const container = await run('allowed.example', { network: 'lan' });
    await lookUp(container, 'allowed.example');
    for (const family of ['inet', 'bridge']) execFileSync('nft', ['delete', 'table', family, tableName(storeOf(test.engine).marker.id)]);
    for await (const finding of test.engine.check({ repair: true })) assert.equal(finding.kind, 'rules');
    assert.ok(!(await reaches(container, '198.51.100.7')));
    const entered = () => listKeys({ family: 'inet', table: tableName(storeOf(test.engine).marker.id), set: 'named4', key: Buffer.alloc(0) });
    while ((await entered()).length === 0) await lookUp(container, 'allowed.example');
    assert.ok(await reaches(container, '198.51.100.7'));
  });

  it('takes every name below one with *', async () => {
    const container = await run('*.wild.example');
    assert.equal(await lookUp(container, 'a.wild.example'), '198.51.100.9');
    assert.ok(await reaches(container, '198.51.100.9'));
    assert.equal(await lookUp(container, 'wild.example'), '');
    assert.equal(await lookUp(container, 'awild.example'), '');
  });

  it('asks again by TCP for an answer that is too long', async () => {
    const container = await run('many.example');
    // nslookup does not ask by TCP.
    const ask = String.raw`printf '\000\036\022\064\001\000\000\001\000\000\000\000\000\000\004many\007example\000\000\001\000\001' | nc 127.0.0.11 53 | xxd -p -l 10`;
    const { output } = await inside(container, 'sh', '-c', ask);
    assert.match(output, /^....12348[0-9a-f]800001003c/);
    assert.ok(await reaches(container, '198.51.100.140'));
  });

  it('closes again when the container has ended', async () => {
    const container = await run('allowed.example,allowed.example:80', { network: 'lan' });
    const entered = () => listKeys({ family: 'inet', table: tableName(storeOf(test.engine).marker.id), set: 'named4', key: Buffer.alloc(0) });
    await lookUp(container, 'allowed.example');
    assert.equal((await entered()).length, 1);
    await container.kill();
    await container.wait();
    assert.deepEqual(await entered(), []);
  });

  it('closes again when the supervisor was killed', async () => {
    const container = await run('allowed.example');
    const entered = () => listKeys({ family: 'inet', table: tableName(storeOf(test.engine).marker.id), set: 'named4', key: Buffer.alloc(0) });
    await lookUp(container, 'allowed.example');
    assert.equal((await entered()).length, 1);
    await killSupervisor(container);
    await container.wait();
    assert.deepEqual(await entered(), []);
  });

  async function killSupervisor({ id }: Container): Promise<void> {
    const store = storeOf(test.engine);
    const { supervisorPid } = await withSupervisor({ store }, containerById(store, id)!, (supervisor) => supervisor.status());
    process.kill(supervisorPid, 'SIGKILL');
  }

  it('allows containers by name', async () => {
    const db = await run('all', { network: 'lan', name: 'db' });
    const other = await run('all', { network: 'lan', name: 'other' });
    const address = async (container: Container) => (await container.inspect()).NetworkSettings.Networks['lan']!.IPAddress;
    const client = await run('db', { network: 'lan' });
    assert.ok(!(await reaches(client, await address(db))));
    assert.equal(await lookUp(client, 'db'), await address(db));
    assert.ok(await reaches(client, await address(db)));
    assert.equal(await lookUp(client, 'other'), await address(other));
    assert.ok(!(await reaches(client, await address(other))));
  });

  it('counts and tells what it refuses', async () => {
    const seen: EngineEvent[] = [];
    const end = new AbortController();
    const container = await run('allowed.example');
    const watching = (async () => {
      for await (const event of test.engine.events({ since: 0n, filters: { event: ['egress-denied'], container: [container.id] }, signal: end.signal })) {
        seen.push(event);
        if (seen.length === 3) end.abort();
      }
    })();
    await lookUp(container, 'secret.example');
    await lookUp(container, 'secret.example');
    await reaches(container, '198.51.100.8');
    await inside(container, 'nc', '-w', '1', '198.51.100.9', '53');
    await watching;
    const attributes = seen.map(({ Actor: { Attributes: { destination, port, protocol, query } } }) => [query, destination, port, protocol].filter((each) => each !== undefined).join(' '));
    assert.deepEqual(attributes.sort(), ['198.51.100.8 icmp', '198.51.100.9 53 tcp', 'secret.example'].sort());
    const { packets, names } = (await container.egress())!;
    assert.ok(packets >= 2 && names >= 2, `${packets} ${names}`);
    for await (const { egress_stats } of container.stats({ stream: false, oneShot: true })) assert.deepEqual([egress_stats?.denied_packets, egress_stats?.denied_names], [packets, names]);
    assert.deepEqual((await container.inspect()).HostConfig.Egress, ['allowed.example']);
  });

  it('tells the last of them when the container ends at once', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['ping', '-c', '1', '-W', '1', '198.51.100.8'], egress: 'none' });
    await container.start();
    await container.wait();
    const actions: string[] = [];
    for await (const { Action } of test.engine.events({ since: 0n, until: BigInt(Date.now()) * 1_000_000n, filters: { container: [container.id] } })) actions.push(Action);
    assert.ok(actions.includes('egress-denied'), actions.join());
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import { tableName } from '../../lib/network/rules';
import { readMarker } from '../../lib/store/store';
import { Cli } from '../helpers/cli';
import { readAll, TestEngine } from '../helpers/engine';
import { NetworkNamespace } from '../network/netns';

/** Answers each connection to port 80 with its own name. */
const SERVE = ['sh', '-c', 'trap "exit 0" TERM; while :; do nc -l -p 80 -e hostname & wait $!; done'];
const HOST = '198.51.100.1';

describe('published ports', function () {
  this.timeout(120_000);
  let test: TestEngine;
  let cli: Cli;
  let table: string;
  let outside: NetworkNamespace;
  const uplink = `dlt${process.pid}`;
  before(async () => {
    test = await TestEngine.create();
    cli = new Cli(test.root);
    table = tableName(readMarker(test.root)!.id);
    outside = new NetworkNamespace();
    execFileSync('ip', ['link', 'add', uplink, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside.name]);
    execFileSync('ip', ['address', 'add', `${HOST}/24`, 'dev', uplink]);
    execFileSync('ip', ['link', 'set', uplink, 'up']);
    outside.run('ip', 'address', 'add', '198.51.100.2/24', 'dev', 'eth0');
    outside.run('ip', 'link', 'set', 'eth0', 'up');
  });
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
    await test.engine.networks.prune();
  });
  after(async () => {
    execFileSync('ip', ['link', 'del', uplink]);
    outside.remove();
    await test.remove();
  });

  const run = (options: Partial<ContainerOptions> = {}) => test.engine.containers.run({ image: 'busybox', command: SERVE, ...options });
  async function inside(container: Container, command: string): Promise<string> {
    const process = await container.exec(['sh', '-c', command]);
    const [output] = await Promise.all([readAll(process.stdout), process.exited]);
    return output.trim();
  }
  /** Who answers there; the server may not listen yet. */
  function ask(run: (...argv: string[]) => string, address: string, port: number): string {
    const client = `let n = 0; const go = () => { const s = require('net').connect(${port}, '${address}').setTimeout(1000, () => s.destroy(new Error('timeout')));
      let text = ''; s.on('data', (d) => (text += d)); s.on('error', again); s.on('end', () => text ? (console.log(text.trim()), process.exit()) : again()); };
      const again = () => ++n > 5 ? (console.log('nobody'), process.exit()) : setTimeout(go, 50); go();`;
    return run(process.execPath, '-e', client).trim();
  }
  const host = (...[file = '', ...args]: string[]) => execFileSync(file, args, { encoding: 'utf8' });
  const fromOutside = (...argv: string[]) => outside.run(...argv);
  const publishedMap = (name = 'published4') => execFileSync('nft', ['list', 'map', 'inet', table, name], { encoding: 'utf8' });

  it('lead to the container from the outside, the host and other containers', async () => {
    await run({ hostname: 'web', publish: ['18080:80', '127.0.0.1:18081:80', `${HOST}:18082:80`] });
    assert.equal(ask(fromOutside, HOST, 18080), 'web');
    assert.equal(ask(host, '127.0.0.1', 18080), 'web');
    assert.equal(ask(host, HOST, 18080), 'web');
    assert.equal(ask(host, '127.0.0.1', 18081), 'web');
    assert.equal(ask(fromOutside, HOST, 18081), 'nobody');
    assert.equal(ask(fromOutside, HOST, 18082), 'web');
    assert.equal(ask(host, '127.0.0.1', 18082), 'nobody');
    await test.engine.networks.create({ name: 'other' });
    const [neighbour, stranger] = [await run(), await run({ network: 'other' })];
    // Between two answers nobody listens for a moment.
    const again = `for i in $(seq 50); do nc -w 3 ${HOST} 18080 </dev/null | grep . && break; done`;
    for (const container of [neighbour, stranger]) assert.equal(await inside(container, again), 'web');
  });

  it('are shown by inspect, ps and port', async () => {
    await run({ name: 'shown', publish: ['18090-18091:90-91', '18092:53/udp'], expose: ['443'] });
    const having = async (key: string, value: string) => (await test.engine.containers.list({ filters: { [key]: [value] } })).length;
    assert.deepEqual(await Promise.all(['18090', '18000-19000/tcp', '18092/udp', '18092', '90'].map((port) => having('publish', port))), [1, 1, 1, 0, 0]);
    assert.deepEqual(await Promise.all(['443', '90-91', '53/udp', '53'].map((port) => having('expose', port))), [1, 1, 1, 0]);
    assert.deepEqual((await (await test.engine.containers.get('shown')).inspect()).NetworkSettings.Ports, {
      '53/udp': [{ HostIp: '0.0.0.0', HostPort: '18092' }],
      '90/tcp': [{ HostIp: '0.0.0.0', HostPort: '18090' }],
      '91/tcp': [{ HostIp: '0.0.0.0', HostPort: '18091' }],
      '443/tcp': null,
    });
    assert.equal(await cli.ok('ps', '--format', '{{.Ports}}'), '0.0.0.0:18090-18091->90-91/tcp, 0.0.0.0:18092->53/udp, 443/tcp\n');
    assert.equal(await cli.ok('port', 'shown'), '53/udp -> 0.0.0.0:18092\n90/tcp -> 0.0.0.0:18090\n91/tcp -> 0.0.0.0:18091\n');
    assert.equal(await cli.ok('port', 'shown', '90'), '0.0.0.0:18090\n');
    const missing = await cli.run('port', 'shown', '90/udp');
    assert.deepEqual([missing.status, missing.stderr], [1, "dockerlite: No public port '90/udp' published for shown\n"]);
  });

  it('are any that is free when none is asked for', async () => {
    const container = await run({ hostname: 'any', publish: ['80', '18100-18105:81'], publishAll: true, expose: ['82', '80'] });
    const { Ports } = (await container.inspect()).NetworkSettings;
    assert.deepEqual(Object.keys(Ports).sort(), ['80/tcp', '81/tcp', '82/tcp']);
    assert.equal(Ports['81/tcp']![0]!.HostPort, '18100');
    assert.equal(ask(host, '127.0.0.1', Number(Ports['80/tcp']![0]!.HostPort)), 'any');
    const second = await run({ publish: ['18100-18105:81'] });
    assert.equal((await second.inspect()).NetworkSettings.Ports['81/tcp']![0]!.HostPort, '18101');
  });

  it('are of UDP, too', async () => {
    await run({ publish: ['18110:53/udp'] });
    assert.match(publishedMap(), /udp \. 18110 : \d+\.\d+\.\d+\.\d+ \. 53/);
    assert.match(execFileSync('ss', ['-Huln'], { encoding: 'utf8' }), /0\.0\.0\.0:18110/);
  });

  it('lead to IPv6 addresses where the network has them', async () => {
    await test.engine.networks.create({ name: 'dual', ipv6: true });
    await run({ hostname: 'six', network: 'dual', command: ['sh', '-c', 'trap "exit 0" TERM; while :; do nc -l -p 80 -s :: -e hostname & wait $!; done'], publish: ['18120:80'] });
    assert.match(publishedMap('published6'), /18120/);
    assert.equal(await cli.ok('ps', '--format', '{{.Ports}}'), '0.0.0.0:18120->80/tcp, [::]:18120->80/tcp\n');
  });

  it('are nobody else\'s while the container runs, and free when it has ended, however', async () => {
    const first = await run({ name: 'first', publish: ['18130:80'] });
    const refused = { code: 'E_ADDRESS_IN_USE', message: /^driver failed programming external connectivity on endpoint second \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:18130 failed: port is already allocated$/ };
    await assert.rejects(run({ name: 'second', publish: ['18130:80'] }), refused);
    await assert.rejects(run({ name: 'third', publish: ['127.0.0.1:18130:81'] }), /port is already allocated/);
    await assert.rejects(listen(18130), { code: 'EADDRINUSE' });
    await first.kill('SIGKILL');
    await first.wait();
    assert.doesNotMatch(publishedMap(), /18130/);
    const second = await test.engine.containers.get('second');
    await second.start();
    const supervisor = supervisorOf((await second.inspect()).State.Pid);
    process.kill(supervisor, 'SIGKILL');
    while (existsSync(`/proc/${supervisor}`)) await new Promise(setImmediate);
    // Nobody has looked since: who wants the port finds out.
    await (await test.engine.containers.get('third')).start();
    assert.equal((await second.inspect()).State.Status, 'exited');
    assert.doesNotMatch(publishedMap(), /18130/);
    assert.match(publishedMap('published_on4'), /127\.0\.0\.1 \. tcp \. 18130/);
  });

  it('are refused where a program of the host listens', async () => {
    const server = await listen(18140);
    try {
      const refused = { code: 'E_ADDRESS_IN_USE', message: /^driver failed programming external connectivity on endpoint .*: failed to bind host port: 0\.0\.0\.0:18140\/tcp: address already in use$/ };
      await assert.rejects(run({ publish: ['18140:80'] }), refused);
      const container = await run({ publish: ['18140-18141:80'] });
      assert.equal((await container.inspect()).NetworkSettings.Ports['80/tcp']![0]!.HostPort, '18141');
      await assert.rejects(run({ publish: ['203.0.113.9:18142:80'] }), /cannot assign requested address/);
      assert.doesNotMatch(publishedMap(), /18140/);
    } finally {
      server.close();
    }
  });

  it('go to one of many that want it at the same time', async () => {
    const created = await Promise.all(Array.from({ length: 4 }, () => test.engine.containers.create({ image: 'busybox', command: SERVE, publish: ['18150:80'] })));
    const results = await Promise.all(created.map(({ id }) => cli.run('start', id)));
    assert.deepEqual(results.map(({ status }) => status).sort(), [0, 1, 1, 1]);
  });

  it('do not open the loopback of the host to containers', async () => {
    const server = createServer((socket) => socket.end('secret\n'));
    await new Promise<void>((resolve) => server.listen(18160, '127.0.0.1', resolve));
    try {
      const container = await run({ privileged: true, publish: ['18161:80'] });
      const { Gateway } = (await container.inspect()).NetworkSettings;
      const attack = `ip route add 127.0.0.9/32 via ${Gateway} dev eth0; ip route del local 127.0.0.0/8 table local; ip route del local 127.0.0.1 table local; ip route add 127.0.0.1/32 via ${Gateway} dev eth0; echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet; nc -w 2 127.0.0.1 18160 || echo closed`;
      assert.equal(await inside(container, `(${attack}) 2>/dev/null`), 'closed');
    } finally {
      server.close();
    }
  });

  it('are put back with everything else after a flush', async () => {
    await run({ hostname: 'kept', publish: ['18170:80'] });
    execFileSync('nft', ['delete', 'table', 'inet', table]);
    await (await run()).remove({ force: true });
    assert.equal(ask(fromOutside, HOST, 18170), 'kept');
  });

  function supervisorOf(pid: number): number {
    return Number(/^PPid:\s+(\d+)/m.exec(execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8' }))![1]);
  }

  function listen(port: number): Promise<Server> {
    const server = createServer();
    return new Promise((resolve, reject) => server.on('error', reject).listen(port, '0.0.0.0', () => resolve(server)));
  }

  const bad: [string, Partial<ContainerOptions>, RegExp][] = [
    ['a port that is none', { publish: ['x'] }, /^invalid containerPort: x$/],
    ['ranges that do not fit', { publish: ['1-3:1-2'] }, /^invalid ranges specified/],
    ['publishing in a shared network', { publish: ['80'], network: 'container:x' }, /^conflicting options: port publishing and the container type network mode$/],
    ['exposing in a shared network', { expose: ['80'], network: 'container:x' }, /^conflicting options: port exposing and the container type network mode$/],
    ['an exposed port that is none', { expose: ['http'] }, /^invalid range format for --expose: http, error: strconv\.ParseUint: parsing "http": invalid syntax$/],
  ];
  for (const [what, options, message] of bad) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(test.engine.containers.create({ image: 'busybox', ...options }), { code: 'E_INVALID', message });
      assert.deepEqual(await test.engine.containers.list({ all: true }), []);
    });
  }
});

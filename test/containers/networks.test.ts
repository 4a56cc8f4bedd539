// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Container } from '../../lib/containers/container';
import type { ContainerOptions } from '../../lib/containers/spec';
import { vethName } from '../../lib/network/attachment';
import { tableName } from '../../lib/network/rules';
import { readMarker } from '../../lib/store/store';
import { readAll, TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';
import { until } from '../helpers/supervision';

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'];

describe('networks', function () {
  this.timeout(120_000);
  let test: TestEngine;
  let table: string;
  before(async () => {
    test = await TestEngine.create();
    table = tableName(readMarker(test.root)!.id);
  });
  afterEach(async () => {
    for (const { id } of await test.engine.containers.list({ all: true })) await (await test.engine.containers.get(id)).remove({ force: true });
    await test.engine.networks.prune();
  });
  after(() => test.remove());

  const run = (options: Partial<ContainerOptions> = {}) => test.engine.containers.run({ image: 'busybox', command: WAIT, ...options });
  /** What a command prints in a container; its exit code when it fails. */
  async function inside(container: Container, command: string): Promise<string> {
    const process = await container.exec(['sh', '-c', `${command} 2>&1`], { attach: { stdout: true } });
    const [output, code] = await Promise.all([readAll(process.stdout), process.exited]);
    return code === 0 ? output.trim() : `exit ${code}: ${output.trim()}`;
  }
  const ping = (container: Container, address: string) => inside(container, `ping -c 1 -W 1 ${address} >/dev/null && echo reached`);
  const addressIn = async (container: Container, network: string) => (await container.inspect()).NetworkSettings.Networks[network]!;
  const elements = (family: string, set: string) => execFileSync('nft', ['list', 'set', family, table, set], { encoding: 'utf8' });

  it('are a row each, with a free subnet, until a container needs them', async () => {
    const { id } = await test.engine.networks.create({ name: 'backend', labels: { tier: 'db' } });
    const info = await test.engine.networks.inspect('backend');
    assert.equal(info.Id, id);
    assert.match(info.IPAM.Config[0]!.Subnet, /^172\.\d+\.\d+\.0\/20$/);
    assert.deepEqual([info.Driver, info.Internal, info.Labels, info.Containers], ['bridge', false, { tier: 'db' }, {}]);
    assert.ok(!existsSync(`/sys/class/net/dl-${id.slice(0, 12)}`));
    assert.deepEqual((await test.engine.networks.list()).map(({ name }) => name), ['backend', 'bridge', 'host', 'none']);
    assert.equal((await test.engine.networks.inspect(id.slice(0, 6))).Name, 'backend');
    await test.engine.networks.remove('backend');
    await assert.rejects(test.engine.networks.inspect('backend'), { code: 'E_NO_SUCH_NETWORK', message: 'network backend not found' });
  });

  it('join containers, and keep them from those of other networks', async () => {
    await test.engine.networks.create({ name: 'one', ipam: [{ subnet: '10.91.0.0/24' }] });
    await test.engine.networks.create({ name: 'two', ipam: [{ subnet: '10.92.0.0/24' }] });
    const [a, b, c] = [await run({ network: 'one' }), await run({ network: 'one' }), await run({ network: 'two' })];
    assert.equal((await addressIn(a, 'one')).IPAddress, '10.91.0.2');
    assert.equal(await ping(a, '10.91.0.3'), 'reached');
    assert.match(await ping(a, '10.92.0.2'), /^exit/);
    assert.match(await ping(c, '10.91.0.2'), /^exit/);
    // Nor through a route of its own making.
    assert.match(await inside(c, 'ip route add 10.91.0.0/24 via 10.92.0.1; ping -c 1 -W 1 10.91.0.2'), /^exit/);
    assert.equal(await inside(b, 'ip route | grep default'), 'default via 10.91.0.1 dev eth0');
    const info = await test.engine.networks.inspect('one');
    assert.deepEqual(Object.keys(info.Containers).sort(), [a.id, b.id].sort());
    await assert.rejects(test.engine.networks.remove('one'), { code: 'E_CONFLICT', message: /^error while removing network: network one has active endpoints \(name:"/ });
  });

  it('can be several to one container, in the order given', async () => {
    await test.engine.networks.create({ name: 'inner', ipam: [{ subnet: '10.93.0.0/24' }], internal: true });
    await test.engine.networks.create({ name: 'outer', ipam: [{ subnet: '10.94.0.0/24', gateway: '10.94.0.254', ipRange: '10.94.0.128/26', auxAddresses: { printer: '10.94.0.128' } }] });
    const a = await run({ network: ['inner', { network: 'outer', mac: '02:00:00:00:00:07' }] });
    assert.equal(await inside(a, "ip -o -4 address | awk '{print $2, $4}' | sort"), ['eth0 10.93.0.2/24', 'eth1 10.94.0.129/24', 'lo 127.0.0.1/8'].join('\n'));
    assert.equal(await inside(a, 'ip route | grep default'), 'default via 10.94.0.254 dev eth1');
    assert.equal(await inside(a, 'cat /sys/class/net/eth1/address'), '02:00:00:00:00:07');
  });

  it('have no way out when they are internal', async () => {
    await test.engine.networks.create({ name: 'vault', ipam: [{ subnet: '10.95.0.0/24' }], internal: true });
    const [a, b] = [await run({ network: 'vault' }), await run({ network: 'vault' })];
    assert.equal(await ping(a, (await addressIn(b, 'vault')).IPAddress), 'reached');
    assert.equal(await ping(a, '10.95.0.1'), 'reached', 'the bridge itself');
    const other = await run();
    const host = (await other.inspect()).NetworkSettings;
    for (const address of [host.Gateway, host.IPAddress]) {
      assert.match(await inside(a, `ip route replace default via 10.95.0.1; ping -c 1 -W 1 ${address}`), /^exit/);
    }
    assert.match(await ping(other, '10.95.0.2'), /^exit/);
  });

  it('carry IPv6 beside IPv4', async () => {
    await test.engine.networks.create({ name: 'dual', ipam: [{ subnet: '10.96.0.0/24' }, { subnet: 'fd96::/64' }] });
    const [a, b] = [await run({ network: { network: 'dual', ip6: 'fd96::99' } }), await run({ network: 'dual' })];
    assert.equal((await addressIn(a, 'dual')).GlobalIPv6Address, 'fd96::99');
    assert.equal((await addressIn(b, 'dual')).GlobalIPv6Address, 'fd96::3');
    // At once: nobody waits for duplicate address detection.
    assert.equal(await ping(b, 'fd96::99'), 'reached');
    assert.equal(await ping(b, 'fd96::1'), 'reached');
    assert.match(await inside(b, 'ip -6 route show default'), /via fd96::1 dev eth0/);
  });

  it('take and lose a running container', async () => {
    await test.engine.networks.create({ name: 'late', ipam: [{ subnet: '10.97.0.0/24' }, { subnet: 'fd97::/64' }] });
    const [a, b] = [await run(), await run({ network: 'late' })];
    await test.engine.networks.connect('late', a.id, { ip: '10.97.0.77', aliases: ['seven'] });
    assert.equal(await inside(a, "ip -o -4 address show dev eth1 | awk '{print $4}'"), '10.97.0.77/24');
    assert.equal(await ping(a, '10.97.0.2'), 'reached');
    assert.equal(await ping(b, '10.97.0.77'), 'reached');
    assert.equal(await ping(b, 'fd97::4d'), 'reached');
    assert.match(elements('bridge', 'members4'), /10\.97\.0\.77/);
    await assert.rejects(test.engine.networks.connect('late', a.id), { code: 'E_CONFLICT', message: /endpoint with name .* already exists in network late/ });
    await test.engine.networks.disconnect('late', a.id);
    assert.match(await inside(a, 'ip link show eth1'), /^exit/);
    assert.doesNotMatch(elements('bridge', 'members4'), /10\.97\.0\.77/);
    await assert.rejects(test.engine.networks.disconnect('late', a.id), { code: 'E_CONFLICT', message: `container ${a.id} is not connected to network late` });
    await test.engine.networks.disconnect('late', a.id, { force: true });
    const told: string[] = [];
    for await (const { Action, Actor } of test.engine.events({ since: 0n, until: BigInt(Date.now()) * 1_000_000n, filters: { network: ['late'] } })) {
      told.push(`${Action} ${Actor.Attributes['container'] === a.id ? 'a' : ''}`);
    }
    assert.deepEqual(told, ['create ', 'connect a', 'disconnect a']);
  });

  it('are there again at the next start', async () => {
    await test.engine.networks.create({ name: 'kept', ipam: [{ subnet: '10.98.0.0/24' }] });
    const a = await run();
    await test.engine.networks.connect('kept', a.id, { ip: '10.98.0.50' });
    await a.stop({ timeout: 5 });
    await assert.rejects(run({ network: 'kept', ip: '10.98.0.50' }), { code: 'E_ADDRESS_IN_USE' });
    await a.start();
    assert.equal((await addressIn(a, 'kept')).IPAddress, '10.98.0.50');
    await test.engine.networks.disconnect('bridge', a.id);
    await test.engine.networks.disconnect('kept', a.id);
    await a.restart({ timeout: 5 });
    assert.equal(await inside(a, 'ls /sys/class/net'), 'lo');
  });

  it('are there again when the restart policy starts it, those it was connected to meanwhile too', async () => {
    for (const name of ['one', 'two', 'three']) await test.engine.networks.create({ name });
    const container = await run({ network: 'one', restart: 'always' });
    await test.engine.networks.connect('two', container.id);
    await test.engine.networks.connect('three', container.id);
    await test.engine.networks.disconnect('one', container.id);
    const before = await inside(container, 'ip -o -4 addr show | grep -o "inet [^ ]*"; ip route');
    await inside(container, 'kill 1'); // which may end with it
    await until(() => container.inspect(), ({ RestartCount, State: { Status } }) => RestartCount === 1 && Status === 'running');
    assert.equal(await inside(container, 'ip -o -4 addr show | grep -o "inet [^ ]*"; ip route'), before);
    assert.match(before, /default via .* dev eth1/);
  });

  it('are not kept from a container by a link of its name that was left', async () => {
    const container = await test.engine.containers.create({ image: 'busybox', command: WAIT });
    execFileSync('ip', ['link', 'add', vethName(container.id), 'type', 'veth', 'peer', 'name', `${vethName(container.id)}x`]);
    await container.start();
    assert.match(await ping(container, (await addressIn(container, 'bridge')).Gateway), /reached/);
  });

  it("leave nothing of a container in the rules, however it ended", async () => {
    const [a, b] = [await run(), await run()];
    const ip = (await a.inspect()).NetworkSettings.IPAddress;
    assert.match(elements('bridge', 'members4'), new RegExp(ip.replaceAll('.', '\\.')));
    await a.kill('SIGKILL');
    await a.wait();
    // What nobody else can have goes when nobody waits any more.
    await until(async () => elements('bridge', 'members4'), (text) => !new RegExp(`${ip.replaceAll('.', '\\.')}\\b`).test(text));
    const other = (await b.inspect()).NetworkSettings.IPAddress;
    const { supervisorPid } = await supervisorOf(b);
    process.kill(supervisorPid, 'SIGKILL');
    await b.wait();
    assert.doesNotMatch(elements('bridge', 'members4'), new RegExp(`${other.replaceAll('.', '\\.')}\\b`));
  });

  it('leave nothing of one that is removed while it waits to be started again', async () => {
    const container = await run({ restart: 'always', command: ['true'] });
    await until(() => container.inspect(), ({ State: { Status }, RestartCount }) => Status === 'restarting' && RestartCount > 2);
    await container.remove({ force: true });
    await until(async () => elements('bridge', 'members4'), (text) => !text.includes(vethName(container.id)));
    assert.ok(!existsSync(`/sys/class/net/${vethName(container.id)}`));
  });

  it('come back with the next start after somebody flushed the rules', async () => {
    const a = await run();
    const before = execFileSync('nft', ['list', 'table', 'bridge', table], { encoding: 'utf8' });
    execFileSync('nft', ['delete', 'table', 'bridge', table]);
    execFileSync('nft', ['delete', 'table', 'inet', table]);
    const b = await run();
    await b.kill('SIGKILL');
    await b.wait();
    await until(async () => execFileSync('nft', ['list', 'table', 'bridge', table], { encoding: 'utf8' }), (text) => text === before);
    assert.equal(await ping(a, (await a.inspect()).NetworkSettings.Gateway), 'reached');
  });

  it('are found missing by a check, and put back', async () => {
    await run();
    execFileSync('nft', ['delete', 'table', 'inet', table]);
    const repaired: string[] = [];
    for await (const finding of test.engine.check({ repair: true })) repaired.push(`${finding.kind} ${finding.repaired}`);
    assert.ok(repaired.includes('rules written'), repaired.join());
    assert.match(elements('inet', 'bridges'), /dl/);
  });

  const nft = (...words: string[]) => execFileSync('nft', words, { encoding: 'utf8' });
  const damages: [string, () => void, RegExp][] = [
    ['a chain was flushed', () => nft('flush', 'chain', 'inet', table, 'forward'), /^not the rules that belong there: inet forward$/],
    ['a rule was deleted', () => nft('delete', 'rule', 'bridge', table, 'prerouting', 'handle', /drop comment.*handle (\d+)/.exec(nft('-a', 'list', 'chain', 'bridge', table, 'prerouting'))![1]!), /: bridge prerouting$/],
    ['a rule was put before them', () => nft('insert', 'rule', 'inet', table, 'input', 'accept'), /: inet input$/],
    ['a port was deleted', () => nft('delete', 'element', 'inet', table, 'published4', '{ tcp . 18180 }'), /^1 elements are missing from inet published4$/],
    ['sets were flushed', () => ['inet restricted4', 'inet allowed4', 'bridge members4', 'inet bridges'].forEach((set) => nft('flush', 'set', set.split(' ')[0]!, table, set.split(' ')[1]!)), /^\d+ elements are missing from bridge members4, inet allowed4, inet bridges, inet restricted4$/],
  ];
  for (const [what, damage, detail] of damages) {
    it(`are found changed by a check when ${what}, and put back, others' rules left alone`, async () => {
      const other = `dlother${process.pid}`;
      nft('add', 'table', 'inet', other);
      try {
        await run({ publish: ['18180:80'], egress: '192.0.2.0/24' });
        await run();
        const words = () => [['inet', table], ['bridge', table], ['inet', other]].flatMap((each) => nft('list', 'table', ...each).split(/[\s,]+/)).sort();
        const before = words();
        damage();
        const look = async (options = {}) => (await findings(test.engine, options)).map(({ kind, detail: text, repaired }) => ({ kind, text, repaired }));
        const [found, ...rest] = await look();
        assert.deepEqual([found?.kind, rest], ['rules', []]);
        assert.match(found!.text, detail);
        assert.deepEqual((await look({ repair: true })).map(({ repaired }) => typeof repaired), ['string']);
        assert.deepEqual(await look(), []);
        assert.deepEqual(words(), before);
      } finally {
        // What a failure leaves damaged the next start makes anew.
        for (const each of [['inet', table], ['bridge', table], ['inet', other]]) nft('delete', 'table', ...each);
      }
    });
  }

  it('do not let a container send as another', async () => {
    await test.engine.networks.create({ name: 'lan', ipam: [{ subnet: '10.99.0.0/24' }, { subnet: 'fd99::/64' }] });
    const options = { network: 'lan', privileged: true };
    const [liar, victim, witness] = [await run(options), await run(options), await run(options)];
    const { MacAddress: mac } = await addressIn(victim, 'lan');
    await inside(witness, 'ping -c 1 -W 1 10.99.0.3');
    const neighbour = () => inside(witness, "ip neigh show 10.99.0.3 | awk '{print $5}'");
    assert.equal(await neighbour(), mac);
    // The address of another: nobody answers a frame that never arrives.
    assert.match(await inside(liar, 'ip address add 10.99.0.3/24 dev eth0; ping -c 1 -W 1 -I 10.99.0.3 10.99.0.4'), /^exit/);
    assert.match(await inside(liar, 'ip -6 address add fd99::3/64 dev eth0 nodad; ping -c 1 -W 1 -I fd99::3 fd99::4'), /^exit/);
    await inside(liar, 'arping -c 2 -w 2 -U -I eth0 10.99.0.3');
    assert.equal(await neighbour(), mac);
    // Its hardware address.
    assert.match(await inside(liar, `ip address del 10.99.0.3/24 dev eth0; ip link set eth0 address ${mac}; ping -c 1 -W 1 10.99.0.4`), /^exit/);
    assert.equal(await ping(witness, '10.99.0.3'), 'reached');
  });

  it('can be none, where links mean nothing', async () => {
    const container = await run({ network: 'none', links: ['nobody:x'] });
    assert.deepEqual(Object.keys((await container.inspect()).NetworkSettings.Networks), ['none']);
  });

  it('can be shared with another container', async () => {
    const a = await run({ hostname: 'shared' });
    const b = await run({ network: `container:${a.id.slice(0, 12)}` });
    assert.equal(await inside(b, 'ip -o -4 address show dev eth0'), await inside(a, 'ip -o -4 address show dev eth0'));
    assert.equal(await inside(b, 'cat /etc/hosts; hostname'), await inside(a, 'cat /etc/hosts; hostname'));
    assert.match(await inside(b, 'ls /sys; touch /sys/x'), /class[^]*Read-only/);
    await a.kill('SIGKILL');
    await a.wait();
    await b.kill('SIGKILL');
    await b.wait();
    await assert.rejects(b.start(), { code: 'E_CONFLICT', message: /cannot join network of a non running container/ });
  });

  async function supervisorOf(container: Container): Promise<{ supervisorPid: number }> {
    const { Pid } = (await container.inspect()).State;
    const status = execFileSync('cat', [`/proc/${Pid}/status`], { encoding: 'utf8' });
    return { supervisorPid: Number(/^PPid:\s+(\d+)/m.exec(status)![1]) };
  }

  const bad: [string, Parameters<TestEngine['engine']['networks']['create']>[0], { code: string; message: RegExp }][] = [
    ['a predefined name', { name: 'host' }, { code: 'E_INVALID', message: /^operation is not permitted on predefined host network$/ }],
    ['a name with a slash', { name: '../x' }, { code: 'E_INVALID', message: /^invalid network name/ }],
    ['an empty name', { name: '' }, { code: 'E_INVALID', message: /^invalid network name/ }],
    ['another driver', { name: 'x', driver: 'macvlan' }, { code: 'E_INVALID', message: /plugin not found/ }],
    ['a second host network', { name: 'x', driver: 'host' }, { code: 'E_INVALID', message: /^only one instance of "host" network is allowed$/ }],
    ['host bits in the subnet', { name: 'x', ipam: [{ subnet: '10.1.2.3/24' }] }, { code: 'E_INVALID', message: /invalid subnet 10\.1\.2\.3\/24: it should be 10\.1\.2\.0\/24/ }],
    ['what is no subnet', { name: 'x', ipam: [{ subnet: '10.1.2/24' }] }, { code: 'E_INVALID', message: /invalid CIDR address: 10\.1\.2\/24/ }],
    ['a subnet without room', { name: 'x', ipam: [{ subnet: '10.1.2.0/31' }] }, { code: 'E_INVALID', message: /prefix of 8 to 30/ }],
    ['two IPv4 subnets', { name: 'x', ipam: [{ subnet: '10.1.0.0/24' }, { subnet: '10.2.0.0/24' }] }, { code: 'E_INVALID', message: /doesn't support multiple subnets/ }],
    ['a gateway elsewhere', { name: 'x', ipam: [{ subnet: '10.1.0.0/24', gateway: '10.2.0.1' }] }, { code: 'E_INVALID', message: /invalid gateway 10\.2\.0\.1/ }],
    ['the broadcast address as gateway', { name: 'x', ipam: [{ subnet: '10.1.0.0/24', gateway: '10.1.0.255' }] }, { code: 'E_INVALID', message: /invalid gateway/ }],
    ['a range elsewhere', { name: 'x', ipam: [{ subnet: '10.1.0.0/24', ipRange: '10.2.0.0/28' }] }, { code: 'E_INVALID', message: /invalid ip-range/ }],
    ['a range that is wider', { name: 'x', ipam: [{ subnet: '10.1.0.0/24', ipRange: '10.1.0.0/16' }] }, { code: 'E_INVALID', message: /invalid ip-range/ }],
    ['an IPv6 gateway elsewhere', { name: 'x', ipam: [{ subnet: 'fd01::/64', gateway: 'fd02::1' }] }, { code: 'E_INVALID', message: /invalid gateway/ }],
    ['a range without a subnet', { name: 'x', ipam: [{ ipRange: '10.1.0.0/24' }] }, { code: 'E_INVALID', message: /every ip-range or gateway must have a corresponding subnet/ }],
    ['a bad MTU', { name: 'x', options: { 'com.docker.network.driver.mtu': '1e3' } }, { code: 'E_INVALID', message: /parsing "1e3": invalid syntax/ }],
    ['an MTU beyond all', { name: 'x', options: { 'com.docker.network.driver.mtu': '65536' } }, { code: 'E_INVALID', message: /invalid MTU/ }],
    ['containers kept from each other', { name: 'x', options: { 'com.docker.network.bridge.enable_icc': 'false' } }, { code: 'E_UNSUPPORTED', message: /enable_icc=false is not supported/ }],
    ['an auxiliary address that is the gateway', { name: 'x', ipam: [{ subnet: '10.1.0.0/24', auxAddresses: { a: '10.1.0.1' } }] }, { code: 'E_INVALID', message: /^failed to allocate secondary ip address \(a:10\.1\.0\.1\): Address already in use$/ }],
  ];
  for (const [what, options, error] of bad) {
    it(`refuse ${what} and leave nothing`, async () => {
      await assert.rejects(test.engine.networks.create(options), error);
      assert.equal((await test.engine.networks.list()).length, 3);
    });
  }

  it('refuse a subnet or a name that is taken', async () => {
    await test.engine.networks.create({ name: 'first', ipam: [{ subnet: '10.88.0.0/16' }, { subnet: 'fd88::/64' }] });
    const overlap = { code: 'E_CONFLICT', message: 'invalid pool request: Pool overlaps with other one on this address space' };
    await assert.rejects(test.engine.networks.create({ name: 'second', ipam: [{ subnet: '10.88.9.0/24' }] }), overlap);
    await assert.rejects(test.engine.networks.create({ name: 'second', ipam: [{ subnet: 'fd88::/48' }] }), overlap);
    await assert.rejects(test.engine.networks.create({ name: 'second', ipam: [{ subnet: readMarker(test.root)!.subnet }] }), overlap);
    await assert.rejects(test.engine.networks.create({ name: 'first' }), { code: 'E_NAME_IN_USE', message: 'network with name first already exists' });
    for (const name of ['bridge', 'host', 'none']) await assert.rejects(test.engine.networks.remove(name), { code: 'E_INVALID', message: `${name} is a pre-defined network and cannot be removed` });
    await assert.rejects(test.engine.networks.remove('nosuch'), { code: 'E_NO_SUCH_NETWORK' });
  });

  it('say when their addresses are used up', async () => {
    await test.engine.networks.create({ name: 'tiny', ipam: [{ subnet: '10.89.0.0/30' }] });
    await run({ network: 'tiny' });
    await assert.rejects(run({ network: 'tiny' }), { code: 'E_NO_ADDRESS', message: /^no available IPv4 addresses on this network's address pools: tiny/ });
  });

  const wrong: [string, Partial<ContainerOptions>, { code: string; message?: RegExp | string }][] = [
    ['an unknown network', { network: 'nosuch' }, { code: 'E_NO_SUCH_NETWORK', message: 'network nosuch not found' }],
    ['a network twice', { network: ['bridge', 'bridge'] }, { code: 'E_INVALID', message: /specified multiple times/ }],
    ['none with others', { network: ['none', 'bridge'] }, { code: 'E_INVALID', message: /private \(none\) mode/ }],
    ['host with others', { network: ['bridge', 'host'] }, { code: 'E_INVALID', message: /sharing network namespace/ }],
    ['an unknown container to share with', { network: 'container:nosuch' }, { code: 'E_NO_SUCH_CONTAINER' }],
    ['no container to share with', { network: 'container:' }, { code: 'E_INVALID' }],
    ['a hostname in a shared network', { network: 'container:x', hostname: 'y' }, { code: 'E_INVALID', message: 'conflicting options: hostname and the network mode' }],
    ['name servers in a shared network', { network: 'container:x', dns: ['192.0.2.1'] }, { code: 'E_INVALID', message: 'conflicting options: dns and the network mode' }],
    ['hosts in a shared network', { network: 'container:x', extraHosts: ['a:192.0.2.1'] }, { code: 'E_INVALID', message: /custom host-to-IP mapping/ }],
    ['a hardware address without a network', { network: 'none', macAddress: '02:00:00:00:00:01' }, { code: 'E_INVALID', message: /mac-address and the network mode/ }],
    ['an alias on the default bridge', { networkAliases: ['x'] }, { code: 'E_INVALID', message: 'network-scoped aliases are only supported for user-defined networks' }],
    ['an address without a network', { network: 'host', ip: '10.0.0.1' }, { code: 'E_INVALID', message: /user specified IP address/ }],
    ['an address that is none', { ip: '10.0.0' }, { code: 'E_INVALID', message: 'invalid IPv4 address: 10.0.0' }],
    ['IPv6 for IPv4', { ip: '::1' }, { code: 'E_INVALID', message: 'invalid IPv4 address: ::1' }],
    ['a bad hardware address', { macAddress: '02:42:zz:00:00:01' }, { code: 'E_INVALID', message: /not a valid mac address/ }],
    ['a multicast hardware address', { macAddress: '01:00:5e:00:00:01' }, { code: 'E_INVALID', message: /not a valid mac address/ }],
    ['a name server that is none', { dns: ['dns.example'] }, { code: 'E_INVALID', message: 'IP address is not correctly formatted: dns.example' }],
    ['a search domain on two lines', { dnsSearch: ['a\nnameserver 192.0.2.66'] }, { code: 'E_INVALID' }],
    ['a host without address', { extraHosts: ['db'] }, { code: 'E_INVALID', message: /bad format for add-host/ }],
    ['a host with a name for an address', { extraHosts: ['db:other'] }, { code: 'E_INVALID', message: /invalid IP address in add-host/ }],
    ['a host on two lines', { extraHosts: ['a b\nc:192.0.2.1'] }, { code: 'E_INVALID', message: /bad format for add-host/ }],
    ['a domain with spaces', { domainname: 'a b' }, { code: 'E_INVALID' }],
  ];
  for (const [what, options, error] of wrong) {
    it(`refuse ${what} for a container`, async () => {
      await assert.rejects(test.engine.containers.create({ image: 'busybox', ...options }), error);
      assert.deepEqual(await test.engine.containers.list({ all: true }), []);
    });
  }
});

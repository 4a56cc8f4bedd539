// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { Container } from '../../lib/containers/container';
import { parseEgress } from '../../lib/network/egress';
import { readAll, TestEngine } from '../helpers/engine';
import { NetworkNamespace } from '../network/netns';

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'];

describe('egress policy', function () {
  this.timeout(120_000);
  let test: TestEngine;
  let outside: NetworkNamespace;
  const uplink = `dle${process.pid}`;
  before(async () => {
    test = await TestEngine.create();
    outside = new NetworkNamespace();
    execFileSync('ip', ['link', 'add', uplink, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', outside.name]);
    execFileSync('ip', ['address', 'add', '198.51.100.1/24', 'dev', uplink]);
    execFileSync('ip', ['link', 'set', uplink, 'up']);
    for (const address of ['198.51.100.2/24', '198.51.100.3/32', '169.254.169.254/32']) outside.run('ip', 'address', 'add', address, 'dev', 'eth0');
    outside.run('ip', 'link', 'set', 'eth0', 'up');
    execFileSync('ip', ['route', 'add', '169.254.169.254/32', 'dev', uplink]);
  });
  after(async () => {
    execFileSync('ip', ['link', 'del', uplink]);
    outside.remove();
    await test.remove();
  });

  const run = (egress: string) => test.engine.containers.run({ image: 'busybox', command: WAIT, egress });
  async function reaches(container: Container, address: string): Promise<boolean> {
    const process = await container.exec(['ping', '-c', '1', '-W', '2', address]);
    const [, code] = await Promise.all([readAll(process.stdout), process.exited]);
    return code === 0;
  }

  it('lets out to what is listed, and counts the rest', async () => {
    const [free, listed, none] = [await run('all'), await run('198.51.100.2'), await run('none')];
    const { Gateway, IPAddress } = (await free.inspect()).NetworkSettings;
    for (const address of ['198.51.100.2', '198.51.100.3', '169.254.169.254', Gateway]) assert.ok(await reaches(free, address), address);
    assert.ok(await reaches(listed, '198.51.100.2'));
    for (const address of ['198.51.100.3', '169.254.169.254', Gateway, IPAddress]) assert.ok(!(await reaches(listed, address)), address);
    assert.ok(!(await reaches(none, '198.51.100.2')));
    assert.equal((await listed.egress()).packets, 4);
    assert.equal((await none.egress()).packets, 1);
    assert.deepEqual(await free.egress(), { packets: 0, bytes: 0 });
  });

  it('holds in a network that is connected later, until that is disconnected', async () => {
    await test.engine.networks.create({ name: 'later', ipam: [{ subnet: '10.97.6.0/24' }] });
    const neighbour = await test.engine.containers.run({ image: 'busybox', command: WAIT, network: 'later', name: 'neighbour' });
    const address = (await neighbour.inspect()).NetworkSettings.Networks['later']!.IPAddress;
    const [listed, free] = [await run('198.51.100.2'), await run('all')];
    for (const { id } of [listed, free]) await test.engine.networks.connect('later', id);
    for (const each of [address, '10.97.6.1', '198.51.100.3']) assert.ok(!(await reaches(listed, each)), each);
    assert.ok(await reaches(listed, '198.51.100.2'));
    assert.ok(await reaches(free, address));
    const own = (await listed.inspect()).NetworkSettings.Networks['later']!.IPAddress;
    await test.engine.networks.disconnect('later', listed.id);
    // Its address there is anybody's again, without its policy.
    await test.engine.networks.connect('later', (await run('all')).id, { ip: own });
    const heir = (await test.engine.networks.inspect('later')).Containers;
    assert.ok(Object.values(heir).some(({ IPv4Address }) => IPv4Address === `${own}/24`));
    assert.ok(await reaches(neighbour, own));
    await assertSameAfterRestart(listed);
  });

  async function assertSameAfterRestart(container: Container): Promise<void> {
    await container.restart({ timeout: 0 });
    assert.ok(!(await reaches(container, '198.51.100.3')));
  }

  it('reads addresses, networks and ports', () => {
    assert.equal(parseEgress('all'), undefined);
    assert.deepEqual(parseEgress('none'), []);
    assert.deepEqual(parseEgress('192.0.2.0/24:443,192.0.2.9'), [{ first: '192.0.2.0', last: '192.0.2.255', port: 443 }, { first: '192.0.2.9', last: '192.0.2.9', port: 0 }]);
    assert.deepEqual(parseEgress('[fd00::7]:53')!.map(({ port }) => port), [53]);
    assert.deepEqual(parseEgress('fd00::/64')!.map(({ last, port }) => `${last} ${port}`), ['fd00:0000:0000:0000:ffff:ffff:ffff:ffff 0']);
  });

  for (const text of ['', ',', '192.0.2.1:0', '192.0.2.1:70000', '192.0.2.0/33', '1.2.3', '::/129', 'none,192.0.2.1:x']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseEgress(text), /egress/));
  }
  it('says that names are not there yet', () => assert.throws(() => parseEgress('example.org:443'), { code: 'E_UNSUPPORTED' }));
});

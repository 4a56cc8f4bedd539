// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import type { Container } from '../../lib/containers/container';
import { readAll, TestEngine } from '../helpers/engine';
import { Outside } from '../network/outside';

const WAIT = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'];

describe('egress policy', function () {
  this.timeout(120_000);
  let test: TestEngine;
  let outside: Outside;
  before(async () => {
    test = await TestEngine.create();
    outside = new Outside(['198.51.100.1/24'], ['198.51.100.2/24', '198.51.100.3/32', '169.254.169.254/32']);
  });
  after(async () => {
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
    assert.equal((await listed.egress())!.packets, 4);
    assert.equal((await none.egress())!.packets, 1);
    assert.equal(await free.egress(), undefined);
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
});

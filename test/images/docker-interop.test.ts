// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { Dockerd, dockerMissing } from '../helpers/dockerd';
import { TestEngine } from '../helpers/engine';
import { FakeRegistry } from '../helpers/fake-registry';
import { IMPATIENT } from '../helpers/registry-client';

/** Not installed by the test set-up, as its packages start services. */
describe('images to and from a Docker Engine', function () {
  this.timeout(300_000);
  let dockerd: Dockerd;
  let test: TestEngine;
  let fake: FakeRegistry;

  before(async function () {
    const missing = dockerMissing();
    if (missing !== undefined) {
      console.log(`      ${missing}`);
      this.skip();
    }
    test = await TestEngine.create();
    fake = await FakeRegistry.start();
    dockerd = await Dockerd.start();
    const container = await test.engine.containers.run({ image: 'busybox', command: ['sh', '-c', 'echo ours > /ours; rm /etc/group; ln /ours /link'], network: 'none' });
    await container.wait();
    await container.commit({ reference: `${fake.host}/ours:v1`, changes: ['CMD ["cat", "/ours"]'] });
    await container.remove();
  });
  after(async () => {
    await dockerd?.stop();
    await fake?.stop();
    await test?.remove();
  });

  const options = () => ({ registries: { dockerConfig: test.loop.directory, certificates: [], patience: IMPATIENT } });
  const CHECK = 'cat /ours; test ! -e /etc/group && stat -c %h /ours';

  async function runsInDocker(name: string): Promise<void> {
    assert.equal(await dockerd.docker('run', '--rm', '--network', 'none', name), 'ours\n');
    assert.equal(await dockerd.docker('run', '--rm', '--network', 'none', name, 'sh', '-c', CHECK), 'ours\n2\n');
  }

  it('it pulls and runs what we push', async () => {
    const { digest } = await test.engine.images.push(`${fake.host}/ours:v1`, options()).result;
    assert.match(await dockerd.docker('pull', `${fake.host}/ours:v1`), new RegExp(`Digest: ${digest}`));
    await runsInDocker(`${fake.host}/ours:v1`);
  });

  it('it loads and runs what we save', async () => {
    await dockerd.docker('rmi', '-f', `${fake.host}/ours:v1`).catch(() => '');
    const path = join(test.loop.directory, 'ours.tar');
    await test.engine.images.save([`${fake.host}/ours:v1`], { path });
    assert.equal(await dockerd.docker('load', '-i', path), `Loaded image: ${fake.host}/ours:v1\n`);
    await runsInDocker(`${fake.host}/ours:v1`);
  });

  it('we pull and run what it pushes, and load what it saves', async () => {
    const id = (await dockerd.docker('create', '--network', 'none', `${fake.host}/ours:v1`, 'sh')).trim();
    await dockerd.docker('commit', '-c', 'CMD ["cat", "/ours"]', id, `${fake.host}/theirs:v1`);
    await dockerd.docker('rm', id);
    await dockerd.docker('push', `${fake.host}/theirs:v1`);
    const pulled = await test.engine.images.pull(`${fake.host}/theirs:v1`, options()).result;
    const path = join(test.loop.directory, 'theirs.tar');
    await dockerd.docker('save', '-o', path, `${fake.host}/theirs:v1`);
    const [loaded] = await test.engine.images.load({ path }).result;
    assert.deepEqual(loaded, { id: pulled.id, tags: [`${fake.host}/theirs:v1`] });
    const container = await test.engine.containers.run({ image: `${fake.host}/theirs:v1`, command: ['sh', '-c', '[ "$(cat /ours)" = ours ] && [ ! -e /etc/group ] && [ "$(stat -c %h /link)" = 2 ]'], network: 'none' });
    assert.equal((await container.wait()).exitCode, 0);
    await container.remove();
  });
});

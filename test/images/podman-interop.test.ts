// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerRegistry, missingPrograms } from '../helpers/docker-registry';
import { storeOf, TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';
import { Podman } from '../helpers/podman';
import { type Listed, listTree, setXattr, withoutBlocks } from '../helpers/tree-listing';

/** Makes what a second layer can have: whiteouts, a directory in place of one that is gone, a file changed and linked. */
const CHANGE = ['echo changed > /changed', 'ln /changed /link', 'rm /files/gone', 'rm -r /files/opaque', 'mkdir /files/opaque', 'echo new > /files/opaque/new', 'rm -r /files/dir', 'ln -s new /files/dir', 'chown 7:8 /files/plain', 'chmod 4711 /files/plain'].join(' && ');
/** What the payload of an image with that layer finds. */
const CHECK = 'cat /changed && [ ! -e /files/gone ] && [ ! -e /files/opaque/old ] && [ -L /files/dir ] && stat -c "%h %a %u:%g" /link /files/plain';
const FOUND = 'changed\n2 644 0:0\n1 4711 7:8';

/** What a tree is made of. Podman gives the root directory no time, neither when it unpacks nor when it commits. */
function entries(directory: string): Listed[] {
  return withoutBlocks(listTree(directory)).map((entry) => (entry.path === '.' ? { ...entry, mtime: '' } : entry));
}

describe('images to and from Podman', function () {
  this.timeout(300_000);
  let podman: Podman;
  let server: DockerRegistry;
  let test: TestEngine;

  before(async function () {
    const started = missingPrograms('docker-registry', 'openssl') ?? (await Podman.start());
    if (typeof started === 'string') {
      console.log(`      ${started}`);
      this.skip();
    }
    podman = started;
    server = await DockerRegistry.start();
    test = await TestEngine.create();
    await test.engine.images.import({ path: everyKind(join(test.loop.directory, 'tree')) }, { reference: `${server.host}/base:v1`, changes: ['CMD ["sh"]'] });
    const container = await test.engine.containers.run({ image: `${server.host}/base:v1`, command: ['sh', '-c', CHANGE], network: 'none' });
    assert.equal((await container.wait()).exitCode, 0);
    await container.commit({ reference: `${server.host}/ours:v1`, changes: ['CMD ["cat", "/changed"]', 'ENV FROM=ours'] });
    await container.remove();
  });
  after(async () => {
    podman?.stop();
    await server?.stop();
    await test?.remove();
  });

  const options = () => ({ registries: { dockerConfig: test.loop.directory, certificates: [] } });
  const name = (image: string) => `${server.host}/${image}`;
  const push = (image: string, engine = test.engine) => engine.images.push(name(image), options()).result;
  const pull = (image: string, engine = test.engine) => engine.images.pull(name(image), options()).result;
  const tree = async (image: string, { engine } = test) => entries(storeOf(engine).layout.imageRootfs((await engine.images.get(image)).id));
  const podmanTree = (image: string) => podman.withTree(image, entries);

  /** Busybox's tree with one of each thing that a layer can hold. */
  function everyKind(root: string): string {
    execFileSync('cp', ['-a', join(test.loop.directory, 'busybox'), root]);
    const files = join(root, 'files');
    mkdirSync(join(files, 'opaque'), { recursive: true });
    mkdirSync(join(files, 'dir'));
    const script = `cd "$1"; echo plain > plain; echo gone > gone; echo old > opaque/old; echo in > dir/in; ln -s plain symbolic; ln -s /nowhere dangling
      mkfifo fifo; mknod character c 1 3; mknod block b 7 200; printf x > "$(printf 'b\\303(d')"; echo own > own; chown 100000:200000 own; chmod 2755 opaque
      truncate -s 1M sparse; printf end >> sparse; touch -d '2001-02-03 04:05:06.123456789' plain symbolic dir; chmod 1770 dir`;
    execFileSync('sh', ['-ec', script, 'sh', files]);
    setXattr(join(files, 'own'), 'user.note', '6869');
    // CAP_NET_RAW, effective.
    setXattr(join(files, 'own'), 'security.capability', '0100000200200000000000000000000000000000');
    return root;
  }

  async function runsInPodman(image: string): Promise<void> {
    assert.equal(await podman.run(image), 'changed');
    assert.equal(await podman.run(image, 'sh', '-c', CHECK), FOUND);
    assert.equal(await podman.run(image, 'sh', '-c', 'echo $FROM'), 'ours');
  }

  it('it pulls what we push: the same digest, the same tree, and it runs', async () => {
    const { digest } = await push('ours:v1');
    await podman.podman('pull', '-q', '--tls-verify=false', name('ours:v1'));
    assert.equal(await podman.digest(name('ours:v1')), digest);
    assert.deepEqual(await podmanTree(name('ours:v1')), await tree(name('ours:v1')));
    await runsInPodman(name('ours:v1'));
  });

  it('it loads what we save: the same tree, and it runs', async () => {
    await podman.podman('rmi', '--force', '--ignore', name('ours:v1'));
    const path = join(test.loop.directory, 'ours.tar');
    await test.engine.images.save([name('ours:v1')], { path });
    assert.equal(await podman.podman('load', '-q', '-i', path), `Loaded image: ${name('ours:v1')}`);
    assert.deepEqual(await podmanTree(name('ours:v1')), await tree(name('ours:v1')));
    await runsInPodman(name('ours:v1'));
  });

  it('what it commits and pushes we pull: the same digest and tree; pushed back it is the same, and it runs here', async () => {
    await push('base:v1');
    await podman.podman('pull', '-q', '--tls-verify=false', name('base:v1'));
    const id = await podman.leave(name('base:v1'), 'sh', '-c', CHANGE);
    await podman.podman('commit', '-q', '-c', 'CMD ["cat", "/changed"]', id, name('theirs:v1'));
    await podman.podman('rm', id);
    const digestFile = podman.at('digest');
    await podman.podman('push', '-q', '--tls-verify=false', '--digestfile', digestFile, name('theirs:v1'));
    const digest = readFileSync(digestFile, 'utf8');
    const pulled = await pull('theirs:v1');
    assert.equal(pulled.digest, digest);
    assert.deepEqual(await tree(pulled.id), await podmanTree(name('theirs:v1')));
    await test.engine.images.tag(pulled.id, name('back:v1'));
    assert.equal((await push('back:v1')).digest, digest);
    await runsHere(name('theirs:v1'));
  });

  for (const format of ['docker-archive', 'oci-archive']) {
    it(`what it saves as ${format} we load: the same tree, and it runs here`, async () => {
      await using other = await TestEngine.create();
      const path = podman.at(`${format}.tar`);
      await podman.podman('save', '-q', '--format', format, '-o', path, name('theirs:v1'));
      const [loaded] = await other.engine.images.load({ path }).result;
      assert.deepEqual(loaded?.tags, [name('theirs:v1')]);
      assert.deepEqual(await tree(name('theirs:v1'), other), await podmanTree(name('theirs:v1')));
      await runsHere(name('theirs:v1'), other);
      assert.deepEqual((await findings(other.engine)).filter(({ note }) => note !== true), []);
    });
  }

  async function runsHere(image: string, { engine } = test): Promise<void> {
    const container = await engine.containers.run({ image, command: ['sh', '-c', `[ "$(${CHECK})" = "${FOUND}" ]`], network: 'none' });
    assert.equal((await container.wait()).exitCode, 0);
    await container.remove();
  }
});

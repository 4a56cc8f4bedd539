// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseRemoteReference } from '../../lib/registry/reference';
import { CredentialStore } from '../../lib/registry/credentials';
import { DockerConfig } from '../../lib/registry/docker-config';
import { Registries } from '../../lib/registry/registries';
import type { Store } from '../../lib/store/store';
import { Cli } from '../helpers/cli';
import { DockerRegistry, missingPrograms } from '../helpers/docker-registry';
import { storeOf, TestEngine } from '../helpers/engine';
import { listTree, withoutBlocks } from '../helpers/tree-listing';

const PROGRAM = join(__dirname, '../../../bin/dockerlite.js');
/** Bytes; what the issue of memory is about. */
const MOST_MEMORY = 150 * 1024 ** 2;

describe("images to and from Debian's docker-registry", function () {
  this.timeout(300_000);
  let server: DockerRegistry;
  let test: TestEngine;
  let store: Store;

  before(async function () {
    const missing = missingPrograms('docker-registry', 'skopeo', 'openssl');
    if (missing !== undefined) {
      console.log(`      ${missing}`);
      this.skip();
    }
    server = await DockerRegistry.start({ tls: true, auth: true });
    test = await TestEngine.create({ mebibytes: 4096 });
    store = storeOf(test.engine);
    await new CredentialStore(new DockerConfig(test.loop.directory)).store(server.host, { username: 'ann', password: 'pw' });
  });
  after(async () => {
    await server?.stop();
    await test?.remove();
  });

  const options = () => ({ registries: { dockerConfig: test.loop.directory, certificates: [server.certificates] } });
  const push = (name: string, engine = test.engine) => engine.images.push(`${server.host}/${name}`, options()).result;
  const pull = (name: string, engine = test.engine) => engine.images.pull(`${server.host}/${name}`, options()).result;
  async function digestOf(name: string): Promise<string> {
    await using registries = new Registries(options().registries);
    return (await registries.manifest(parseRemoteReference(`${server.host}/${name}`))).digest;
  }

  it('what we push skopeo takes, and what skopeo pushes we take: digests and trees are the same', async () => {
    await test.engine.images.tag('busybox', `${server.host}/ours:v1`);
    const { digest } = await push('ours:v1');
    const layout = join(test.loop.directory, 'layout');
    mkdirSync(layout);
    server.skopeo(`docker://${server.host}/ours:v1`, `oci:${layout}:v1`);
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: { digest: string }[] };
    assert.deepEqual(index.manifests.map((entry) => entry.digest), [digest]);
    server.skopeo(`oci:${layout}:v1`, `docker://${server.host}/theirs:v1`);
    await using other = await TestEngine.create();
    const there = await pull('theirs:v1', other.engine);
    assert.equal(there.digest, digest);
    const ours = withoutBlocks(listTree(store.layout.imageRootfs((await test.engine.images.get('busybox')).id)));
    assert.deepEqual(withoutBlocks(listTree(storeOf(other.engine).layout.imageRootfs(there.id))), ours);
    await other.engine.images.tag(there.id, `${server.host}/back:v1`);
    assert.equal((await push('back:v1', other.engine)).digest, digest, 'pulled and pushed back it is the same');
    assert.equal(await digestOf('back:v1'), digest);
  });

  it('logs in and pulls by the command line', async () => {
    const cli = new Cli(test.root);
    const env = { DOCKER_CONFIG: join(test.loop.directory, 'cli') };
    const login = await cli.runWith({ env, input: 'pw' }, 'login', '-u', 'ann', '--password-stdin', server.host);
    assert.deepEqual([login.status, login.stdout], [0, 'Login Succeeded\n']);
    assert.equal((await cli.runWith({ env }, 'tags', `${server.host}/ours`)).stdout, 'v1\n');
    assert.equal((await cli.runWith({ env }, 'pull', '-q', `${server.host}/ours:v1`)).stdout, `${server.host}/ours:v1\n`);
  });

  it('pulls an image of many processes at once: each layer is made once', async () => {
    const tree = join(test.loop.directory, 'tree');
    mkdirSync(tree);
    for (let layer = 0; layer < 3; layer++) writeFileSync(join(tree, `f${layer}`), String(layer).repeat(500_000));
    await test.engine.images.import({ path: tree }, { reference: `${server.host}/many:v1` });
    await push('many:v1');
    await using other = await TestEngine.create();
    const clis = Array.from({ length: 6 }, () => new Cli(other.root).runWith({ env: { DOCKER_CONFIG: test.loop.directory } }, 'pull', `${server.host}/many:v1`));
    for (const { status, stderr } of await Promise.all(clis)) assert.equal(status, 0, stderr);
    assert.equal(storeOf(other.engine).db.all('SELECT 1 FROM layers').length, 1);
    assert.equal(storeOf(other.engine).db.all('SELECT 1 FROM layer_claims').length, 0);
  });

  it(`needs no more than ${MOST_MEMORY >> 20} MiB of memory to push and pull a layer that is larger`, async () => {
    const tree = join(test.loop.directory, 'large');
    mkdirSync(tree);
    execFileSync('dd', ['if=/dev/urandom', `of=${join(tree, 'large')}`, 'bs=1M', 'count=300', 'status=none']);
    await test.engine.images.import({ path: tree }, { reference: `${server.host}/large:v1` });
    rmSync(tree, { recursive: true });
    await needsAtMost(MOST_MEMORY, test.root, 'push', `${server.host}/large:v1`);
    await using other = await TestEngine.create();
    await needsAtMost(MOST_MEMORY, other.root, 'pull', `${server.host}/large:v1`);
  });

  async function needsAtMost(bytes: number, root: string, ...args: string[]): Promise<void> {
    const peak = await peakMemory(root, ...args);
    assert.ok(peak <= bytes, `${args[0]} needed ${Math.round(peak / 1024 ** 2)} MiB`);
  }

  /** Bytes; the most the kernel saw in use while the command ran. Its ru_maxrss would be no less than this process had when it forked. */
  async function peakMemory(root: string, ...args: string[]): Promise<number> {
    const report = `process.on('exit', () => require('fs').writeSync(3, /VmHWM:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1]))`;
    const hook = join(test.loop.directory, 'report.cjs');
    // The command ends by reallyExit, which tells no listener.
    writeFileSync(hook, `${report}; const end = process.reallyExit; process.reallyExit = (status) => { process.emit('exit', status); end.call(process, status); };`);
    const child = spawn(process.execPath, ['--require', hook, PROGRAM, '--root', root, ...args], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'], env: { ...process.env, DOCKER_CONFIG: test.loop.directory } });
    let peak = '';
    (child.stdio[3] as NodeJS.ReadableStream).on('data', (data: Buffer) => (peak += data.toString()));
    const [status] = (await once(child, 'close')) as [number | null];
    assert.equal(status, 0);
    return Number(peak) * 1024;
  }
});

// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BootstrapOptions } from '../../lib/images/bootstrap-options';
import { Engine } from '../../lib/engine';
import { DockerliteError, type ErrorCode } from '../../lib/errors';
import type { TransferEvent } from '../../lib/images/transfer';
import type { Store } from '../../lib/store/store';
import { Cli } from '../helpers/cli';
import { buildDeb, DebianMirror, type PublishOptions, type TestPackage } from '../helpers/debian-mirror';
import { readAll, storeOf, TestEngine } from '../helpers/engine';
import { findings } from '../helpers/findings';
import { Gpg, type TestKey } from '../helpers/gpg';
import type { TarEntry } from '../helpers/hostile-archive';
import { collect, IMPATIENT } from '../helpers/registry-client';

const dir = (name: string): TarEntry => ({ name: `${name}/`, type: '5' });
const program = (name: string, content: string | Buffer): TarEntry => ({ name, content, mode: 0o755 });

/** Instead of dpkg: writes down what it is called with. It waits where it is told to, and fails where it is told to. */
const DPKG = '#!/bin/sh\necho "$@" >>/var/log/calls\nif [ -e /etc/wait ]; then while [ ! -e /go ]; do busybox usleep 1000; done; fi\n[ ! -e /etc/fail ] || { echo "postinst of x: no"; exit 3; }\n';
const WITHOUT_ESSENTIAL = 'essential';

/** What a root needs to run a script. The shell comes as in a release before /bin and /usr/bin became one in packages. */
const FIELDS = { Essential: 'yes' };
const ESSENTIALS: TestPackage[] = [
  { name: 'base-files', fields: { ...FIELDS, 'Pre-Depends': 'awk' }, files: [dir('etc'), { name: 'etc/os-release', content: 'ID=tiny\n' }, dir('mnt'), dir('var'), dir('var/log')] },
  { name: 'shell', fields: FIELDS, files: [dir('bin'), program('bin/busybox', readFileSync('/bin/busybox')), ...['sh', 'mkdir', 'chmod', 'rm', 'cp', 'cat'].map((name) => ({ name: `bin/${name}`, type: '2', link: 'busybox' }))] },
  { name: 'dpkg', fields: FIELDS, files: [dir('usr'), dir('usr/bin'), program('usr/bin/dpkg', DPKG), dir('etc'), dir('etc/apt'), dir('etc/apt/sources.list.d')] },
  { name: 'mawk', fields: { Provides: 'awk', Priority: 'required' }, files: [dir('usr'), dir('usr/bin'), program('usr/bin/awk', '#!/bin/sh\n')] },
];

describe('bootstrapping images', () => {
  let test: TestEngine;
  let store: Store;
  let gpg: Gpg;
  let key: TestKey;
  let other: TestKey;
  let mirror: DebianMirror;
  let count = 0;

  before(async () => {
    test = await TestEngine.create();
    store = storeOf(test.engine);
    gpg = Gpg.create(join(test.loop.directory, 'gpg'));
    key = gpg.key('archive');
    other = gpg.key('other');
  });
  after(async () => {
    gpg.remove();
    await test.remove();
  });
  beforeEach(async () => {
    const directory = join(test.loop.directory, `mirror-${count++}`);
    mkdirSync(directory);
    mirror = await DebianMirror.start(directory);
  });
  afterEach(async () => {
    await mirror.stop();
    assert.deepEqual((await findings(test.engine)).filter(({ note }) => note !== true), []);
  });

  const options = (more: BootstrapOptions = {}): BootstrapOptions => ({ mirror: mirror.url, keyring: key.keyring(), variant: WITHOUT_ESSENTIAL, aptDirectory: '/nonexistent', patience: IMPATIENT, ...more });
  const bootstrap = (more: BootstrapOptions = {}, what = 'debian:tiny') => test.engine.images.bootstrap(what, options(more));
  const add = (...packages: TestPackage[]) => packages.forEach((one) => mirror.add(one));
  const publish = (more: PublishOptions = {}) => mirror.publish(key, more);
  const state = async () => ({
    images: readdirSync(store.layout.images).sort(),
    rows: store.db.all('SELECT id, state FROM images ORDER BY id'),
    containers: (await test.engine.containers.list({ all: true })).map(({ id }) => id),
    tmp: readdirSync(store.layout.tmp),
  });
  const run = async (image: string, ...command: string[]) => {
    await using container = await test.engine.containers.create({ image, command, network: 'none' });
    const attachment = await container.start({ attach: { stdout: true } });
    return await readAll(attachment.stdout);
  };

  it('makes one of busybox, with its applets as links', async () => {
    const events = await collect<TransferEvent>(test.engine.images.bootstrap('busybox', { reference: 'bb:1' }));
    assert.deepEqual(events, []);
    const image = await test.engine.images.get('bb:1');
    const root = store.layout.imageRootfs(image.id);
    assert.deepEqual(image.oci.config.Cmd, ['sh']);
    assert.equal(readlinkSync(join(root, 'bin/sh')), 'busybox');
    assert.ok(readdirSync(join(root, 'bin')).length > 200);
    assert.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), /^root:x:0:0:/);
    assert.equal(await run('bb:1', 'sh', '-c', 'id -un; cat /etc/group | head -n 1; echo $PATH'), 'root\nroot:x:0:\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n');
    assert.deepEqual((await state()).tmp, []);
  });

  it('takes busybox from the archive where one is named', async () => {
    add({ name: 'busybox-static', files: [dir('bin'), program('bin/busybox', readFileSync('/bin/busybox'))] });
    const suite = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] as string;
    publish({ suite });
    await bootstrap({ reference: 'bb:mirror' }, 'busybox').result;
    assert.equal(await run('bb:mirror', 'echo', 'hello'), 'hello\n');
    assert.ok(mirror.requested.some((path) => path.includes('busybox-static')));
  });

  it('makes one of Debian: essential packages unpacked, all installed by dpkg in order, configured and named', async () => {
    add(...ESSENTIALS, { name: 'apt', fields: { 'Pre-Depends': 'early' } }, { name: 'early' }, { name: 'wanted', fields: { Depends: 'libx | liby' } }, { name: 'liby' }, { name: 'unwanted', fields: { Priority: 'required' } });
    publish({ validUntil: new Date(Date.now() + 86_400_000) });
    const events = await collect<TransferEvent>(bootstrap({ variant: 'apt', include: ['wanted'] }));
    const image = await test.engine.images.get('debian:tiny');
    const root = store.layout.imageRootfs(image.id);
    assert.deepEqual(image.oci.config.Cmd, ['bash']);
    assert.equal(image.oci.config.Labels?.['org.opencontainers.image.version'], '1.5');
    assert.equal(image.parent, '');
    const calls = readFileSync(join(root, 'var/log/calls'), 'utf8').replaceAll('--force-unsafe-io --force-confold ', '').replaceAll('/mnt/', '').trim().split('\n');
    assert.deepEqual(calls.map((call) => call.split(' ').sort().join(' ')), [
      '--force-depends --install base-files.deb',
      '--force-depends --unpack dpkg.deb mawk.deb shell.deb',
      '--configure --force-configure-any --force-depends --pending',
      '--unpack early.deb liby.deb wanted.deb',
      '--configure --force-depends --pending',
      '--unpack apt.deb',
      '--configure --force-depends --pending',
      '--configure --pending',
    ]);
    assert.equal(readlinkSync(join(root, 'bin')), 'usr/bin');
    assert.ok(existsSync(join(root, 'usr/bin/busybox')));
    assert.ok(!existsSync(join(root, 'usr/sbin/policy-rc.d')));
    assert.equal(readFileSync(join(root, 'etc/apt/sources.list.d/debian.sources'), 'utf8'), `Types: deb\nURIs: ${mirror.url}/\nComponents: main\nSuites: tiny\nSigned-By: /etc/apt/keyrings/bootstrap.gpg\n\n`);
    assert.deepEqual(readFileSync(join(root, 'etc/apt/keyrings/bootstrap.gpg')), readFileSync(key.keyring()));
    assert.deepEqual(readdirSync(join(root, 'mnt')), []);
    assert.equal(await run('debian:tiny', 'sh', '-c', 'cat /etc/os-release'), 'ID=tiny\n');
    const kinds = events.map((event) => (event.kind === 'layer' ? event.state : event.text));
    for (const kind of [`Reading package lists from ${mirror.url}/`, 'Downloading 8 packages', 'downloaded', 'extracting', 'preparing', 'complete']) assert.ok(kinds.includes(kind), kind);
    const { containers, tmp } = await state();
    assert.deepEqual([containers, tmp], [[], []]);
  });

  for (const compression of ['gz', 'none'] as const) {
    it(`reads an index that is compressed with ${compression}, where an armoured key vouches for it`, async () => {
      add(...ESSENTIALS);
      publish({ compression });
      await bootstrap({ keyring: key.keyring(true), reference: `x:${compression}` }).result;
    });
  }

  it('asks for indexes by their digests where the archive has that, and by name where it has not', async () => {
    add(...ESSENTIALS);
    publish({ release: (text) => `Acquire-By-Hash: yes\n${text}` });
    await bootstrap({ reference: 'x:hash' }).result;
    assert.ok(mirror.requested.some((path) => path.includes('/by-hash/SHA256/')));
  });

  it('finds the archive, its keys and its siblings where apt does', async () => {
    add(...ESSENTIALS);
    publish();
    const aptDirectory = join(test.loop.directory, 'etc-apt');
    mkdirSync(join(aptDirectory, 'sources.list.d'), { recursive: true });
    writeFileSync(join(aptDirectory, 'sources.list.d/a.sources'), `Types: deb\nURIs: ${mirror.url.replace('://', '://name:secret@')}\nSuites: host host-updates\nComponents: main\nSigned-By: ${key.keyring()}\n`);
    const events = await collect<TransferEvent>(bootstrap({ mirror: undefined, keyring: undefined, aptDirectory, reference: 'x:apt' }));
    assert.ok(!JSON.stringify(events).includes('secret'));
    const root = store.layout.imageRootfs((await test.engine.images.get('x:apt')).id);
    assert.match(readFileSync(join(root, 'etc/apt/sources.list.d/debian.sources'), 'utf8'), /^URIs: http:\/\/127[^@]*\nComponents: main\nSuites: tiny$/m);
    assert.ok(mirror.requested.includes('dists/tiny-updates/InRelease'), 'a sibling that is not there is left out');
  });

  /** What apt is told, in a directory of its own. */
  const aptSays = (files: Record<string, string>) => {
    const aptDirectory = join(test.loop.directory, `apt-${count}`);
    mkdirSync(join(aptDirectory, 'sources.list.d'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(aptDirectory, name), text);
    return { mirror: undefined, keyring: undefined, aptDirectory };
  };
  const unsigned = (text: string) => text.replace(/^.*?\n\n/s, '').replace(/-----BEGIN PGP SIGNATURE[^]*/, '');

  it('takes what apt is told to trust as it is, but nothing else that nobody signed', async () => {
    add(...ESSENTIALS);
    publish({ signed: unsigned });
    mirror.files.set('dists/tiny/Release', mirror.files.get('dists/tiny/InRelease') as Buffer);
    mirror.files.delete('dists/tiny/InRelease');
    const said = aptSays({ 'sources.list': `deb [trusted=yes] ${mirror.url} tiny main\n` });
    const events = await collect<TransferEvent>(bootstrap({ ...said, reference: 'x:trusted' }));
    assert.match(JSON.stringify(events), /unverified: apt is told to trust it/);
    const root = store.layout.imageRootfs((await test.engine.images.get('x:trusted')).id);
    assert.match(readFileSync(join(root, 'etc/apt/sources.list.d/debian.sources'), 'utf8'), /^Trusted: yes$/m);
    publish({ signed: unsigned });
    await assert.rejects(bootstrap({ ...said, keyring: key.keyring() }).result, (error: DockerliteError) => error.code === 'E_SIGNATURE');
  });

  it('believes of a keyring the keys that are named', async () => {
    add(...ESSENTIALS);
    publish();
    const source = (fingerprint: string) => aptSays({ 'sources.list': `deb [signed-by=${key.keyring()},${fingerprint}] ${mirror.url} tiny main\n` });
    await assert.rejects(bootstrap(source(other.fingerprint)).result, (error: DockerliteError) => error.code === 'E_SIGNATURE' && /no public key/.test(error.message));
    await bootstrap({ ...source(key.fingerprint), reference: 'x:named' }).result;
  });

  it('says who it is, over encrypted connections that the authority apt is told of vouches for', async () => {
    await mirror.stop();
    const directory = join(test.loop.directory, 'tls');
    mkdirSync(directory);
    mirror = await DebianMirror.start(directory, { tls: true });
    mirror.account = 'ann:pw';
    add(...ESSENTIALS);
    publish();
    const sources = `deb [signed-by=${key.keyring()}] ${mirror.url} tiny main\n`;
    const [auth, config] = [`machine 127.0.0.1/debian login ann password pw\n`, `Acquire::https::CaInfo "${join(directory, 'ca.crt')}";\n`];
    const fails = (files: Record<string, string>, wanted: RegExp) => assert.rejects(bootstrap(aptSays({ 'sources.list': sources, 'auth.conf': '', 'apt.conf': '', ...files })).result, wanted);
    await fails({ 'auth.conf': auth }, /certificate/);
    await fails({ 'apt.conf': config }, /status 401/);
    await bootstrap({ ...aptSays({ 'sources.list': sources, 'auth.conf': auth, 'apt.conf': config }), reference: 'x:tls' }).result;
  });

  it('honours what apt is told of dates', async () => {
    add(...ESSENTIALS);
    publish({ validUntil: new Date(Date.now() - 1000) });
    const aptDirectory = join(test.loop.directory, 'no-dates');
    mkdirSync(aptDirectory);
    writeFileSync(join(aptDirectory, 'apt.conf'), 'Acquire::Check-Valid-Until "false";\n');
    await bootstrap({ aptDirectory, reference: 'x:old' }).result;
  });

  const evil = (entries: TarEntry[], member?: string): TestPackage => ({ name: 'evil', fields: { Essential: 'yes' }, bytes: buildDeb(entries, member) });
  const hang = () => mirror.answers.set('dists/tiny/InRelease', () => undefined);
  const redirect = (location: string) => mirror.answers.set('dists/tiny/InRelease', (_request, response) => void response.writeHead(302, { location }).end());
  const bad: [string, () => void, ErrorCode, RegExp, BootstrapOptions?][] = [
    ['a Release file that was changed', () => publish({ signed: (text) => text.replace('Origin: Test', 'Origin: Tess') }), 'E_SIGNATURE', /InRelease: the signature of key .* is wrong/],
    ["a stranger's signature", () => mirror.publish(other), 'E_SIGNATURE', /no public key/],
    ['no signature', () => publish({ signed: () => 'Suite: tiny\n' }), 'E_SIGNATURE', /there is no signature/],
    ['a Release file that is too old', () => publish({ validUntil: new Date(Date.now() - 1000) }), 'E_SIGNATURE', /it was valid until/],
    ["another suite's Release file", () => publish({ release: (text) => text.replaceAll('tiny', 'huge') }), 'E_SIGNATURE', /Release file of huge, not of tiny/],
    ['no digests', () => publish({ release: (text) => text.replace(/SHA256:[^]*/, '') }), 'E_REGISTRY', /no SHA256/],
    ['an index that is another', () => (publish(), mirror.files.set([...mirror.files.keys()].find((path) => path.endsWith('.xz')) as string, Buffer.from('x'))), 'E_DIGEST', /the server has 1 bytes of it/],
    ['a package of another digest', () => (add({ name: 'liar', fields: { Essential: 'yes' }, lie: { sha256: '0'.repeat(64) } }), publish()), 'E_DIGEST', /liar.*digest verification failed/],
    ['a package of another size', () => (add({ name: 'liar', fields: { Essential: 'yes' }, lie: { size: 3 } }), publish()), 'E_DIGEST', /the server has \d+ bytes of it, 3 are expected/],
    ['a dependency nothing satisfies', () => (add({ name: 'needy', fields: { Essential: 'yes', Depends: 'nothing (>= 2)' } }), publish()), 'E_NOT_FOUND', /package needy needs nothing \(>= 2\)/],
    ['a package nobody has', () => publish(), 'E_NOT_FOUND', /no package none/, { include: ['none'] }],
    ['no such suite', () => undefined, 'E_NOT_FOUND', /has no suite tiny/],
    ['a package that is not there', () => (mirror.files.delete(mirror.add({ name: 'gone', fields: { Essential: 'yes' } })), publish()), 'E_NOT_FOUND', /gone/],
    ['a package whose files leave the root', () => (add(evil([{ name: '../../evil', content: 'x' }])), publish()), 'E_ARCHIVE', /leaves the root/],
    ['a package whose links leave the root', () => (add(evil([{ name: 'x', type: '1', link: '../../../etc/passwd' }])), publish()), 'E_ARCHIVE', /leaves the root/],
    ['a package without files', () => (add(evil([], 'other.tar')), publish()), 'E_ARCHIVE', /no data.tar/],
    ['a package that is none', () => (add({ name: 'evil', fields: { Essential: 'yes' }, bytes: Buffer.from('<html>'.repeat(50)) }), publish()), 'E_ARCHIVE', /no ar archive/],
    ['a package that ends early', () => (add({ name: 'evil', fields: { Essential: 'yes' }, bytes: buildDeb([{ name: 'a', content: 'x'.repeat(2000) }]).subarray(0, 3000) }), publish()), 'E_ARCHIVE', /ends early/],
    ['a redirect to a file', () => redirect('file:///etc/passwd'), 'E_REGISTRY', /refused: not HTTP/],
    ['a redirect in a circle', () => redirect(`${mirror.url}/dists/tiny/InRelease`), 'E_REGISTRY', /redirects/],
    ['a mirror that does not answer', hang, 'E_REGISTRY_UNREACHABLE', /timed out/, { patience: { ...IMPATIENT, answer: 100, attempts: 1 } }],
    ['a configuration that fails', () => (add({ name: 'fail', fields: { Essential: 'yes' }, files: [dir('etc'), { name: 'etc/fail', content: '' }] }), publish()), 'E_SYSTEM', /status 3\npostinst of x: no/],
    ['a name that is none', () => publish(), 'E_INVALID', /package name/, { include: ['x;reboot'] }],
    ['a mirror that is no URL', () => publish(), 'E_INVALID', /http or https URL/, { mirror: 'file:///srv' }],
    ['a keyring that is not there', () => publish(), 'E_NOT_FOUND', /keyring/, { keyring: '/nonexistent' }],
    ['a variant nobody knows', () => publish(), 'E_INVALID', /variant/, { variant: 'toString' }],
  ];
  for (const [what, prepare, code, message, more] of bad) {
    it(`leaves nothing of an image with ${what}`, async () => {
      const before = await state();
      add(...ESSENTIALS);
      prepare();
      await assert.rejects(bootstrap({ reference: 'bad:1', ...more }).result, (error: DockerliteError) => {
        assert.equal(error.code, code, error.stack);
        assert.match(error.message, message);
        return true;
      });
      assert.deepEqual(await state(), before);
      assert.ok(!existsSync(join(store.layout.root, '../evil')) && !existsSync(join(store.layout.tmp, 'evil')));
    });
  }

  it('refuses what it cannot make', async () => {
    for (const what of ['debian', 'debian:', 'debian:../x', 'ubuntu:noble', 'debian:a/b', 'busybox:1']) {
      await assert.rejects(bootstrap({}, what).result, (error: DockerliteError) => error.code === 'E_INVALID', what);
    }
  });

  it('leaves nothing when it is stopped while it downloads', async () => {
    const before = await state();
    add(...ESSENTIALS);
    publish();
    const controller = new AbortController();
    const path = [...mirror.files.keys()].find((name) => name.includes('shell')) as string;
    mirror.answers.set(path, (_request, response) => {
      response.writeHead(200, { 'content-length': mirror.files.get(path)?.length }).write('x');
      controller.abort();
    });
    await assert.rejects(bootstrap({ signal: controller.signal }).result, (error: DockerliteError) => error.code === 'E_ABORTED');
    assert.deepEqual(await state(), before);
  });

  const waiting: TestPackage = { name: 'wait', fields: { Essential: 'yes' }, files: [dir('etc'), { name: 'etc/wait', content: '' }] };
  const running = async () => {
    for await (const event of test.engine.events()) if (event.Type === 'container' && event.Action === 'start') return test.engine.containers.get(event.Actor.ID);
    throw new Error('no container was started');
  };

  it('leaves nothing when it is stopped while packages are configured', async () => {
    const before = await state();
    add(...ESSENTIALS, waiting);
    publish();
    const controller = new AbortController();
    const started = running();
    const { result } = bootstrap({ signal: controller.signal });
    await started;
    controller.abort();
    await assert.rejects(result, (error: DockerliteError) => error.code === 'E_ABORTED');
    assert.deepEqual(await state(), before);
  });

  it('leaves nothing when it is killed while packages are configured', async () => {
    const before = await state();
    add(...ESSENTIALS, waiting);
    publish();
    const started = running();
    const program = join(__dirname, '../../cli/dockerlite.js');
    const child = spawn(process.execPath, [program, '--root', test.root, 'image', 'bootstrap', '--mirror', mirror.url, '--keyring', key.keyring(), '--variant', 'essential', 'debian:tiny'], { stdio: 'ignore' });
    const container = await started;
    child.kill('SIGKILL');
    await once(child, 'exit');
    // What it was in the middle of ends by itself, and then the end of its stdin is its end.
    const { exited } = await container.exec(['/bin/busybox', 'touch', '/go'], {});
    await exited;
    await container.wait();
    await using _next = await Engine.open({ root: test.root });
    assert.deepEqual(await state(), before);
  });

  it('is a command', async () => {
    const cli = new Cli(test.root);
    add(...ESSENTIALS);
    publish();
    const common = ['--mirror', mirror.url, '--keyring', key.keyring(), '--variant', 'essential'];
    assert.match(await cli.ok('image', 'bootstrap', ...common, '-t', 'mine:2', 'debian:tiny'), /^tiny: Reading package lists from http.*\n(?:.*\n)*packages: Complete\nMade image: mine:2\n$/);
    assert.match(await cli.ok('image', 'bootstrap', '-q', ...common, 'debian:tiny'), /^sha256:[0-9a-f]{64}\n$/);
    const failed = await cli.run('image', 'bootstrap', ...common, 'ubuntu:noble');
    assert.equal(failed.status, 1);
    assert.match(failed.stderr, /expected debian:SUITE or busybox/);
  });
});

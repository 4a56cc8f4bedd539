// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialStore, serverKey } from '../../lib/registry/credentials';
import { DockerConfig } from '../../lib/registry/docker-config';

/** A helper as Docker's are, that keeps what it is given in a file. */
const HELPER = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
read -r line
case $1 in
  store) printf '%s' "$line" > kept ;;
  get) [ "$line" = broken.example ] && { echo 'the keychain is locked'; exit 1; }
       [ -f kept ] && grep -q "\\"ServerURL\\":\\"$line\\"" kept && { cat kept; exit 0; }
       echo 'credentials not found in native keychain'; exit 1 ;;
  erase) rm -f kept ;;
  list) echo '{"h.example":"ann"}' ;;
esac
`;

describe("Docker's config.json", () => {
  let directory: string;
  let store: CredentialStore;
  let path: string | undefined;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'docker-config-'));
    store = new CredentialStore(new DockerConfig(join(directory, 'docker')));
    writeFileSync(join(directory, 'docker-credential-test'), HELPER);
    chmodSync(join(directory, 'docker-credential-test'), 0o755);
    path = process.env['PATH'];
    process.env['PATH'] = `${directory}:${path}`;
  });
  afterEach(() => {
    process.env['PATH'] = path;
    rmSync(directory, { recursive: true, force: true });
  });

  const file = () => join(directory, 'docker/config.json');
  const content = () => JSON.parse(readFileSync(file(), 'utf8')) as Record<string, unknown>;
  function write(value: unknown): void {
    mkdirSync(join(directory, 'docker'), { recursive: true });
    writeFileSync(file(), typeof value === 'string' ? value : JSON.stringify(value));
  }

  it('is made for its owner alone, in the form Docker writes', async () => {
    assert.deepEqual(await store.store('h.example', { username: 'ann', password: 's:e:c' }), { unencrypted: true });
    assert.equal(readFileSync(file(), 'utf8'), `{\n\t"auths": {\n\t\t"h.example": {\n\t\t\t"auth": "${Buffer.from('ann:s:e:c').toString('base64')}"\n\t\t}\n\t}\n}`);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.deepEqual(await store.get('h.example'), { username: 'ann', password: 's:e:c' });
  });

  it("keeps what others wrote, and their order and mode", async () => {
    write({ HttpHeaders: { 'X-Meta-A': 'b', Host: 'evil', authorization: 'x', 'bad name': 'y', n: 1 }, auths: { 'other.example': { auth: 'YTpi', odd: true } }, plugins: { x: { y: 'z' } }, detachKeys: 'ctrl-e,e' });
    chmodSync(file(), 0o640);
    await store.store('h.example', { username: 'ann', password: 'pw' });
    await store.erase('h.example');
    assert.deepEqual(content(), { HttpHeaders: { 'X-Meta-A': 'b', Host: 'evil', authorization: 'x', 'bad name': 'y', n: 1 }, auths: { 'other.example': { auth: 'YTpi', odd: true } }, plugins: { x: { y: 'z' } }, detachKeys: 'ctrl-e,e' });
    assert.equal(statSync(file()).mode & 0o777, 0o640);
    assert.deepEqual(store.config.headers, { 'X-Meta-A': 'b' });
  });

  it('writes through a symbolic link', async () => {
    mkdirSync(join(directory, 'docker'));
    writeFileSync(join(directory, 'real.json'), '{"a":1}');
    symlinkSync('../real.json', file());
    await store.store('h.example', { username: 'ann', password: 'pw' });
    assert.equal((JSON.parse(readFileSync(join(directory, 'real.json'), 'utf8')) as { a: number }).a, 1);
    assert.ok((JSON.parse(readFileSync(join(directory, 'real.json'), 'utf8')) as { auths: object }).auths);
  });

  it('finds Docker Hub and other registries however they were written', async () => {
    write({ auths: { 'https://index.docker.io/v1/': { auth: 'aHViOnB3' }, 'https://h.example/v1/': { auth: 'b2xkOnB3' }, 'h.example:5000': { username: 'p', password: 'q' } } });
    assert.equal((await store.get('docker.io'))?.username, 'hub');
    assert.equal((await store.get('h.example'))?.username, 'old');
    assert.deepEqual(await store.get('h.example:5000'), { username: 'p', password: 'q' });
    assert.equal(await store.get('x.example'), undefined);
    assert.equal(serverKey('registry-1.docker.io'), 'https://index.docker.io/v1/');
  });

  it('reads identity and registry tokens', async () => {
    write({ auths: { a: { auth: 'YW5uOg==', identitytoken: 'tok' }, b: { registrytoken: 'reg' }, c: {}, d: 7 } });
    assert.deepEqual(await store.get('a'), { username: 'ann', password: '', identityToken: 'tok' });
    assert.deepEqual(await store.get('b'), { username: '', password: '', registryToken: 'reg' });
    assert.equal(await store.get('c'), undefined);
    assert.equal(await store.get('d'), undefined);
  });

  it('forgets, and says when there was nothing to forget', async () => {
    await store.store('h.example', { username: 'ann', password: 'pw' });
    assert.equal(await store.erase('https://h.example/'), true);
    assert.equal(await store.get('h.example'), undefined);
    assert.equal(await store.erase('h.example'), false);
  });

  for (const [what, text] of [['no JSON', '{'], ['an array', '[]'], ['auths that are text', '{"auths":"x"}']] as const) {
    it(`says that it is ${what} and leaves it as it is`, async () => {
      write(text);
      await assert.rejects(store.store('h.example', { username: 'a', password: 'b' }), /error loading config file/);
      assert.equal(readFileSync(file(), 'utf8'), text);
    });
  }

  it('refuses an entry that is not name and password', async () => {
    write({ auths: { h: { auth: Buffer.from('nocolon').toString('base64') } } });
    await assert.rejects(store.get('h'), /not base64 of NAME:PASSWORD/);
  });

  for (const [kind, settings] of [['credsStore', { credsStore: 'test' }], ['credHelpers', { credHelpers: { 'h.example': 'test' } }]] as const) {
    it(`keeps passwords with the helper that ${kind} names`, async () => {
      write(settings);
      assert.equal(await store.get('h.example'), undefined);
      assert.deepEqual(await store.store('h.example', { username: 'ann', password: 'pw' }), { unencrypted: false });
      assert.deepEqual(content()['auths'], { 'h.example': {} });
      assert.deepEqual(await store.get('h.example'), { username: 'ann', password: 'pw' });
      await store.store('h.example', { username: 'ann', password: '', identityToken: 'tok' });
      assert.deepEqual(await store.get('h.example'), { username: '', password: '', identityToken: 'tok' });
      assert.equal(await store.erase('h.example'), true);
      assert.equal(await store.get('h.example'), undefined);
    });
  }

  it("passes a helper's failure on", async () => {
    write({ credsStore: 'test' });
    await assert.rejects(store.get('broken.example'), /exit status 1, out: "the keychain is locked"/);
    write({ credsStore: 'absent' });
    await assert.rejects(store.get('h.example'), /cannot run docker-credential-absent/);
  });

  it('runs no helper whose name is a path', async () => {
    for (const name of ['../../tmp/x', '/bin/sh', 'a b', '-x', '.x']) {
      write({ credsStore: name });
      await assert.rejects(store.get('h.example'), /invalid credential helper name/);
    }
  });
});

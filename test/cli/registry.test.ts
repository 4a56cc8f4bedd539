// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MEDIA } from '../../lib/registry/media-types';
import { Cli } from '../helpers/cli';
import { FakeRegistry } from '../helpers/fake-registry';

const PROGRAM = join(__dirname, '../../../bin/dockerlite.js');

describe('commands that ask registries and need no store', () => {
  let fake: FakeRegistry;
  let directory: string;

  before(async () => {
    fake = await FakeRegistry.start({ auth: { kind: 'bearer', users: { ann: 'pw' }, anonymousPull: true } });
    directory = mkdtempSync(join(tmpdir(), 'docker-config-'));
  });
  after(async () => {
    await fake.stop();
    rmSync(directory, { recursive: true });
  });

  const dl = async (args: string[], input?: string) => {
    const { status, stdout, stderr } = await new Cli('/nonexistent').runWith({ input, env: { DOCKER_CONFIG: directory } }, ...args);
    return { status, stdout, stderr };
  };

  it('login: with a password from stdin, then with what is known, then logout', async () => {
    const first = await dl(['login', '-u', 'ann', '--password-stdin', fake.host], 'pw\n');
    assert.deepEqual([first.status, first.stdout], [0, 'Login Succeeded\n']);
    assert.match(first.stderr, /^\nWARNING! Your credentials are stored unencrypted in '.*\/config\.json'\.\n/);
    assert.deepEqual(JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')), { auths: { [fake.host]: { auth: Buffer.from('ann:pw').toString('base64') } } });
    assert.deepEqual(await dl(['login', `https://${fake.host}/v1/`]), { status: 0, stdout: 'Authenticating with existing credentials...\nLogin Succeeded\n', stderr: '' });
    assert.deepEqual(await dl(['logout', fake.host]), { status: 0, stdout: `Removing login credentials for ${fake.host}\n`, stderr: '' });
    assert.deepEqual(await dl(['logout', fake.host]), { status: 0, stdout: `Not logged in to ${fake.host}\n`, stderr: '' });
  });

  const failures: [string[], number, RegExp][] = [
    [['login', '-u', 'ann', '-p', 'no', 'HOST'], 1, /^WARNING! Using --password via the CLI is insecure\. Use --password-stdin\.\ndockerlite: unauthorized: incorrect username or password\n$/],
    [['login', 'HOST'], 1, /Cannot perform an interactive login from a non TTY device/],
    [['login', '--password-stdin', 'HOST'], 1, /Must provide --username with --password-stdin/],
    [['login', '-u', 'a', '-p', 'x', '--password-stdin', 'HOST'], 1, /mutually exclusive/],
    [['login', '-u', 'a', '--password-stdin', 'HOST'], 1, /password is empty/],
    [['login', '-u', 'a', '-p', 'b', 'bad host'], 1, /invalid registry name: "bad host"/],
    [['login', 'a', 'b'], 1, /accepts at most 1 argument/],
    [['manifest', 'inspect', 'HOST/no/such:tag'], 1, /^dockerlite: no such manifest: HOST\/no\/such:tag\n$/],
    [['manifest', 'inspect', 'Bad Name'], 1, /invalid reference format/],
    [['tags', 'HOST/UPPER'], 1, /repository name must be lowercase/],
    [['search', '--limit', '0', 'HOST/x'], 1, /limit 0 is outside the range of \[1, 100\]/],
    [['search', '-f', 'colour=red', 'HOST/x'], 1, /invalid filter 'colour'/],
  ];
  for (const [args, status, pattern] of failures) {
    it(`${args.join(' ')} fails in Docker's words`, async () => {
      const result = await dl(args.map((arg) => arg.replace('HOST', fake.host)));
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr.replaceAll(fake.host, 'HOST'), pattern);
    });
  }

  it('tags: one a line', async () => {
    for (const tag of ['v1', 'v2']) fake.addImage('a/b', tag, []);
    assert.deepEqual(await dl(['tags', `${fake.host}/a/b`]), { status: 0, stdout: 'v1\nv2\n', stderr: '' });
  });

  it('manifest inspect: as the registry has it, and -v with platforms', async () => {
    const image = fake.addImage('m', 'one', []);
    const plain = await dl(['manifest', 'inspect', `${fake.host}/m:one`]);
    assert.equal(plain.stdout, `${JSON.stringify(JSON.parse(fake.manifests.get('m:one')?.raw.toString() ?? ''), null, '\t')}\n`);
    const verbose = JSON.parse((await dl(['manifest', 'inspect', '-v', `${fake.host}/m:one`])).stdout) as Record<string, unknown>;
    assert.equal(verbose['Ref'], `${fake.host}/m:one@${image.digest}`);
    assert.deepEqual(verbose['Descriptor'], { mediaType: MEDIA.ociManifest, digest: image.digest, size: image.size, platform: { architecture: 'amd64', os: 'linux' } });
    const { digest, size, mediaType } = image;
    fake.addManifest('m', 'list', { schemaVersion: 2, manifests: [{ digest, size, mediaType, platform: { os: 'linux', architecture: 'amd64' } }] }, MEDIA.dockerList);
    const list = JSON.parse((await dl(['manifest', 'inspect', '--verbose', `${fake.host}/m:list`])).stdout) as { Ref: string }[];
    assert.deepEqual(list.map(({ Ref }) => Ref), [`${fake.host}/m:list@${digest}`]);
  });

  it('search: the catalog of a registry, in Docker\'s columns', async () => {
    fake.addImage('web/front', 'v1', []);
    const { status, stdout } = await dl(['search', `${fake.host}/front`]);
    assert.equal(status, 0);
    assert.match(stdout, /^NAME {3,}DESCRIPTION {3}STARS {5}OFFICIAL\n127\.0\.0\.1:\d+\/web\/front {17}0 {9}\n$/);
    assert.equal((await dl(['search', '--format', '{{.Name}}', `${fake.host}/front`])).stdout, `${fake.host}/web/front\n`);
    assert.equal((await dl(['search', '-f', 'stars=3', '--format', '{{.Name}}', `${fake.host}/front`])).stdout, '');
  });

  it('no other command loads the HTTP client', () => {
    const hook = join(directory, 'loaded.cjs');
    writeFileSync(hook, "const fs = require('fs'); const read = fs.readFileSync; let is = false; fs.readFileSync = (path, ...rest) => { is ||= String(path).includes('undici'); return read(path, ...rest); }; const end = process.reallyExit; process.reallyExit = (status) => { fs.writeSync(2, is ? '<yes>' : '<no>'); end.call(process, status); };");
    const loaded = (...args: string[]) => spawnSync(process.execPath, ['--require', hook, PROGRAM, ...args], { encoding: 'utf8', env: { ...process.env, DOCKER_CONFIG: directory } }).stderr;
    assert.match(loaded('--root', '/nonexistent', 'ps'), /<no>$/);
    assert.match(loaded('run', '--help'), /<no>$/);
    assert.match(loaded('logout', 'h.example'), /<no>$/);
    assert.match(loaded('tags', '127.0.0.1:1/x'), /<yes>$/);
  });
});

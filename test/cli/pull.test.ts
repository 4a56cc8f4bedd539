// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildBusyboxRootfs } from '../helpers/busybox';
import { Cli } from '../helpers/cli';
import { TestEngine } from '../helpers/engine';
import { FakeRegistry } from '../helpers/fake-registry';
import { layerOf, layerOfDirectory, type TestLayer } from '../helpers/layers';

const PROGRAM = join(__dirname, '../../../bin/dockerlite.js');

describe('pull, and run with --pull', () => {
  let test: TestEngine;
  let fake: FakeRegistry;
  let busybox: TestLayer;
  let digest: string;

  before(async () => {
    test = await TestEngine.create();
    fake = await FakeRegistry.start();
    busybox = layerOfDirectory(buildBusyboxRootfs(join(test.loop.directory, 'pulled')));
    ({ digest } = fake.addImage('box', 'v1', [busybox, layerOf([{ name: 'greeting', content: 'hello' }])]));
  });
  after(async () => {
    await fake.stop();
    await test.remove();
  });

  const short = (layer: TestLayer) => [...fake.blobs].find(([, bytes]) => bytes === layer.bytes)?.[0].slice(7, 19);
  const dl = async (...args: string[]) => {
    const { status, stdout, stderr } = await new Cli(test.root).runWith({ env: { DOCKER_CONFIG: test.loop.directory } }, ...args);
    return { status, stdout, stderr };
  };
  const name = () => `${fake.host}/box:v1`;

  it('never: says that there is no such image', async () => {
    assert.deepEqual(await dl('run', '--rm', '--pull', 'never', name(), 'true'), { status: 125, stdout: '', stderr: `dockerlite: No such image: ${name()}\n` });
  });

  it('missing: pulls on stderr and runs, as Docker', async () => {
    const { status, stdout, stderr } = await dl('run', '--rm', '--network', 'none', name(), 'cat', '/greeting');
    assert.deepEqual([status, stdout], [0, 'hello']);
    const lines = stderr.split('\n');
    assert.deepEqual(lines.slice(0, 2), [`Unable to find image '${name()}' locally`, 'v1: Pulling from box']);
    assert.ok(lines.includes(`${short(busybox)}: Pull complete`));
    assert.deepEqual(lines.slice(-3), [`Digest: ${digest}`, `Status: Downloaded newer image for ${name()}`, '']);
    assert.deepEqual(await dl('run', '--rm', '--network', 'none', name(), 'cat', '/greeting'), { status: 0, stdout: 'hello', stderr: '' });
  });

  it('always: asks the registry again', async () => {
    const { status, stdout, stderr } = await dl('run', '--rm', '--network', 'none', '--pull=always', name(), 'cat', '/greeting');
    assert.deepEqual([status, stdout], [0, 'hello']);
    assert.match(stderr, /^v1: Pulling from box\n(?:[0-9a-f]{12}: Already exists\n){2}Digest: sha256:\S+\nStatus: Image is up to date for /);
    assert.equal((await dl('create', '-q', '--pull', 'always', '--name', 'quiet', name())).stderr, '');
    await dl('rm', 'quiet');
  });

  it('a failure to pull is status 125 of run and 1 of pull', async () => {
    const missing = `${fake.host}/no/such:v1`;
    const run = await dl('run', '--rm', missing);
    assert.equal(run.status, 125);
    assert.equal(run.stderr, `Unable to find image '${missing}' locally\nv1: Pulling from no/such\ndockerlite: manifest for ${missing} not found: manifest unknown: manifest unknown\n`);
    const pull = await dl('pull', missing);
    assert.deepEqual([pull.status, pull.stdout], [1, 'v1: Pulling from no/such\n']);
  });

  it('pull: in a pipe one line for each change', async () => {
    fake.addImage('box', 'latest', [busybox]);
    const { stdout, status } = await dl('pull', `${fake.host}/box`);
    assert.equal(status, 0);
    const lines = stdout.split('\n');
    assert.deepEqual(lines.slice(0, 3), ['Using default tag: latest', 'latest: Pulling from box', `${short(busybox)}: Already exists`]);
    assert.deepEqual(lines.slice(-3), [`Status: Downloaded newer image for ${fake.host}/box:latest`, `${fake.host}/box:latest`, '']);
  });

  it('pull -q prints the name alone, --progress=json one object a line', async () => {
    assert.equal((await dl('pull', '-q', name())).stdout, `${name()}\n`);
    fake.addImage('json', 'v1', [layerOf([{ name: 'json', content: 'x'.repeat(10_000) }])]);
    const lines = (await dl('pull', '--progress', 'json', `${fake.host}/json:v1`)).stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as { status: string; id?: string });
    assert.deepEqual(lines[0], { status: 'Pulling from json', id: 'v1' });
    assert.ok(lines.some(({ status, id }) => status === 'Pull complete' && id?.length === 12));
    assert.equal(lines.at(-1)?.status, `Status: Downloaded newer image for ${fake.host}/json:v1`);
  });

  it('pull -a pulls all tags', async () => {
    for (const tag of ['x', 'y']) fake.addImage('many', tag, [busybox]);
    const { stdout } = await dl('pull', '-a', `${fake.host}/many`);
    assert.match(stdout, /^x: Pulling from many\n[^]*\ny: Pulling from many\n[^]*\nStatus: Downloaded newer image for .*\/many\n.*\/many\n$/);
    assert.equal((await dl('pull', '-a', `${fake.host}/many:x`)).status, 1);
  });

  it('images --digests and inspect know where it came from', async () => {
    assert.equal((await dl('images', '--digests', '--format', '{{.Digest}}', name())).stdout, `${digest}\n`);
    assert.equal((await dl('inspect', '-f', '{{json .RepoDigests}}', name())).stdout, `["${fake.host}/box@${digest}"]\n`);
    const { digest: other } = fake.addImage('nameless', 'v1', [layerOf([{ name: 'nameless' }])]);
    await dl('pull', '-q', `${fake.host}/nameless@${other}`);
    assert.equal((await dl('images', '--digests', '--format', '{{.Repository}} {{.Tag}} {{.Digest}}', '-f', 'dangling=true')).stdout, `${fake.host}/nameless <none> ${other}\n`);
    await dl('rmi', `${fake.host}/nameless@${other}`);
    assert.deepEqual(await dl('run', '--rm', '--network', 'none', `${fake.host}/box@${digest}`, 'cat', '/greeting'), { status: 0, stdout: 'hello', stderr: '' });
  });

  it('history: newest first, in Docker\'s columns', async () => {
    fake.addImage('told', 'v1', [busybox, layerOf([{ name: 'x', content: 'x'.repeat(1234) }])], {
      history: [
        { created: '2024-01-01T00:00:00Z', created_by: 'ADD base' },
        { created: '2024-01-02T00:00:00Z', created_by: 'ENV a=b', empty_layer: true },
        { created: '2024-01-03T00:00:00Z', created_by: 'RUN something long enough to be cut somewhere', comment: 'c' },
      ],
    });
    await dl('pull', '-q', `${fake.host}/told:v1`);
    const { stdout } = await dl('history', '--format', '{{.CreatedAt}} {{.CreatedBy}} {{.Comment}}', `${fake.host}/told:v1`);
    assert.equal(stdout, '2024-01-03T00:00:00Z RUN something long enough to be cut somewhere c\n2024-01-02T00:00:00Z ENV a=b \n2024-01-01T00:00:00Z ADD base \n');
    assert.deepEqual((await dl('history', '--human=false', '--format', '{{.Size}}', `${fake.host}/told:v1`)).stdout.split('\n').slice(0, 2), ['1234', '0']);
    assert.match((await dl('history', `${fake.host}/told:v1`)).stdout, /^IMAGE {10}CREATED {7}CREATED BY {38}SIZE {6}COMMENT\n[0-9a-f]{12} /);
    assert.match((await dl('history', '-q', `${fake.host}/told:v1`)).stdout, /^[0-9a-f]{12}\n<missing>\n<missing>\n$/);
  });

  it('Ctrl-C: ends with 130, and the next pull goes on from there; image prune forgets it', async () => {
    const layer = layerOf([{ name: 'big', content: randomBytes(300_000).toString('hex') }], 'none');
    fake.addImage('slow', 'v1', [layer]);
    const digest = [...fake.blobs].find(([, bytes]) => bytes === layer.bytes)?.[0] ?? '';
    const interrupted = async () => {
      const child = spawn(process.execPath, [PROGRAM, '--root', test.root, 'pull', `${fake.host}/slow:v1`], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, DOCKER_CONFIG: test.loop.directory } });
      const part = join(test.root, 'blobs', `${digest.slice(7)}.part`);
      fake.intercept = (_, response, url) => {
        if (!url.pathname.endsWith(digest)) return false;
        response.writeHead(200, { 'content-length': layer.bytes.length });
        response.write(layer.bytes.subarray(0, 400_000));
        return true;
      };
      while (child.exitCode === null && (statSync(part, { throwIfNoEntry: false })?.size ?? 0) === 0) await new Promise(setImmediate);
      child.kill('SIGINT');
      const [status] = (await once(child, 'close')) as [number];
      fake.intercept = undefined;
      assert.equal(status, 130);
      return statSync(part).size;
    };
    const there = await interrupted();
    assert.equal((await dl('pull', '-q', `${fake.host}/slow:v1`)).status, 0);
    assert.equal(fake.requests('GET', /blobs/).filter(({ url }) => url.endsWith(digest)).at(-1)?.headers.range, `bytes=${there}-`);
    await dl('rmi', `${fake.host}/slow:v1`);
    await interrupted();
    assert.match((await dl('image', 'prune', '-f')).stdout, /Total reclaimed space: \d/);
    assert.ok(!readdirSync(join(test.root, 'blobs')).some((name) => name.endsWith('.part')));
  });

  it('push: to another repository of the registry by mounting, and not again', async () => {
    await dl('tag', name(), `${fake.host}/copy:v9`);
    const first = await dl('push', `${fake.host}/copy:v9`);
    assert.deepEqual([first.status, first.stderr], [0, '']);
    const id = short(busybox);
    assert.ok(first.stdout.startsWith(`The push refers to repository [${fake.host}/copy]\n${id}: Preparing\n`), first.stdout);
    assert.ok(first.stdout.includes(`${id}: Mounted from box\n`), first.stdout);
    assert.match(first.stdout, new RegExp(`\nv9: digest: ${digest} size: \\d+\n$`));
    assert.ok((await dl('push', `${fake.host}/copy:v9`)).stdout.includes(`${id}: Layer already exists\n`));
    assert.equal((await dl('push', '-q', `${fake.host}/copy:v9`)).stdout, `${fake.host}/copy:v9\n`);
    const events = await dl('events', '--since', '1h', '--until', '0s', '-f', 'event=push', '-f', 'event=pull', '--format', '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}');
    const told = events.stdout.split('\n');
    assert.ok(told.includes(`pull ${fake.host}/box:latest ${fake.host}/box`), events.stdout);
    assert.equal(told.filter((line) => line === `push ${fake.host}/copy:v9 ${fake.host}/copy`).length, 3);
    assert.deepEqual(await dl('push', `${fake.host}/nothing:v1`), { status: 1, stdout: `The push refers to repository [${fake.host}/nothing]\n`, stderr: `dockerlite: An image does not exist locally with the tag: ${fake.host}/nothing\n` });
  });
});

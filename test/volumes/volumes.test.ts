// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { TestEngine } from '../helpers/engine';

describe('volumes', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test?.remove());
  afterEach(async () => {
    await test.engine.volumes.prune({ all: true });
    assert.deepEqual(onDisk(), []);
  });

  const onDisk = () => (existsSync(join(test.root, 'volumes')) ? readdirSync(join(test.root, 'volumes')) : []);
  const names = async (filters = {}) => (await test.engine.volumes.list(filters)).map(({ name }) => name);

  it('are made, listed, looked at and removed', async () => {
    const { volumes } = test.engine;
    const made = await volumes.create({ name: 'data', labels: { a: '1' } });
    assert.equal(made.mountpoint, join(test.root, 'volumes/data/_data'));
    assert.deepEqual(readdirSync(made.mountpoint), []);
    assert.deepEqual(await volumes.get('data'), made);
    assert.deepEqual(await volumes.create({ name: 'data' }), made, 'once more is fine');
    const nameless = await volumes.create();
    assert.match(nameless.name, /^[0-9a-f]{64}$/);
    assert.deepEqual(nameless.labels, { 'com.docker.volume.anonymous': '' });
    assert.deepEqual((await names()).sort(), [nameless.name, 'data'].sort());
    await volumes.remove('data');
    await assert.rejects(volumes.get('data'), { code: 'E_NO_SUCH_VOLUME', message: 'get data: no such volume' });
    await assert.rejects(volumes.remove('data'), { code: 'E_NO_SUCH_VOLUME' });
    assert.deepEqual(onDisk(), [nameless.name]);
  });

  it('are filtered', async () => {
    const { volumes } = test.engine;
    await volumes.create({ name: 'one', labels: { team: 'a', x: '' } });
    await volumes.create({ name: 'two', labels: { team: 'b' } });
    assert.deepEqual(await names({ label: ['team=a'] }), ['one']);
    assert.deepEqual(await names({ label: ['team', 'x'] }), ['one']);
    assert.deepEqual(await names({ 'label!': ['team=a'] }), ['two']);
    assert.deepEqual(await names({ name: ['w'] }), ['two']);
    assert.deepEqual(await names({ driver: ['local'], dangling: ['true'] }), ['one', 'two']);
    assert.deepEqual(await names({ dangling: ['0'] }), []);
    await assert.rejects(names({ colour: ['red'] }), { code: 'E_INVALID', message: "invalid filter 'colour'" });
    await assert.rejects(names({ dangling: ['perhaps'] }), { message: "invalid filter 'dangling=perhaps'" });
  });

  it('share their data with a snapshot, and nothing else', async () => {
    const { volumes } = test.engine;
    const data = await volumes.create({ name: 'data', labels: { a: '1' } });
    writeFileSync(join(data.mountpoint, 'file'), 'before');
    const copy = await volumes.snapshot('data', 'copy', { labels: { why: 'upgrade' } });
    writeFileSync(join(data.mountpoint, 'file'), 'after');
    writeFileSync(join(copy.mountpoint, 'other'), '');
    assert.equal(readFileSync(join(copy.mountpoint, 'file'), 'utf8'), 'before');
    assert.deepEqual(readdirSync(data.mountpoint), ['file']);
    assert.deepEqual(copy.labels, { why: 'upgrade' });
    await assert.rejects(volumes.snapshot('data', 'copy'), { code: 'E_CONFLICT' });
    await assert.rejects(volumes.snapshot('nosuch', 'x1'), { code: 'E_NO_SUCH_VOLUME' });
    await assert.rejects(volumes.snapshot('data', '../x'), { code: 'E_INVALID' });
    assert.deepEqual(onDisk().sort(), ['copy', 'data']);
  });

  it('prunes those without a name, or all', async () => {
    const { volumes } = test.engine;
    await volumes.create({ name: 'kept' });
    const { name } = await volumes.create({ labels: { a: '1' } });
    assert.deepEqual(await volumes.prune({ filters: { label: ['a=2'] } }), []);
    assert.deepEqual((await volumes.prune()).map((volume) => volume.name), [name]);
    assert.deepEqual(await names(), ['kept']);
  });

  it('may stand for a directory of the host, which outlives them', async () => {
    const { volumes } = test.engine;
    const device = join(test.loop.directory, 'device');
    mkdirSync(device);
    writeFileSync(join(device, 'file'), '');
    const options = { type: 'none', o: 'bind', device };
    assert.equal((await volumes.create({ name: 'host', options })).mountpoint, device);
    await assert.rejects(volumes.create({ name: 'host' }), { code: 'E_CONFLICT' });
    await assert.rejects(volumes.snapshot('host', 'copy'), { code: 'E_UNSUPPORTED' });
    await volumes.remove('host');
    assert.deepEqual(readdirSync(device), ['file']);
  });

  const bad: [string, object, string, string | RegExp][] = [
    ['a slash in the name', { name: 'a/b' }, 'E_INVALID', /^create a\/b: "a\/b" includes invalid characters for a local volume name/],
    ['a way out', { name: '..' }, 'E_INVALID', /includes invalid characters/],
    ['a dash first', { name: '-a' }, 'E_INVALID', /includes invalid characters/],
    ['a newline', { name: 'ab\n' }, 'E_INVALID', /includes invalid characters/],
    ['one letter', { name: 'a' }, 'E_INVALID', 'create a: volume name is too short, names should be at least two alphanumeric characters'],
    ['256 letters', { name: 'a'.repeat(256) }, 'E_INVALID', /includes invalid characters/],
    ['another driver', { name: 'data', driver: 'nfs' }, 'E_NOT_FOUND', 'create data: error looking up volume plugin nfs: plugin "nfs" not found'],
    ['an unknown option', { name: 'data', options: { colour: 'red' } }, 'E_INVALID', 'create data: invalid option: "colour"'],
    ['a type alone', { name: 'data', options: { type: 'none' } }, 'E_INVALID', 'create data: missing required option: "device"'],
    ['o alone', { name: 'data', options: { o: 'bind' } }, 'E_INVALID', 'create data: missing required option: "device"'],
    ['a relative device', { name: 'data', options: { type: 'none', o: 'bind', device: 'x' } }, 'E_INVALID', /must be absolute/],
    ['a network file system', { name: 'data', options: { type: 'nfs', o: 'addr=127.0.0.1', device: ':/x' } }, 'E_UNSUPPORTED', /not supported/],
    ['a tmpfs', { name: 'data', options: { type: 'tmpfs', device: 'tmpfs' } }, 'E_UNSUPPORTED', /not supported/],
    ['a size that is none', { name: 'data', options: { size: 'big' } }, 'E_INVALID', "invalid size: 'big'"],
  ];
  for (const [what, options, code, message] of bad) {
    it(`are not made with ${what}`, async () => {
      await assert.rejects(test.engine.volumes.create(options), { code, message });
      assert.deepEqual(await names(), []);
    });
  }

  it('are made once by many at a time', async () => {
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => test.engine.volumes.create({ name: 'data' })));
    assert.ok(made.every(({ status }) => status === 'fulfilled'), JSON.stringify(made));
    assert.deepEqual(onDisk(), ['data']);
  });

  describe('a process that was killed at work on one', () => {
    const abandon = (name: string, state: string) => {
      const raw = new Database(join(test.root, 'state/state.db'));
      raw.prepare("UPDATE volumes SET state = ?, owner = '00000000:1:1' WHERE name = ?").run(state, name);
      raw.close();
    };

    it('leaves nothing of what it was making or removing', async () => {
      const { volumes } = test.engine;
      for (const state of ['creating', 'removing']) {
        await volumes.create({ name: 'data' });
        abandon('data', state);
        assert.deepEqual(await names(), []);
        await assert.rejects(volumes.get('data'), { code: 'E_NO_SUCH_VOLUME' });
        await volumes.create({ name: 'other' });
        assert.deepEqual(onDisk(), ['other']);
        await volumes.remove('other');
      }
    });

    it('leaves an empty volume empty', async () => {
      const { volumes } = test.engine;
      const { mountpoint } = await volumes.create({ name: 'data', labels: { a: '1' } });
      writeFileSync(join(mountpoint, 'half'), '');
      abandon('data', 'filling');
      await volumes.create({ name: 'other' });
      assert.deepEqual(readdirSync(mountpoint), []);
      assert.deepEqual((await volumes.get('data')).labels, { a: '1' });
    });

    it('is found by the check', async () => {
      const { volumes } = test.engine;
      await volumes.create({ name: 'data' });
      abandon('data', 'creating');
      mkdirSync(join(test.root, 'volumes/stray'), { recursive: true });
      const findings = async (repair: boolean) => {
        const found: string[] = [];
        for await (const { kind, what } of test.engine.check({ repair })) if (/volume/.test(what)) found.push(`${kind}: ${what.replace(test.root, '')}`);
        return found.sort();
      };
      const expected = ['tree without a row: /volumes/stray', 'unfinished: volume data'];
      assert.deepEqual(await findings(false), expected);
      await findings(true);
      assert.deepEqual(await findings(false), []);
    });
  });
});

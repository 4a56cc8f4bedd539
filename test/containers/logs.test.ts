// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { appendFileSync, existsSync, mkdtempSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Container } from '../../lib/containers/container';
import { LogFiles } from '../../lib/containers/log-files';
import { checkLog } from '../../lib/containers/log-options';
import type { LogsOptions } from '../../lib/containers/logs';
import { TestEngine } from '../helpers/engine';

describe('the log of a container', () => {
  let test: TestEngine;
  before(async () => {
    test = await TestEngine.create();
  });
  after(() => test.remove());

  const started = async (script: string, more = {}) => {
    const container = await test.engine.containers.create({ image: 'busybox', command: ['sh', '-c', script], network: 'none', ...more });
    await container.start();
    return container;
  };
  const read = async (container: Container, options: LogsOptions = {}) => {
    const texts: string[] = [];
    for await (const { log } of container.logs(options)) texts.push(log.trimEnd());
    return texts;
  };
  const file = ({ id }: Container) => join(test.root, 'containers', id, `${id}-json.log`);
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => String(from + i));

  it('is rotated by size, and read from its oldest file to its newest', async () => {
    const container = await started('i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $i; done', { log: { options: { 'max-size': '4k', 'max-file': '3' } } });
    await container.wait();
    const path = file(container);
    assert.deepEqual([path, `${path}.1`, `${path}.2`, `${path}.3`].map((name) => existsSync(name)), [true, true, true, false]);
    for (const name of [path, `${path}.1`, `${path}.2`]) assert.ok(statSync(name).size <= 4000);
    const all = (await read(container)).map(Number);
    assert.equal(all.at(-1), 200);
    assert.ok(all.length > 100 && all.length < 200);
    assert.deepEqual(all.map(String), numbers(all[0] as number, 200));
    for (const tail of [0, 1, 30, 60, 90, all.length, 1000]) assert.deepEqual(await read(container, { tail }), tail === 0 ? [] : all.map(String).slice(-tail));
    const entries = [];
    for await (const entry of container.logs()) entries.push(entry);
    const middle = entries[70]?.time ?? '';
    const [before, after] = [Date.parse(middle), Date.parse(middle) + 1];
    assert.ok((await read(container, { since: before })).includes(entries[70]?.log.trim() ?? ''));
    assert.ok((await read(container, { until: after })).includes(entries[70]?.log.trim() ?? ''));
    assert.deepEqual(await read(container, { until: Date.parse(entries[0]?.time ?? '') - 1 }), []);
    assert.equal((await container.inspect()).HostConfig.LogConfig.Config['max-size'], '4k');
  });

  it('is one file without max-file, that begins anew', async () => {
    const container = await started('i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo $i; done', { log: { driver: 'json-file', options: { 'max-size': '2k' } } });
    await container.wait();
    assert.equal(existsSync(`${file(container)}.1`), false);
    const all = await read(container);
    assert.equal(all.at(-1), '100');
    assert.ok(all.length < 30);
  });

  it('is followed through rotations, with nothing lost or doubled', async () => {
    const container = await started('i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $i; read x; done', { openStdin: true, log: { options: { 'max-size': '1k', 'max-file': '2' } } });
    const { stdin } = await container.attach({ stdin: true, stdout: false, stderr: false });
    const seen: string[] = [];
    for await (const { log } of container.logs({ follow: true })) {
      seen.push(log.trim());
      stdin?.write('\n'); // the next line only when this one was read
    }
    assert.deepEqual(seen, numbers(1, 300));
  });

  it('is followed until a moment', async () => {
    const container = await started('echo x; sleep 1000');
    assert.deepEqual(await read(container, { follow: true, until: Date.now() + 1500 }), ['x']);
    await container.remove({ force: true });
  });

  it('names labels and variables when it is asked to', async () => {
    const container = await started('echo x', { labels: { tier: 'a b', other: 'x' }, env: ['CITY=Rome', 'SECRET=1'], log: { options: { labels: 'tier,missing', env: 'CITY' } } });
    await container.wait();
    for await (const entry of container.logs({ details: true })) assert.deepEqual(entry.attrs, { tier: 'a b', CITY: 'Rome' });
    for await (const entry of container.logs()) assert.equal('attrs' in entry, false);
  });

  it('is not kept with the driver none', async () => {
    const container = await started('echo x', { log: { driver: 'none' } });
    await container.wait();
    assert.equal(existsSync(file(container)), false);
    await assert.rejects(container.logs().next(), { code: 'E_CONFLICT', message: 'configured logging driver does not support reading' });
    const info = await container.inspect();
    assert.deepEqual([info.LogPath, info.HostConfig.LogConfig], ['', { Type: 'none', Config: {} }]);
  });

  it('options', () => {
    assert.equal(checkLog(), undefined);
    assert.equal(checkLog({ driver: 'json-file' }), undefined);
    const size = (text: string) => checkLog({ options: { 'max-size': text } })?.maxSize;
    assert.deepEqual(['10', '10b', '10k', '1.5m', '2GB', '3 kib', '-1'].map(size), [10, 10, 10_000, 1_500_000, 2e9, 3000, 0]);
    const bad: [Parameters<typeof checkLog>[0], string][] = [
      [{ driver: 'syslog' }, "logger: no log driver named 'syslog' is registered"],
      [{ driver: '' }, "logger: no log driver named '' is registered"],
      [{ driver: 'none', options: { 'max-size': '1' } }, 'invalid logging opts for driver none'],
      [{ options: { colour: 'red' } }, "unknown log opt 'colour' for json-file log driver"],
      [{ options: { constructor: '1' } }, "unknown log opt 'constructor' for json-file log driver"],
      [{ options: { 'max-size': 'big' } }, "failed to initialize logging driver: invalid size: 'big'"],
      [{ options: { 'max-size': '' } }, "failed to initialize logging driver: invalid size: ''"],
      [{ options: { 'max-size': '0' } }, 'failed to initialize logging driver: max-size must be a positive number'],
      [{ options: { 'max-size': '9999999P' } }, "failed to initialize logging driver: invalid size: '9999999P'"],
      [{ options: { 'max-file': '0' } }, 'failed to initialize logging driver: max-file cannot be less than 1'],
      [{ options: { 'max-file': 'x' } }, 'failed to initialize logging driver: strconv.Atoi: parsing "x": invalid syntax'],
      [{ options: { 'max-file': '1001' } }, 'failed to initialize logging driver: max-file cannot be more than 1000'],
      [{ options: { compress: 'true' } }, "failed to initialize logging driver: log opt 'compress=true' is not supported"],
      [{ options: { mode: 'non-blocking' } }, "failed to initialize logging driver: log opt 'mode=non-blocking' is not supported"],
    ];
    for (const [options, message] of bad) assert.throws(() => checkLog(options), { code: 'E_INVALID', message });
  });
});

describe('rotated files', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'dockerlite-test-'));
    path = join(directory, 'log');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const rotate = (files: number) => {
    for (let n = files - 1; n > 1; n--) if (existsSync(`${path}.${n - 1}`)) renameSync(`${path}.${n - 1}`, `${path}.${n}`);
    if (files > 1) renameSync(path, `${path}.1`);
    else unlinkSync(path);
  };
  const lines = async (log: LogFiles) => {
    await log.refresh();
    const found: string[] = [];
    for await (const line of log.lines()) found.push(line.toString());
    return found;
  };

  it('that are not there yet', async () => {
    const log = await LogFiles.open(path);
    assert.deepEqual(await lines(log), []);
    appendFileSync(path, 'a\nb');
    assert.deepEqual(await lines(log), ['a']);
    appendFileSync(path, 'c\n');
    assert.deepEqual(await lines(log), ['bc']);
    await log.close();
  });

  for (const files of [1, 2, 3, 5]) {
    it(`${files}: each line once, however many rotations between two looks can be made up for`, async () => {
      appendFileSync(path, 'start\n');
      const log = await LogFiles.open(path);
      const seen = await lines(log);
      const expected = ['start'];
      for (let round = 0; round < 20; round++) {
        for (let i = 0; i < Math.max(1, round % files); i++) {
          appendFileSync(path, `${round}.${i} late\n`);
          rotate(files);
          appendFileSync(path, `${round}.${i}\n`);
          expected.push(`${round}.${i} late`, `${round}.${i}`);
        }
        seen.push(...(await lines(log)));
      }
      await log.close();
      assert.deepEqual(seen, expected);
    });
  }

  it('found while the newest is being made', async () => {
    appendFileSync(path, 'a\n');
    rotate(2);
    const log = await LogFiles.open(path);
    assert.deepEqual(await lines(log), ['a']);
    appendFileSync(path, 'b\n');
    assert.deepEqual(await lines(log), ['b']);
    await log.close();
  });

  it('longer than what is read at once, from behind', async () => {
    const text = Array.from({ length: 5000 }, (_, i) => `${i} ${'x'.repeat(i % 100)}`);
    appendFileSync(path, `${text.slice(0, 3000).join('\n')}\n`);
    rotate(2);
    appendFileSync(path, `${text.slice(3000).join('\n')}\n`);
    for (const count of [1, 1999, 2000, 2001, 4999, 5000, 5001]) {
      const log = await LogFiles.open(path);
      await log.skipToLast(count);
      assert.deepEqual(await lines(log), text.slice(-count), String(count));
      await log.close();
    }
  });
});

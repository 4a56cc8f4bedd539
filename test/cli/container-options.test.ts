// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachStreams, CONTAINER_OPTIONS, type ContainerArgs, containerOptions } from '../../cli/commands/container-options';
import { parseMountOption } from '../../cli/commands/mount-option';
import { parseTime } from '../../cli/commands/time-option';
import { parseOptions } from '../../cli/parse-options';

const read = (...line: string[]) => containerOptions(parseOptions([...line, 'img', 'cmd'], CONTAINER_OPTIONS, false) as unknown as ContainerArgs);

describe('what run and create were asked for', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'options-'));
  });
  after(() => rmSync(directory, { recursive: true }));
  const file = (text: string): string => {
    writeFileSync(join(directory, 'file'), text);
    return join(directory, 'file');
  };

  it('takes -e K from the own environment, and K alone when it is not set', () => {
    process.env['CLI_TEST_SET'] = 'own value';
    delete process.env['CLI_TEST_UNSET'];
    const { env } = read('-e', 'CLI_TEST_SET', '-e', 'CLI_TEST_UNSET', '-e', 'A=', '-e', 'B=x=y');
    assert.deepEqual(env, ['CLI_TEST_SET=own value', 'CLI_TEST_UNSET', 'A=', 'B=x=y']);
  });

  it('reads env files as they are, before -e', () => {
    const { env } = read('-e', 'Z=9', '--env-file', file('\ufeff# comment\n\nA=1 # not a comment\n  B="quoted"\r\nC=\n'));
    assert.deepEqual(env, ['A=1 # not a comment', 'B="quoted"', 'C=', 'Z=9']);
  });

  for (const [text, message] of [['A B=1', /contains whitespaces/], ['=1', /no variable name/]] as const) {
    it(`refuses the env file line ${text}`, () => assert.throws(() => read('--env-file', file(text)), { message }));
  }

  it('refuses an env file that is not there', () => assert.throws(() => read('--env-file', '/no/such'), /ENOENT/));

  it('knows that an empty entrypoint takes the one of the image away', () => {
    assert.deepEqual(read('--entrypoint', '').entrypoint, []);
    assert.deepEqual(read('--entrypoint', '/x').entrypoint, ['/x']);
    assert.equal(read().entrypoint, undefined);
  });

  it('reads labels', () => {
    const { labels } = read('-l', 'a=b=c', '-l', 'only', '--label', '__proto__=x');
    assert.deepEqual(Object.entries(labels ?? {}), [['a', 'b=c'], ['only', ''], ['__proto__', 'x']]);
    assert.throws(() => read('-l', '=x'), /invalid label format/);
  });

  it('takes relative volumes from here', () => {
    assert.deepEqual(read('-v', './x:/y', '-v', '/a:/b:ro').mounts, [`${process.cwd()}/x:/y`, '/a:/b:ro']);
  });

  it('attaches what -a and -i say', () => {
    assert.deepEqual(attachStreams([], false), { stdin: false, stdout: true, stderr: true });
    assert.deepEqual(attachStreams(['STDERR'], true), { stdin: true, stdout: false, stderr: true });
    assert.throws(() => attachStreams(['stdlog'], false), /valid streams are STDIN, STDOUT and STDERR/);
  });

  it('reads --mount', () => {
    assert.deepEqual(parseMountOption('type=bind,src=/etc,dst=/x,ro'), { type: 'bind', source: '/etc', target: '/x', readonly: true });
    assert.deepEqual(parseMountOption('type=bind,source=/etc,target=/x,readonly=false'), { type: 'bind', source: '/etc', target: '/x', readonly: false });
    assert.deepEqual(parseMountOption('type=tmpfs,destination=/t,tmpfs-size=64m,tmpfs-mode=1777'), { type: 'tmpfs', target: '/t', options: 'size=64m,mode=1777' });
  });

  for (const text of ['type=bind,target=/x', 'type=bind,source=/no/such,target=/x', 'type=volume,source=a,target=/x', 'source=/etc', 'type=bind,nonsense=1,target=/x', 'target']) {
    it(`refuses --mount ${text}`, () => assert.throws(() => parseMountOption(text), { exitStatus: 125 }));
  }

  it('reads moments', () => {
    const now = Date.parse('2026-03-01T12:00:00Z');
    assert.equal(parseTime('since', '90m', now), now - 90 * 60_000);
    assert.equal(parseTime('since', '1h30m10s', now), now - 5_410_000);
    assert.equal(parseTime('since', '1136073600', now), 1136073600_000);
    assert.equal(parseTime('since', '2026-01-02T03:04:05.5Z', now), Date.parse('2026-01-02T03:04:05.5Z'));
    assert.equal(parseTime('since', undefined, now), undefined);
    for (const bad of ['yesterday', '1d', '-5m', '2026-13-01']) assert.throws(() => parseTime('since', bad, now), /neither a time nor a duration/);
  });
});

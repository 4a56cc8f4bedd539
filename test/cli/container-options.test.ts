// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { attachStreams, CONTAINER_OPTIONS, type ContainerArgs, containerOptions } from '../../cli/commands/container-options';
import { parseMountOption } from '../../cli/commands/mount-option';
import { parseMount } from '../../lib/containers/mounts';
import type { BindMount } from '../../lib/containers/mount-spec';
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

  it('takes an empty name for none', () => assert.equal(read('--name', '').name, undefined));

  it('refuses an env file that is not there', () => assert.throws(() => read('--env-file', '/no/such'), /^UsageError: open \/no\/such: no such file or directory$/));

  it('knows that an empty entrypoint takes the one of the image away', () => {
    assert.deepEqual(read('--entrypoint', '').entrypoint, []);
    assert.deepEqual(read('--entrypoint', '/x').entrypoint, ['/x']);
    assert.equal(read().entrypoint, undefined);
  });

  it('reads labels', () => {
    const { labels } = read('-l', 'a=b=c', '-l', 'only', '--label', '__proto__=x');
    assert.deepEqual(Object.entries(labels ?? {}), [['a', 'b=c'], ['only', ''], ['__proto__', 'x']]);
    assert.throws(() => read('-l', '=x'), /invalid label '=x': empty name/);
    assert.deepEqual({ ...read('--annotation', 'a=b=c').annotations }, { a: 'b=c' });
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
    assert.deepEqual(parseMountOption('type=bind,src=/etc,dst=/x,ro'), { type: 'bind', source: '/etc', target: '/x', readonly: true, createSource: false });
    assert.deepEqual(parseMountOption('type=bind,source=/etc,target=/x,readonly=false'), { type: 'bind', source: '/etc', target: '/x', readonly: false, createSource: false });
    assert.equal((parseMountOption('type=bind,source=rel,target=/x') as BindMount).source, 'rel', 'which is refused as not absolute');
    assert.equal((parseMountOption('type=bind,source=./rel,target=/x') as BindMount).source, resolve('rel'));
    assert.deepEqual(parseMountOption('type=tmpfs,destination=/t,tmpfs-size=64m,tmpfs-mode=1777'), { type: 'tmpfs', target: '/t', options: 'size=67108864,mode=1777' });
  });

  it('takes idmap, which every mount has', () => {
    assert.deepEqual(parseMountOption('type=bind,src=/etc,dst=/x,idmap'), parseMountOption('type=bind,src=/etc,dst=/x'));
    assert.deepEqual(parseMount('/etc:/x:ro,idmap'), parseMount('/etc:/x:ro'));
    assert.throws(() => parseMount('/etc:/x:idmap=uids=0-1-10'), { code: 'E_INVALID', message: 'invalid mode: idmap=uids=0-1-10' });
  });

  it('reads --mount of volumes, as a line of CSV', () => {
    assert.deepEqual(parseMountOption('dst=/x'), { type: 'volume', target: '/x', readonly: false });
    assert.deepEqual(parseMountOption('type=volume,src=data,dst=/x,volume-nocopy,volume-subpath=a/b,volume-label=k=v,volume-label=l,volume-driver=local,volume-opt=o=bind,consistency=cached'), {
      type: 'volume', name: 'data', target: '/x', readonly: false, noCopy: true, subpath: 'a/b', driver: 'local', labels: { k: 'v', l: '' }, driverOptions: { o: 'bind' },
    });
    assert.deepEqual(parseMountOption('type=bind,"src=/a,""b",dst=/x,bind-propagation=rslave,bind-nonrecursive'), {
      type: 'bind', source: '/a,"b', target: '/x', readonly: false, createSource: false, propagation: 'rslave', nonRecursive: true,
    });
    assert.deepEqual(parseMountOption('type=volume,source=data,target=/x,"volume-opt=o=a,b"'), { type: 'volume', name: 'data', target: '/x', readonly: false, driverOptions: { o: 'a,b' } });
  });

  for (const [text, message] of [
    ['type=bind,target=/x', /field Source must not be empty/],
    ['source=/etc', /target is required/],
    ['type=,target=/x', /type is required/],
    ['type=bind,nonsense=1,target=/x', /unexpected key 'nonsense' in 'nonsense=1'/],
    ['type=bind,__proto__=1,target=/x', /unexpected key '__proto__'/],
    ['target', /invalid field 'target' must be a key=value pair/],
    ['type=npipe,target=/x', /mount type unknown/],
    ['type=bind,source=/etc,target=/x,readonly=perhaps', /invalid value for readonly: perhaps/],
    ['type=bind,source=/etc,target=/x,volume-nocopy', /cannot mix 'volume-\*' options with mount type 'bind'/],
    ['type=volume,target=/x,bind-propagation=slave', /cannot mix 'bind-\*' options with mount type 'volume'/],
    ['type=bind,source=/etc,target=/x,tmpfs-size=1', /cannot mix 'tmpfs-\*' options with mount type 'bind'/],
    ['type=bind,source=/etc,target=/x,bind-propagation=sideways', /invalid propagation mode: sideways/],
    ['type=bind,source=/etc,target=/x,bind-recursive=readonly', /bind-recursive=readonly is not supported/],
    ['type=tmpfs,source=/etc,target=/x', /Source must not be specified/],
    ['type=tmpfs,target=/x,tmpfs-size=big', /invalid value for tmpfs-size: big/],
    ['nonsense', /invalid field 'nonsense' must be a key=value pair/],
    ['type=tmpfs,target=/x,tmpfs-mode=999', /invalid value for tmpfs-mode: 999/],
    ['type=bind,"source=/etc,target=/x', /bare "/],
    ['target=/x,idmap=false', /idmap=false is not supported/],
    ['target=/x,idmap=uids=0-1-10', /invalid value for idmap: uids=0-1-10/],
  ] as const) {
    it(`refuses --mount ${text}`, () => assert.throws(() => parseMountOption(text), { exitStatus: 125, message }));
  }

  it('reads limits', () => {
    assert.equal(read().resources, undefined);
    const line = ['-m', '512m', '--memory-swap=-1', '--memory-reservation', '6.5MB', '--cpus', '.5', '-c', '12', '--cpuset-cpus', '0-1', '--pids-limit', '-1', '--memory-swappiness', '0', '--blkio-weight', '10'];
    assert.deepEqual(read(...line).resources, {
      memory: 512 * 1024 ** 2, memorySwap: -1, memoryReservation: 6.5 * 1024 ** 2, nanoCpus: 5e8, cpuShares: 12, cpusetCpus: '0-1', pidsLimit: -1, memorySwappiness: 0, blkioWeight: 10,
    });
    assert.equal(read('--cpus', '-1').resources?.nanoCpus, -1e9, 'which is out of range');
    assert.equal(read('--kernel-memory', '0').resources, undefined);
    assert.deepEqual(read('--device-read-bps', '/dev/sda:1mb', '--device-write-iops', '/dev/sdb:9', '--blkio-weight-device', '/dev/sda:20').resources, {
      blkioDeviceReadBps: [{ path: '/dev/sda', rate: 1024 ** 2 }], blkioDeviceWriteIOps: [{ path: '/dev/sdb', rate: 9 }], blkioWeightDevice: [{ path: '/dev/sda', weight: 20 }],
    });
  });

  for (const [flag, value, message] of [
    ['memory', 'lots', /invalid argument "lots" for "--memory" flag: invalid size: 'lots'/],
    ['memory', '-1', /invalid size/],
    ['memory-swap', '-2', /invalid size/],
    ['cpus', 'two', /failed to parse two as a rational number/],
    ['cpus', '0.0000000001', /value is too precise/],
    ['cpu-shares', '1.5', /not a whole number/],
    ['pids-limit', 'many', /not a whole number/],
    ['device-read-bps', '/dev/sda', /bad format: \/dev\/sda/],
    ['device-read-bps', 'sda:1mb', /bad format for device path/],
    ['device-read-bps', '/dev/sda:fast', /invalid rate for device: .* Unit is optional and can be kb, mb, or gb/],
    ['device-write-iops', '/dev/sda:1mb', /invalid rate for device/],
    ['device-write-iops', '/dev/sda:0', /Number must be a positive integer/],
    ['blkio-weight-device', '/dev/sda:5', /invalid weight for device/],
    ['kernel-memory', '50m', /--kernel-memory is not supported/],
    ['cpu-rt-runtime', '1', /--cpu-rt-runtime is not supported/],
  ] as const) {
    it(`refuses --${flag} ${value}`, () => assert.throws(() => read(`--${flag}`, value), { exitStatus: 125, message }));
  }

  it('reads moments', () => {
    const now = Date.parse('2026-03-01T12:00:00Z');
    assert.equal(parseTime('since', '90m', now), now - 90 * 60_000);
    assert.equal(parseTime('since', '1h30m10s', now), now - 5_410_000);
    assert.equal(parseTime('since', '1136073600', now), 1136073600_000);
    assert.equal(parseTime('since', '2026-01-02T03:04:05.5Z', now), Date.parse('2026-01-02T03:04:05.5Z'));
    assert.equal(parseTime('since', undefined, now), undefined);
    for (const bad of ['yesterday', '1d']) assert.throws(() => parseTime('since', bad, now), { message: `invalid value for "since": failed to parse value as time or duration: "${bad}"` });
  });
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatEgress, parseEgress } from '../../lib/network/egress';
import { egressElements } from '../../lib/network/egress-elements';
import { readEgressFile } from '../../lib/network/egress-file';
import type { Attachment } from '../../lib/network/attachment';

describe('parseEgress', () => {
  it('reads all and none', () => {
    assert.equal(parseEgress('all'), undefined);
    assert.deepEqual(parseEgress('none'), []);
    assert.deepEqual(parseEgress([]), []);
  });
  it('reads addresses and networks, with and without ports', () => {
    assert.deepEqual(parseEgress('192.0.2.0/24:443,192.0.2.9'), [{ first: '192.0.2.0', last: '192.0.2.255', port: 443 }, { first: '192.0.2.9', last: '192.0.2.9', port: 0 }]);
    assert.deepEqual(parseEgress('[fd00::7]:53')!.map(({ port }) => port), [53]);
    assert.deepEqual(parseEgress('fd00::/64'), [{ first: 'fd00:0000:0000:0000:0000:0000:0000:0000', last: 'fd00:0000:0000:0000:ffff:ffff:ffff:ffff', port: 0 }]);
  });
  it('reads names', () => {
    assert.deepEqual(parseEgress('Example.org:443,*.Example.org.,db,bücher.example'), [
      { name: 'example.org', port: 443 },
      { name: '*.example.org', port: 0 },
      { name: 'db', port: 0 },
      { name: 'xn--bcher-kva.example', port: 0 },
    ]);
  });
  it('takes lists of lists', () => assert.deepEqual(parseEgress(['a.example,b.example', 'c.example'])!.length, 3));

  const LONG = `${'a'.repeat(64)}.example`;
  for (const text of ['', ',', '192.0.2.1:0', '192.0.2.1:70000', '192.0.2.0/33', '1.2.3', '::/129', 'none,192.0.2.1', 'a.example,all', '192.0.2.1:x', '192.0.2.1:', 'example.org:', 'example.org:0', '*', '*.', 'a.*.example', '**.example', '-a.example', 'a-.example', 'a..example', LONG, `${'a.'.repeat(127)}example`, 'a b.example', 'a/b.example', 'a.example/24', '[a.example]:80', 'a\nb', 'a\0b', '1.2.3.4.5', '0x7f.1', '[fd00::1', 'http://a.example']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseEgress(text), { code: 'E_INVALID' }));
  }
  it('refuses more targets than anybody can read', () => assert.throws(() => parseEgress(Array.from({ length: 4097 }, (_, i) => `n${i}.example`)), { code: 'E_INVALID' }));
});

describe('formatEgress', () => {
  it('is what parseEgress reads', () => {
    const list = ['192.0.2.0/24:443', '192.0.2.9', 'fd00::7', '[fd00::7]:53', '[fd00::/64]:443', 'fd00::/16', '0.0.0.0/0', 'example.org:443', '*.example.org'];
    assert.deepEqual(formatEgress(parseEgress(list)), list);
    assert.deepEqual([formatEgress(undefined), formatEgress([])], [['all'], ['none']]);
  });
});

describe('readEgressFile', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), 'egress-'))));
  after(() => rmSync(directory, { recursive: true }));
  const file = (text: string | Buffer) => {
    const path = join(directory, 'policy');
    writeFileSync(path, text);
    return path;
  };
  it('takes one target a line, and comments', () => {
    assert.deepEqual(readEgressFile(file('# registry\nexample.org:443  # and nothing else\n\n  192.0.2.0/24\r\n')), ['example.org:443', '192.0.2.0/24']);
    assert.deepEqual(readEgressFile(file('')), []);
  });
  for (const [bad, line] of [['a.example\nb c\n', 2], ['all\n', 1], ['\n\n192.0.2.1,192.0.2.2', 3], ['\0', 1], [Buffer.from([0xff, 0xfe, 0x61]), 1]] as const) {
    it(`says where ${JSON.stringify(bad.toString())} is wrong`, () => {
      const path = file(bad as string);
      assert.throws(() => readEgressFile(path), (error: Error & { code: string }) => error.code === 'E_INVALID' && error.message.startsWith(`${path}:${line}: `));
    });
  }
  it('refuses what is no file, and what is not there', () => {
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    for (const [path, reason] of [[directory, /not a regular file/], [join(directory, 'fifo'), /not a regular file/], ['/dev/zero', /not a regular file/], [join(directory, 'missing'), /no such file/]] as const) {
      assert.throws(() => readEgressFile(path), { code: 'E_INVALID', message: reason }, path);
    }
  });
  it('refuses one that is too long', () => assert.throws(() => readEgressFile(file('#'.repeat((1 << 20) + 1))), /longer than/));
});

describe('egressElements', () => {
  const attachment = { ip: '10.0.0.2', ip6: '', mac: '02:42:0a:00:00:02' } as Attachment;
  const sets = (policy: string) => egressElements('t', parseEgress(policy), [attachment]).map(({ family, set }) => `${family} ${set}`).filter((each) => /exact|allowed/.test(each));
  it('has single addresses for containers of the same bridge too, networks for the outside alone', () => {
    assert.deepEqual(sets('192.0.2.1,192.0.2.1:80,192.0.2.0/24,fd00::/8,a.example'), ['inet exact4', 'inet exact_port4', 'inet allowed4', 'bridge exact4', 'bridge exact_port4']);
  });
  it('leaves out networks that lie in others', () => {
    assert.deepEqual(sets('10.0.0.0/8,10.1.0.0/16,10.0.0.0/8,10.1.0.0/16:80,192.0.2.0/24').filter((each) => each.startsWith('inet')), ['inet allowed4', 'inet allowed_port4', 'inet allowed4']);
  });
});

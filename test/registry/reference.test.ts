// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { DockerliteError } from '../../lib/errors';
import { canonicalReference, familiarReference, parseRemoteReference } from '../../lib/registry/reference';

const SHA = `sha256:${'a1'.repeat(32)}`;

const GOOD: [text: string, host: string, path: string, rest?: { tag?: string; digest?: string }][] = [
  ['busybox', 'docker.io', 'library/busybox'],
  ['busybox:1.36', 'docker.io', 'library/busybox', { tag: '1.36' }],
  ['docker.io/busybox', 'docker.io', 'library/busybox'],
  ['index.docker.io/library/busybox', 'docker.io', 'library/busybox'],
  ['someone/thing', 'docker.io', 'someone/thing'],
  ['a/b/c', 'docker.io', 'a/b/c'],
  ['localhost/thing', 'localhost', 'thing'],
  ['localhost:5000/thing:v1', 'localhost:5000', 'thing', { tag: 'v1' }],
  ['host:5000/a/b', 'host:5000', 'a/b'],
  ['ghcr.io/a/b:c', 'ghcr.io', 'a/b', { tag: 'c' }],
  ['Upper/thing', 'Upper', 'thing'],
  ['[::1]:5000/thing', '[::1]:5000', 'thing'],
  ['[fe80::1]/a/b', '[fe80::1]', 'a/b'],
  ['127.0.0.1/x', '127.0.0.1', 'x'],
  [`busybox@${SHA}`, 'docker.io', 'library/busybox', { digest: SHA }],
  [`h.io/x:tag@${SHA}`, 'h.io', 'x', { tag: 'tag', digest: SHA }],
  ['a__b/c.d-e', 'docker.io', 'a__b/c.d-e'],
];

const BAD = ['', ':', 'A', 'a:', 'a/', '/a', 'a//b', 'a:b:c', 'a b', 'a\n', '-a', 'a-', 'a...b', 'a___b', 'http://a/b', '[::1]', '../a', 'a/../b', `a@sha256:${'g'.repeat(64)}`, 'a@sha256:abcd', `a@md5:${'0'.repeat(32)}`, `a@sha256:${'A1'.repeat(32)}`, 'a'.repeat(256), `a:${'t'.repeat(129)}`, '1'.repeat(64), 'a:.b', 'a\u0000', 'ä/b', `${'a/'.repeat(400)}b`];

describe('references to registries', () => {
  for (const [text, host, path, rest = {}] of GOOD) {
    it(`${text} is ${host} ${path}`, () => assert.deepEqual(parseRemoteReference(text), { host, path, ...rest }));
  }

  for (const text of BAD) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(() => parseRemoteReference(text), (error: DockerliteError) => error instanceof DockerliteError && error.code === 'E_INVALID');
    });
  }

  it('says when only the case is wrong', () => {
    assert.throws(() => parseRemoteReference('docker.io/library/BusyBox'), /repository name must be lowercase/);
  });

  it('writes short and full names', () => {
    assert.equal(familiarReference(parseRemoteReference('docker.io/library/busybox')), 'busybox:latest');
    assert.equal(familiarReference(parseRemoteReference('docker.io/a/b:c')), 'a/b:c');
    assert.equal(canonicalReference(parseRemoteReference('busybox')), 'docker.io/library/busybox:latest');
    assert.equal(canonicalReference(parseRemoteReference(`x@${SHA}`)), `docker.io/library/x@${SHA}`);
  });

  it('either refuses a text or reads back what it writes', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,4})?$/);
    const host = fc.constantFrom('', 'localhost/', 'h.io/', 'h:1/', '[::1]:5000/', 'docker.io/');
    const built = fc.tuple(host, fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', ':t', ':T.1-x', `@${SHA}`)).map(([h, parts, rest]) => h + parts.join('/') + rest);
    fc.assert(
      fc.property(fc.oneof(built, fc.string(), fc.string({ unit: 'grapheme' })), (text) => {
        let parsed;
        try {
          parsed = parseRemoteReference(text);
        } catch (error) {
          return error instanceof DockerliteError;
        }
        const full = parseRemoteReference(canonicalReference(parsed));
        const short = parseRemoteReference(familiarReference(parsed));
        assert.deepEqual(full, short);
        assert.deepEqual({ host: full.host, path: full.path }, { host: parsed.host, path: parsed.path });
        return true;
      }),
    );
  });

  it('takes no time for texts made to take long', () => {
    for (const text of ['a'.repeat(100_000), `${'a-'.repeat(200)}!`, `${'a.'.repeat(250)}/`, `${'0'.repeat(300)}:${'0'.repeat(290)}!`]) {
      assert.throws(() => parseRemoteReference(text), /invalid reference format|more than 255/);
    }
  });
});

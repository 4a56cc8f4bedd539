// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { DockerliteError } from '../../lib/errors';
import { isNamed, parseKeyring, readKeyring } from '../../lib/openpgp/keyring';
import { type Packet, splitPackets, TAG } from '../../lib/openpgp/packets';
import { verifyClearSigned } from '../../lib/openpgp/verify';
import { Gpg, type TestKey } from '../helpers/gpg';

const TEXT = 'Suite: tiny\n- a dash\n-----\ntrailing \t\n\nümlaut\nend\n';
const READ = 'Suite: tiny\n- a dash\n-----\ntrailing\n\nümlaut\nend';

describe('clear-signed messages', () => {
  let directory: string;
  let gpg: Gpg;
  let key: TestKey;
  let other: TestKey;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'openpgp-'));
    gpg = Gpg.create(join(directory, 'home'));
    key = gpg.key('signer');
    other = gpg.key('other');
  });
  after(() => {
    gpg.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  const refuses = (message: string, keyring: string, wanted: RegExp, now?: number) =>
    assert.throws(
      () => verifyClearSigned(message, readKeyring(keyring), now),
      (error: DockerliteError) => error.code === 'E_SIGNATURE' && wanted.test(error.message),
    );

  const kinds: [string, () => TestKey, string[]][] = [
    ['Ed25519', () => key, []],
    ['RSA of 2048 bits', () => gpg.key('rsa', 'rsa2048'), []],
    ['ECDSA on P-256', () => gpg.key('p256', 'nistp256'), []],
    ['ECDSA on P-384', () => gpg.key('p384', 'nistp384'), []],
    ['ECDSA on P-521', () => gpg.key('p521', 'nistp521'), []],
    ['a subkey', () => gpg.key('sub', 'ed25519', { subkey: true }), []],
    ['a subkey of RSA', () => gpg.key('rsasub', 'rsa3072', { subkey: true }), []],
    ['SHA256', () => key, ['--digest-algo', 'SHA256']],
    ['SHA384', () => key, ['--digest-algo', 'SHA384']],
    ['a key that expires', () => gpg.key('mortal', 'ed25519', { lifetime: '1y' }), []],
  ];
  for (const [what, make, options] of kinds) {
    it(`are accepted with ${what}, of a binary keyring and of an armoured one`, () => {
      const one = make();
      const message = one.clearSign(TEXT, options);
      for (const armor of [false, true]) assert.equal(verifyClearSigned(message, readKeyring(one.keyring(armor))), READ);
      assert.equal(verifyClearSigned(message.replaceAll('\n', '\r\n'), readKeyring(one.keyring())), READ);
    });
  }

  it('are accepted with one known key among several signatures, and refused when a known one is wrong', () => {
    const both = key.clearSign(TEXT, ['--local-user', 'other@example.org']);
    for (const one of [key, other]) assert.equal(verifyClearSigned(both, readKeyring(one.keyring())), READ);
    refuses(both.replace('Suite: tiny', 'Suite: tony'), key.keyring(), /is wrong/);
  });

  it('are refused when a character of the text is another', () => {
    const curve = gpg.key('curve', 'nistp256');
    refuses(curve.clearSign(TEXT).replace('Suite: tiny', 'Suite: tony'), curve.keyring(), /is wrong/);
    const message = key.clearSign(TEXT);
    for (const changed of ['Suite: tinY', 'Suite:  tiny', 'Suite: tiny\nmore: x', ' Suite: tiny']) refuses(message.replace('Suite: tiny', changed), key.keyring(), /is wrong/);
  });

  it('are refused without a signature, or with that of a stranger', () => {
    refuses(TEXT, key.keyring(), /there is no signature/);
    refuses(other.clearSign(TEXT), key.keyring(), new RegExp(`no public key for the signatures of ${other.fingerprint.slice(-16)}`));
    refuses(key.clearSign(TEXT).replace(/-----BEGIN PGP SIGNATURE[^]*/, ''), key.keyring(), /there is no signature/);
    const empty = key.clearSign(TEXT).replace(/(-----BEGIN PGP SIGNATURE-----\n)[^]*(-----END)/, '$1\n$2');
    refuses(empty, key.keyring(), /there is no signature/);
  });

  it('are refused with text around what was signed, and with lines that were not escaped', () => {
    const message = key.clearSign(TEXT);
    refuses(`Suite: evil\n${message}`, key.keyring(), /there is no signature/);
    refuses(`${message}Suite: evil\n`, key.keyring(), /text after the signature/);
    refuses(message.replace(/^Hash: .*$/m, 'Comment: x'), key.keyring(), /damaged header/);
    refuses(message.replace('- - a dash', '- a dash'), key.keyring(), /is wrong/);
    refuses(message.replace('- - a dash', '-a dash'), key.keyring(), /not/);
  });

  it('are refused after the key, its subkey or the signature has expired', () => {
    const year = 400 * 24 * 3600_000;
    const mortal = gpg.key('soon', 'ed25519', { lifetime: '1y' });
    refuses(mortal.clearSign(TEXT), mortal.keyring(), /has expired/, Date.now() + year);
    const short = key.clearSign(TEXT, ['--default-sig-expire', '1d']);
    assert.equal(verifyClearSigned(short, readKeyring(key.keyring())), READ);
    refuses(short, key.keyring(), /has expired/, Date.now() + year);
  });

  it('are refused of a key that was revoked, and of a digest nobody believes in any more', () => {
    const revoked = gpg.key('revoked');
    const message = revoked.clearSign(TEXT);
    const certificate = readFileSync(join(gpg.home, `openpgp-revocs.d/${revoked.fingerprint}.rev`), 'utf8').replace(':-----BEGIN', '-----BEGIN');
    gpg.run(['--import'], certificate);
    refuses(message, revoked.keyring(), /no public key/);
    refuses(key.clearSign(TEXT, ['--digest-algo', 'SHA1']), key.keyring(), /is wrong/);
  });

  it('are refused of a subkey that somebody put under a key it does not belong to', () => {
    const victim = gpg.key('victim', 'ed25519', { subkey: true });
    const thief = gpg.key('thief', 'ed25519', { subkey: true });
    const [mine, theirs] = [readFileSync(victim.keyring()), readFileSync(thief.keyring())];
    // Key, user id and certification of the one, subkey and binding of the other.
    const cut = (bytes: Buffer) => {
      const packets = splitPackets(bytes);
      const { body } = packets[packets.findIndex(({ tag }) => tag === TAG.publicSubkey) - 1] as Packet;
      return body.byteOffset + body.length - bytes.byteOffset;
    };
    const mixed = Buffer.concat([mine.subarray(0, cut(mine)), theirs.subarray(cut(theirs))]);
    const path = join(directory, 'mixed.gpg');
    writeFileSync(path, mixed);
    assert.equal(parseKeyring(theirs).length, 1);
    assert.deepEqual(parseKeyring(mixed), []);
    refuses(thief.clearSign(TEXT), path, /no public key/);
  });

  it('end with an error, whatever bytes they and keyrings are made of', () => {
    const message = key.clearSign(TEXT);
    const keys = readKeyring(key.keyring());
    const ring = readFileSync(key.keyring());
    const isOurs = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        if (!(error instanceof DockerliteError)) throw error;
      }
    };
    fc.assert(
      fc.property(fc.nat(message.length - 1), fc.string({ maxLength: 20 }), fc.nat(40), (at, text, drop) => {
        isOurs(() => assert.equal(verifyClearSigned(message.slice(0, at) + text + message.slice(at + drop), keys), READ));
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => isOurs(() => parseKeyring(Buffer.from(bytes)))), { numRuns: 2000 });
    fc.assert(
      fc.property(fc.nat(ring.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(ring);
        changed[at] = byte;
        isOurs(() => parseKeyring(changed));
      }),
      { numRuns: 1000 },
    );
  });

  it('are by a key that fingerprints name: its own, or with those below it that of its primary key', () => {
    const named = gpg.key('named', 'ed25519', { subkey: true });
    const [sub] = readKeyring(named.keyring());
    assert.ok(sub !== undefined && sub.key.fingerprint !== sub.primary);
    const isMeant = (...fingerprints: string[]) => isNamed(sub, fingerprints);
    assert.deepEqual([named.fingerprint, `${named.fingerprint}!`, sub.key.fingerprint, `${sub.key.fingerprint}!`].map((one) => isMeant(one)), [true, false, true, true]);
    assert.equal(isMeant(other.fingerprint, named.fingerprint.slice(8)), false);
  });

  it('of a keybox or a missing keyring are explained', () => {
    const keybox = join(gpg.home, 'pubring.kbx');
    assert.throws(() => readKeyring(keybox), (error: DockerliteError) => error.code === 'E_SIGNATURE' && /keybox/.test(error.hint ?? ''));
    assert.throws(() => readKeyring(join(directory, 'none')), (error: DockerliteError) => error.code === 'E_NOT_FOUND');
  });
});

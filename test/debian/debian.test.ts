// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { accountFor, machineAccounts } from '../../lib/debian/apt-auth';
import { aptProxy, machineConfig, parseConfig } from '../../lib/debian/apt-config';
import { machineSources, sourcesFor } from '../../lib/debian/apt-sources';
import { aptTls } from '../../lib/debian/apt-tls';
import { PackageIndex } from '../../lib/debian/package-index';
import { parseDepends } from '../../lib/debian/relations';
import { batches, resolve } from '../../lib/debian/resolve';
import { compareVersions } from '../../lib/debian/version';
import { DockerliteError } from '../../lib/errors';

describe('versions of Debian packages', () => {
  const ordered = ['0', '1~~', '1~~a', '1~', '1', '1a', '1+', '1+b1', '1.0', '1.0-1', '1.0-1+deb13u1', '1.0-2', '1.0-10', '1.1~rc1-1', '1.1-1', '1:0.1', '2:0'];
  it('are ordered as policy says', () => {
    for (const [i, a] of ordered.entries()) {
      for (const [j, b] of ordered.entries()) assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} ${b}`);
    }
  });

  it('are ordered as dpkg has them, whatever they are', () => {
    const part = fc.string({ unit: fc.constantFrom(...'0123456789.+~abzA-'), minLength: 1, maxLength: 10 }).map((text) => `1${text}0`);
    fc.assert(
      fc.property(part, part, (a, b) => {
        const isLess = spawnSync('dpkg', ['--compare-versions', a, 'lt', b], { stdio: 'ignore' }).status === 0;
        const isGreater = spawnSync('dpkg', ['--compare-versions', a, 'gt', b], { stdio: 'ignore' }).status === 0;
        assert.equal(Math.sign(compareVersions(a, b)), isLess ? -1 : isGreater ? 1 : 0);
      }),
      { numRuns: 100 },
    );
  });
});

describe('choosing packages', () => {
  let index: PackageIndex;
  const add = (name: string, fields: Record<string, string> = {}) => {
    const all = { Package: name, Version: '1', Filename: `pool/${name}.deb`, Size: '1', SHA256: '0'.repeat(64), ...fields };
    index.add(Object.entries(all).map(([field, value]) => `${field}: ${value}`).join('\n'), 'http://x/');
  };
  const names = (...roots: string[]) => resolve(index, roots).map(({ name }) => name).sort();
  const fails = (root: string, wanted: RegExp) => assert.throws(() => resolve(index, [root]), (error: DockerliteError) => error.code === 'E_NOT_FOUND' && wanted.test(error.message));

  beforeEach(() => (index = new PackageIndex()));

  it('follows dependencies, in circles too', () => {
    add('a', { Depends: 'b (>= 1), c:any [amd64]' });
    add('a', { Depends: 'b (>= 1), c:any' , Version: '2' });
    add('b', { 'Pre-Depends': 'c' });
    add('c', { Depends: 'a' });
    assert.deepEqual(names('a'), ['a', 'b', 'c']);
  });

  it('takes of alternatives what is there, then the first that exists, and providers by their priority', () => {
    add('a', { Depends: 'none | b | c, mail-agent' });
    add('b');
    add('c');
    add('optional-mail', { Provides: 'mail-agent', Priority: 'optional' });
    add('standard-mail', { Provides: 'mail-agent', Priority: 'standard' });
    assert.deepEqual(names('a'), ['a', 'b', 'standard-mail']);
    assert.deepEqual(names('a', 'c', 'optional-mail'), ['a', 'c', 'optional-mail']);
  });

  it('looks at versions, of what is provided too', () => {
    add('lib', { Version: '2.0', Provides: 'old-lib (= 1.5), plain' });
    for (const [wanted, isThere] of [['lib (>= 2.0)', true], ['lib (<< 2.0)', false], ['lib (= 2.0-1)', false], ['old-lib (>= 1.5)', true], ['old-lib (>> 1.5)', false], ['plain', true], ['plain (>= 1)', false]] as const) {
      add('x', { Version: `1${wanted.length}${isThere}`, Depends: wanted });
      index = reAdd(index, 'x', wanted);
      if (isThere) assert.deepEqual(names('x'), ['lib', 'x'], wanted);
      else fails('x', /package x needs/);
    }
  });

  it('says what is missing, and who needs it', () => {
    add('a', { Depends: 'b' });
    add('b', { Depends: 'c (>= 2) | d' });
    fails('a', /package b needs c \(>= 2\) or d, which is not in the archive/);
    fails('z', /no package z/);
    add('e', { Depends: '$(reboot)' });
    fails('e', /needs/);
  });

  it('keeps the latest version of a package', () => {
    add('a', { Version: '1.10' });
    add('a', { Version: '1.9' });
    assert.equal(index.get('a')?.version, '1.10');
  });

  for (const [what, fields] of [['..', { Filename: '../../etc/passwd' }], ['a root', { Filename: '/etc/passwd' }], ['no digest', { SHA256: 'abc' }], ['no size', { Size: '-1' }], ['a query', { Filename: 'a?b' }]] as const) {
    it(`refuses an entry with ${what}`, () => {
      add('a', fields);
      assert.throws(() => index.get('a'), /no usable file name/);
    });
  }

  it('leaves out packages whose names are none', () => {
    add('../x');
    add('a;reboot');
    assert.equal(index.size, 0);
  });

  it('unpacks what is needed before in an earlier batch, with everything that needs', () => {
    add('top', { 'Pre-Depends': 'tool' });
    add('tool', { Depends: 'lib' });
    add('lib');
    add('other', { Depends: 'top' });
    const order = batches(resolve(index, ['other', 'top', 'tool'])).map((batch) => batch.map(({ name }) => name).sort());
    assert.deepEqual(order, [['lib', 'other', 'tool'], ['top']]);
    add('p', { 'Pre-Depends': 'q' });
    add('q', { 'Pre-Depends': 'p' });
    assert.equal(batches(resolve(index, ['p', 'q'])).flat().length, 2);
  });

  it('understands relations', () => {
    assert.deepEqual(parseDepends('a (>= 1:2~3), b:any | c (<< 4) ,'), [[{ name: 'a', relation: '>=', version: '1:2~3' }], [{ name: 'b' }, { name: 'c', relation: '<<', version: '4' }]]);
  });
});

/** An index with another version of one package. */
function reAdd(from: PackageIndex, name: string, depends: string): PackageIndex {
  const index = new PackageIndex();
  for (const one of from.names(() => true)) {
    const { version, filename, sha256, provides } = from.get(one) as NonNullable<ReturnType<PackageIndex['get']>>;
    const provided = provides.map((p) => (p.version === undefined ? p.name : `${p.name} (= ${p.version})`)).join(', ');
    index.add(`Package: ${one}\nVersion: ${version}\nFilename: ${filename}\nSize: 1\nSHA256: ${sha256}\nProvides: ${provided}\n${one === name ? `Depends: ${depends}\n` : ''}`, 'http://x/');
  }
  return index;
}

describe('what apt of a machine is told', () => {
  let directory: string;
  const write = (name: string, text: string) => writeFileSync(join(directory, name), text);
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'apt-'));
    for (const name of ['sources.list.d', 'apt.conf.d']) mkdirSync(join(directory, name));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is read of lines and of paragraphs', () => {
    write('sources.list', '# deb http://no/ x main\ndeb [arch=amd64 signed-by=/k.gpg check-valid-until=no] http://a/debian bookworm main contrib # why\ndeb-src http://a/debian bookworm main\ndeb cdrom:[x]/ bookworm main\n');
    write('sources.list.d/b.sources', 'Types: deb deb-src\nURIs: https://b/debian/ http://c/d\nSuites: trixie trixie-updates\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----\n\nTypes: deb\nEnabled: no\nURIs: http://off/\nSuites: x\n');
    write('sources.list.d/ignored.list.save', 'deb http://old/ x main\n');
    const sources = machineSources(directory);
    assert.deepEqual(sources[0], { url: 'http://a/debian/', suite: 'bookworm', components: ['main', 'contrib'], keyrings: ['/k.gpg'], fingerprints: [], checkValidUntil: false, trusted: false });
    assert.deepEqual(sources.map(({ url, suite }) => `${url} ${suite}`), ['http://a/debian/ bookworm', 'https://b/debian/ trixie', 'https://b/debian/ trixie-updates', 'http://c/d/ trixie', 'http://c/d/ trixie-updates']);
    assert.equal(sources[1]?.key, '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----'.replace(/^/, '\n'));
  });

  it('says whose word counts: keyrings, fingerprints in them, or nobody at all', () => {
    write('sources.list', 'deb [trusted=yes] http://a/ x main\ndeb [ signed-by=/k.gpg,ABCD!,/l.gpg ] http://b/ x main\n');
    write('sources.list.d/c.sources', 'Types: deb\nURIs: http://c/\nSuites: x\nTrusted: yes\nSigned-By: /m.gpg 1234\n\nTypes: deb\nURIs: http://d/\nSuites: x\nTrusted: no\n');
    const shown = machineSources(directory).map(({ url, trusted, keyrings, fingerprints }) => [url, trusted, ...keyrings, ...fingerprints]);
    assert.deepEqual(shown, [['http://a/', true], ['http://b/', false, '/k.gpg', '/l.gpg', 'ABCD!'], ['http://c/', true, '/m.gpg', '1234'], ['http://d/', false]]);
  });

  it('says who one is at an archive', () => {
    write('auth.conf', 'machine a.example login ann password one\nmachine b.example:8443/debian\n  login ben account x\n  password two\nmachine http://c.example/ login cy password login');
    mkdirSync(join(directory, 'auth.conf.d'));
    write('auth.conf.d/more.conf', 'machine a.example/other login no password no machine last.example login liz');
    write('auth.conf.d/ignored', 'machine ignored.example login x password x');
    const accounts = machineAccounts(directory);
    const who = (url: string) => {
      const { login, password } = accountFor(accounts, new URL(url)) ?? {};
      return login === undefined ? undefined : `${login}:${password}`;
    };
    for (const [url, wanted] of Object.entries({
      'https://a.example/debian': 'ann:one',
      'https://a.example:99/': 'ann:one',
      'http://a.example/debian': undefined,
      'https://a.example.org/': undefined,
      'https://b.example:8443/debian/dists': 'ben:two',
      'https://b.example:8443/ubuntu': undefined,
      'https://b.example/debian': undefined,
      'http://c.example/x': 'cy:login',
      'https://c.example/x': undefined,
      'https://last.example/': 'liz:',
      'https://ignored.example/': undefined,
    })) assert.equal(who(url), wanted, url);
  });

  it('says which certificates count, for a host or for all', () => {
    for (const name of ['ca', 'other', 'client']) write(name, name);
    const at = (name: string) => join(directory, name);
    write('apt.conf', `Acquire::https { CaInfo "${at('ca')}"; CaInfo::a.example "${at('other')}"; b.example::SslCert "${at('client')}"; Verify-Peer::c.example "false"; };\n`);
    const config = machineConfig(directory);
    const of = (host: string) => aptTls(config, new URL(`https://${host}/`));
    assert.deepEqual(of('a.example'), { ca: ['other'] });
    assert.deepEqual(of('b.example'), { ca: ['ca'], cert: ['client'], key: ['client'] });
    assert.deepEqual(of('c.example'), { ca: ['ca'], rejectUnauthorized: false });
    assert.deepEqual(aptTls(new Map(), new URL('https://a.example/')), {});
    assert.throws(() => aptTls(new Map([['acquire::https::cainfo', '/nonexistent']]), new URL('https://a/')), (error: DockerliteError) => error.code === 'E_INVALID' && /cainfo/.test(error.message));
  });

  it('names the sources of another suite by those of its own', () => {
    write('sources.list', ['http://m/debian bookworm main', 'http://m/debian bookworm-updates main', 'http://s/security bookworm-security main', 'http://m/debian bookworm-backports main', 'http://o/other stable main'].map((line) => `deb ${line}\n`).join(''));
    const sources = machineSources(directory);
    const shown = (suite: string) => sourcesFor(suite, sources).sources.map((one) => `${one.url} ${one.suite}`);
    assert.deepEqual(shown('trixie'), ['http://m/debian/ trixie', 'http://m/debian/ trixie-updates', 'http://s/security/ trixie-security']);
    assert.deepEqual(shown('stable'), ['http://o/other/ stable']);
    assert.equal(sourcesFor('bookworm', sources).own, true);
    assert.deepEqual(sourcesFor('trixie', []).sources, []);
  });

  it('is read of apt.conf and its parts, nested or not', () => {
    write('apt.conf.d/10a', '// a comment\nAcquire { http { Proxy "http://p:1/"; Proxy::direct.example "DIRECT"; }; /* Check-Date "false"; */ Check-Valid-Until "false"; };\n# another\nDPkg::Post-Invoke { "true"; };\n');
    write('apt.conf.d/20b.bak', 'Acquire::http::Proxy "http://no/";\n');
    write('apt.conf', 'acquire::https::proxy "http://s:2/";');
    const config = machineConfig(directory);
    assert.equal(config.get('acquire::check-valid-until'), 'false');
    assert.equal(config.has('acquire::check-date'), false);
    const proxy = (url: string) => aptProxy(config, new URL(url));
    assert.equal((proxy('http://a/') as URL).href, 'http://p:1/');
    assert.equal((proxy('https://a/') as URL).href, 'http://s:2/');
    assert.equal(proxy('http://direct.example/'), null);
    assert.equal(aptProxy(new Map(), new URL('http://a/')), undefined);
  });

  it('is read whatever it is', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'Aa:{};" \n/#*') }), (text) => parseConfig(text, new Map())));
  });
});

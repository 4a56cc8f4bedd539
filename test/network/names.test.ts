// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { hostsFile, nameFiles, reachableResolvConf } from '../../lib/network/names';

const LOCAL = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\nff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n';

const PLAIN = { mode: 'bridge', hostname: 'web', domainname: '', addresses: ['172.30.0.2'], extraHosts: [], resolver: false, dns: [], dnsSearch: [], dnsOptions: [] };

describe('network/names', () => {
  it('writes hosts in Docker\'s form', () => {
    assert.equal(hostsFile('web', ['172.30.0.2']), `${LOCAL}172.30.0.2\tweb\n`);
    assert.equal(hostsFile('web.example.org', ['172.30.0.2']), `${LOCAL}172.30.0.2\tweb.example.org web\n`);
    assert.equal(hostsFile('web'), LOCAL);
  });

  it('writes the hostname on a line', () => assert.equal(nameFiles({ ...PLAIN, mode: 'none' }).hostname, 'web\n'));

  it('adds hosts asked for, and the domain', () => {
    const { hosts } = nameFiles({ ...PLAIN, domainname: 'example.org', extraHosts: [['db', '192.0.2.9']] });
    assert.equal(hosts, `${LOCAL}172.30.0.2\tweb.example.org web\n192.0.2.9\tdb\n`);
  });

  it('names the servers, domains and options asked for', () => {
    const { resolvConf } = nameFiles({ ...PLAIN, dns: ['192.0.2.53', 'fd00::53'], dnsSearch: ['example.org', 'example.net'], dnsOptions: ['timeout:1'] });
    assert.equal(resolvConf, 'nameserver 192.0.2.53\nnameserver fd00::53\nsearch example.org example.net\noptions timeout:1\n');
  });

  it('names the supervisor where that answers, whatever servers it asks', () => {
    const { resolvConf } = nameFiles({ ...PLAIN, resolver: true, dns: ['192.0.2.53'], dnsSearch: ['.'], dnsOptions: ['ndots:2'] });
    assert.equal(resolvConf, 'nameserver 127.0.0.11\noptions ndots:2\n');
  });

  const cases: [string, string, string][] = [
    ['keeps servers, search and options', 'search example.org\nnameserver 192.0.2.53\noptions ndots:2 timeout:1\n', 'search example.org\nnameserver 192.0.2.53\noptions ndots:2 timeout:1\n'],
    ['drops servers on the loopback', 'nameserver 127.0.0.53\nnameserver 192.0.2.53\nnameserver 127.1.2.3\nsearch a\n', 'nameserver 192.0.2.53\nsearch a\n'],
    ['drops IPv6 servers', 'nameserver fe80::1%eth0\nnameserver ::1\nnameserver\t192.0.2.53\n', 'nameserver\t192.0.2.53\n'],
    ['drops the unspecified address, which means this host', 'nameserver 0.0.0.0\n', ''],
    ['drops what is no address', 'nameserver evil.example\nnameserver 192.0.2.1\n', 'nameserver 192.0.2.1\n'],
    ['names nobody when nobody is left', '# by hand\nnameserver 127.0.0.1\n', '# by hand\n'],
    ['keeps comments', '# nameserver 127.0.0.1\n;nameserver ::1\n', '# nameserver 127.0.0.1\n;nameserver ::1\n'],
    ['takes a missing last newline', 'nameserver 192.0.2.1', 'nameserver 192.0.2.1\n'],
    ['takes nothing', '', ''],
  ];
  for (const [what, text, expected] of cases) it(what, () => assert.equal(reachableResolvConf(text), expected));
});

// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { parsePublish } from '../../lib/network/port-spec';
import { parseExpose } from '../../lib/util/ports';

const short = (text: string) => parsePublish(text).map(({ proto, containerPort, hostIp, hostPort, hostPortEnd }) => `${hostIp}|${hostPort === hostPortEnd ? hostPort : `${hostPort}-${hostPortEnd}`}|${containerPort}/${proto}`);

describe('network/port-spec', () => {
  const good: [string, string[]][] = [
    ['80', ['|0|80/tcp']],
    ['8080:80', ['|8080|80/tcp']],
    ['8080:80/udp', ['|8080|80/udp']],
    ['8080:80/SCTP', ['|8080|80/sctp']],
    ['127.0.0.1:8080:80', ['127.0.0.1|8080|80/tcp']],
    ['127.0.0.1::80', ['127.0.0.1|0|80/tcp']],
    ['[::1]:8080:80', ['::1|8080|80/tcp']],
    ['[::]::53/udp', ['::|0|53/udp']],
    ['80-81', ['|0|80/tcp', '|0|81/tcp']],
    ['8080-8081:80-81', ['|8080|80/tcp', '|8081|81/tcp']],
    ['0:80', ['|0|80/tcp']],
    ['8080:80/udp/tcp', ['|8080|80/udp']],
    ['8000-8010:80', ['|8000-8010|80/tcp']],
    ['target=80,published=8080', ['|8080|80/tcp']],
    ['published=127.0.0.1:8080,target=53,protocol=udp,mode=host', ['127.0.0.1|8080|53/udp']],
    ['192.0.2.1:1-2:3-4/udp', ['192.0.2.1|1|3/udp', '192.0.2.1|2|4/udp']],
  ];
  for (const [text, expected] of good) it(`reads ${text}`, () => assert.deepEqual(short(text), expected));

  const bad: [string, RegExp][] = [
    ['', /^no port specified: <empty>$/],
    ['published=80', /^no port specified: 80:\/tcp<empty>$/],
    ['target=80,80', /^invalid publish opts format \(should be name=value but got '80'\)$/],
    ['target=80,protocol=icmp', /^invalid proto: icmp$/],
    ['8080:', /^no port specified: 8080:<empty>$/],
    ['0', /^invalid containerPort: 0$/],
    ['65536', /^invalid containerPort: 65536$/],
    ['x:80', /^invalid hostPort: x$/],
    ['80:x', /^invalid containerPort: x$/],
    ['70000:80', /^invalid hostPort: 70000$/],
    ['81-80', /^invalid containerPort: 81-80$/],
    ['8000-8002:80-81', /^invalid ranges specified for container and host Ports: 80-81 and 8000-8002$/],
    ['8080:80/icmp', /^invalid proto: icmp$/],
    ['80/80/tcp', /^invalid proto: 80$/],
    ['80:0', /^invalid containerPort: 0$/],
    ['localhost:8080:80', /^invalid IP address: localhost$/],
    ['1.2.3:8080:80', /^invalid IP address: 1\.2\.3$/],
    ['[zz]:1:1', /^invalid IP address: zz$/],
    ['-80', /^invalid containerPort: -80$/],
    ['8e1', /^invalid containerPort: 8e1$/],
    [' 80', /^invalid containerPort:  80$/],
  ];
  for (const [text, message] of bad) it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parsePublish(text), { code: 'E_INVALID', message }));

  it('reads exposed ports', () => {
    assert.deepEqual(parseExpose('80'), ['80/tcp']);
    assert.deepEqual(parseExpose('80-82/udp'), ['80/udp', '81/udp', '82/udp']);
    for (const text of ['', 'x', '80:80', '82-80', '80/xyz', '0']) assert.throws(() => parseExpose(text), { code: 'E_INVALID' });
  });
});

// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { parseChallenges } from '../../lib/registry/challenge';

describe('WWW-Authenticate', () => {
  it("reads Docker Hub's", () => {
    const header = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull"';
    assert.deepEqual(parseChallenges(header), [
      { scheme: 'bearer', parameters: { realm: 'https://auth.docker.io/token', service: 'registry.docker.io', scope: 'repository:library/busybox:pull' } },
    ]);
  });

  it('reads several challenges, in one header and in many', () => {
    assert.deepEqual(parseChallenges('Basic realm="a, b", Bearer realm=x , scope="p\\"q"').map(({ scheme, parameters }) => [scheme, parameters['realm'], parameters['scope']]), [
      ['basic', 'a, b', undefined],
      ['bearer', 'x', 'p"q'],
    ]);
    assert.deepEqual(parseChallenges(['Negotiate', 'BASIC realm=""']).map(({ scheme }) => scheme), ['negotiate', 'basic']);
    assert.deepEqual(parseChallenges('Negotiate, Basic realm="x"').map(({ scheme }) => scheme), ['negotiate', 'basic']);
  });

  it('takes the first of a parameter given twice, and names in any case', () => {
    assert.deepEqual(parseChallenges('Bearer Realm="a",REALM="b"')[0]?.parameters, { realm: 'a' });
  });

  it('takes parameters called as what objects have for parameters only', () => {
    const [challenge] = parseChallenges('Bearer __proto__="x",constructor="y",realm="z"');
    assert.equal(challenge?.parameters['realm'], 'z');
    assert.equal(Object.getPrototypeOf(challenge?.parameters), Object.prototype);
  });

  it('reads what it can of anything, and ends', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'realm', 'x', '\t')).map((parts) => parts.join(''))), (text) => {
        for (const { scheme, parameters } of parseChallenges(text)) {
          assert.match(scheme, /^[^\s,="]+$/);
          for (const value of Object.values(parameters)) assert.equal(typeof value, 'string');
        }
      }),
    );
  });

  it('reads back the parameters of any challenge', () => {
    const value = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), value, { noNullPrototype: true }), (parameters) => {
        const text = Object.entries(parameters).map(([name, content]) => `${name}="${content.replace(/[\\"]/g, '\\$&')}"`);
        const [read] = parseChallenges(`Bearer ${text.join(', ')}`);
        assert.deepEqual({ ...read?.parameters }, parameters);
      }),
    );
  });

  it('takes no time for headers made to take long', () => {
    for (const text of ['Bearer a="' + '\\'.repeat(1_000_000), 'a '.repeat(1_000_000), 'Bearer ' + 'a='.repeat(500_000), ' ,'.repeat(500_000), 'Bearer ' + ' \t'.repeat(500_000)]) parseChallenges(text);
  });
});

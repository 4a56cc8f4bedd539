// SPDX-License-Identifier: Apache-2.0
import { strict as assert } from 'node:assert';
import { DockerliteError } from '../../lib/errors';
import { parseRemoteReference } from '../../lib/registry/reference';
import { FakeRegistry, fail, type FakeRegistryOptions } from '../helpers/fake-registry';
import { collect, TestRegistries } from '../helpers/registry-client';

const ANN = { username: 'ann', password: 'pw' };

describe('who asks a registry', () => {
  let registries: TestRegistries;
  let fake: FakeRegistry;

  async function start(auth: FakeRegistryOptions['auth']): Promise<void> {
    fake = await FakeRegistry.start({ auth: auth as NonNullable<typeof auth> });
    fake.addImage('a/b', 'v1', []);
  }
  beforeEach(() => (registries = TestRegistries.make()));
  afterEach(async () => {
    await registries.close();
    await fake.stop();
  });
  const manifest = () => registries.manifest(parseRemoteReference(`${fake.host}/a/b:v1`));
  const unauthorized = (pattern: RegExp) => (error: DockerliteError) => error.code === 'E_UNAUTHORIZED' && pattern.test(error.message);

  it('basic: sends name and password when asked, then at once', async () => {
    await start({ kind: 'basic', users: { ann: 'pw' } });
    await registries.knows(fake.host, ANN);
    await manifest();
    await manifest();
    assert.equal(fake.requests('GET', /manifests/).filter(({ headers }) => headers.authorization === undefined).length, 1);
  });

  it('basic: says that there is nothing to send, and that it was wrong', async () => {
    await start({ kind: 'basic', users: { ann: 'pw' } });
    await assert.rejects(manifest(), unauthorized(/no basic auth credentials/));
    await registries.close();
    registries = await TestRegistries.make().knows(fake.host, { username: 'ann', password: 'wrong' });
    await assert.rejects(manifest(), unauthorized(/pull access denied for .*authentication required/));
  });

  it('bearer: gets a token for what it wants to do, once', async () => {
    await start({ kind: 'bearer', users: { ann: 'pw' } });
    await registries.knows(fake.host, ANN);
    await Promise.all([manifest(), manifest(), manifest()]);
    assert.deepEqual(new Set([...fake.issued.values()].flat()), new Set(['repository:a/b:pull']));
    assert.equal(fake.issued.size, 1);
    await collect(registries.catalog(fake.host));
    assert.equal(fake.issued.size, 2);
  });

  it('bearer: anonymous where that is allowed', async () => {
    await start({ kind: 'bearer', users: {}, anonymousPull: true });
    await manifest();
    assert.equal(fake.requests('GET', /token/)[0]?.headers.authorization, undefined);
  });

  it('bearer: a new token when the old one has expired', async () => {
    await start({ kind: 'bearer', users: {}, anonymousPull: true });
    await manifest();
    fake.issued.clear();
    await manifest();
    assert.equal(fake.issued.size, 1);
  });

  it('bearer: an identity token by POST instead of a password', async () => {
    await start({ kind: 'bearer', users: {} });
    await registries.knows(fake.host, { username: 'ann', password: '', identityToken: 'refresh-me' });
    await manifest();
    assert.equal(fake.requests('POST', /token/).length, 1);
    assert.deepEqual([...fake.issued.values()], [['repository:a/b:pull']]);
  });

  it('bearer: never asks for ever', async () => {
    await start({ kind: 'bearer', users: {}, anonymousPull: true });
    fake.intercept = (_, response, url) => {
      if (url.pathname === '/token') return false;
      response.setHeader('www-authenticate', `Bearer realm="${fake.url}/token"`);
      fail(response, 401, 'UNAUTHORIZED');
      return true;
    };
    await assert.rejects(manifest(), unauthorized(/pull access denied/));
    assert.equal(fake.requests('GET', /manifests/).length, 3);
  });

  for (const realm of ['file:///etc/passwd', 'nonsense', 'ftp://h/', '']) {
    it(`bearer: no token from ${JSON.stringify(realm)}`, async () => {
      await start({ kind: 'bearer', users: { ann: 'pw' } });
      await registries.knows(fake.host, ANN);
      fake.intercept = (_, response, url) => {
        if (url.pathname === '/v2/') return false;
        response.setHeader('www-authenticate', `Bearer realm="${realm}"`);
        fail(response, 401, 'UNAUTHORIZED');
        return true;
      };
      await assert.rejects(manifest(), (error: DockerliteError) => error.code === 'E_REGISTRY');
    });
  }

  for (const [what, body] of [['no JSON', 'x'], ['no token', '{}'], ['a token of several lines', '{"token":"a\\r\\nHost: b"}'], ['a number', '{"token":7}']] as const) {
    it(`bearer: an answer that is ${what}`, async () => {
      await start({ kind: 'bearer', users: {}, anonymousPull: true });
      fake.intercept = (_, response, url) => (url.pathname === '/token' ? (response.end(body), true) : false);
      await assert.rejects(manifest(), (error: DockerliteError) => error.code === 'E_REGISTRY');
    });
  }

  it('an unknown scheme is a refusal', async () => {
    await start(undefined);
    fake.intercept = (_, response, url) => (url.pathname === '/v2/' ? false : (response.writeHead(401, { 'www-authenticate': 'Negotiate' }).end(), true));
    await assert.rejects(manifest(), unauthorized(/pull access denied/));
  });

  it('login: remembers who was welcome, and nobody else', async () => {
    for (const kind of ['basic', 'bearer'] as const) {
      await start({ kind, users: { ann: 'pw' } });
      await assert.rejects(registries.login(fake.host, { username: 'ann', password: 'no' }), unauthorized(/incorrect username or password/));
      assert.equal(await registries.credentials(fake.host), undefined);
      assert.deepEqual(await registries.login(fake.host, ANN), { unencrypted: true });
      assert.deepEqual(await registries.credentials(fake.host), ANN);
      assert.equal(await registries.logout(fake.host), true);
      if (kind === 'basic') await fake.stop();
    }
  });

  it('login: keeps an identity token instead of the password where there is one', async () => {
    await start({ kind: 'bearer', users: { ann: 'pw', refreshable: '' } });
    await registries.login(fake.host, ANN);
    assert.deepEqual(await registries.credentials(fake.host), { username: 'ann', password: '', identityToken: 'refresh-me' });
    await manifest();
  });
});

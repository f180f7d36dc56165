import assert from 'node:assert/strict';
import { Browser, enterPortal } from './browser.js';
import { adminKey, createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

describe('a session in the console', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi({ temporalUiUrl: 'http://localhost:8233', temporalNamespace: 'hooks' });
    tenant = await createTenant(api);
  });
  after(() => api.close());

  const newKey = async (scopes: string[], more: object = {}) => {
    const { body } = await api.call('POST', '/v1/api-keys', { body: { name: 'jane', scopes, ...more } });
    return { key: body.key as string, id: body.api_key.id as string };
  };
  const signIn = async (key: string, browser = new Browser(api)) => {
    const { status, body, headers } = await browser.call(null, 'POST', '/v1/console/session', { body: { key } });
    assert.equal(status, 201, JSON.stringify(body));
    const { session } = body;
    return {
      browser,
      session,
      headers,
      call: (method: string, path: string, call?: object) =>
        browser.call(session.csrf_token as string, method, path, call),
    };
  };

  it('begins with an admin key, and shows where Temporal is', async () => {
    const { browser, session, headers } = await signIn(adminKey);
    assert.match(
      headers.get('set-cookie')!,
      /^irisx_console=[A-Za-z0-9_-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const { id, csrf_token: csrfToken, created_at: createdAt, expires_at: expiresAt, ...rest } = session;
    assert.deepEqual(rest, {
      kind: 'operator',
      tenant: null,
      name: 'IRISX_ADMIN_KEY',
      scopes: ['events:write', 'admin'],
      return_url: null,
      temporal_ui_url: 'http://localhost:8233',
      temporal_namespace: 'hooks',
    });
    assert.equal(Date.parse(expiresAt as string) - Date.parse(createdAt as string), 12 * 3_600_000);
    assert.ok(id && csrfToken);
    assert.deepEqual((await browser.call(null, 'GET', '/v1/console/session')).body, { session });
    assert.equal((await browser.call(null, 'GET', '/v1/portal/session')).status, 401);
  });

  it('acts as its key, for the tenant that the call names', async () => {
    const { key, id } = await newKey(['admin']);
    const { call } = await signIn(key);
    assert.equal((await call('GET', '/v1/tenants')).status, 200);
    assert.equal((await call('GET', '/v1/webhooks')).status, 400);
    const created = await call('POST', `/v1/webhooks?tenant_id=${tenant.id}`, {
      body: { url: 'https://hooks.example.com', events: ['*'] },
    });
    assert.equal(created.status, 201);
    const { entries } = (await tenant.call('GET', '/v1/audit-log?limit=1')).body;
    assert.deepEqual(entries[0].actor, { type: 'api_key', id, name: 'jane (console)' });
    assert.equal((await call('POST', '/v1/events', { body: {} })).status, 403, 'only what the key may');
  });

  it('is refused to wrong keys, to keys without the scope admin, and to those of tenants', async () => {
    const refused = async (key: string) => {
      const { status, headers } = await new Browser(api).call(null, 'POST', '/v1/console/session', { body: { key } });
      assert.deepEqual(headers.getSetCookie(), []);
      return status;
    };
    const { key } = await newKey(['events:write']);
    assert.deepEqual(
      [await refused('wrong'), await refused(`irisx_${'a'.repeat(43)}`), await refused(key), await refused(tenant.key)],
      [401, 401, 403, 403],
    );
  });

  it('is limited for an address that tries many keys', async () => {
    const limited = await startApi({ databaseUrl: api.databaseUrl, callsPerMinute: 2 });
    try {
      const statuses: number[] = [];
      for (const key of ['a', 'b', 'c'])
        statuses.push((await limited.call('POST', '/v1/console/session', { key: null, body: { key } })).status);
      assert.deepEqual(statuses, [401, 401, 429]);
    } finally {
      await limited.close();
    }
  });

  it('ends at once when its key is deleted', async () => {
    const { key, id } = await newKey(['admin']);
    const { call } = await signIn(key);
    assert.equal((await call('GET', '/v1/tenants')).status, 200);
    await api.call('DELETE', `/v1/api-keys/${id}`);
    assert.equal((await call('GET', '/v1/tenants')).status, 401);
    assert.equal((await call('GET', '/v1/console/session')).status, 401);
  });

  it('ends no later than its key', async () => {
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const { session } = await signIn((await newKey(['admin'], { expires_at })).key);
    assert.equal(session.expires_at, expires_at);
  });

  it('ends when IRISX_ADMIN_KEY is another one', async () => {
    const { call, browser } = await signIn(adminKey);
    assert.equal((await call('GET', '/v1/tenants')).status, 200);
    for (const other of ['another-key-for-tests', undefined]) {
      const restarted = await startApi({ databaseUrl: api.databaseUrl, adminKey: other! });
      try {
        const headers = { Cookie: browser.cookieHeader };
        const { status } = await restarted.call('GET', '/v1/console/session', { key: null, headers });
        assert.equal(status, 401);
      } finally {
        await restarted.close();
      }
    }
  });

  it('ends when the person leaves', async () => {
    const { call, browser } = await signIn(adminKey);
    const kept = browser.cookies.get('irisx_console')!;
    assert.equal((await call('DELETE', '/v1/console/session')).status, 204);
    assert.equal(browser.cookies.size, 0);
    browser.cookies.set('irisx_console', kept);
    assert.equal((await call('GET', '/v1/tenants')).status, 401);
  });

  it('stays apart from a session in the portal of the same browser', async () => {
    const { browser, call } = await signIn(adminKey);
    const portal = await enterPortal(api, tenant.id, { browser });
    await createWebhook(tenant);
    assert.equal((await call('GET', '/v1/tenants')).status, 200);
    assert.equal((await portal.call('GET', '/v1/tenants')).status, 403);
    assert.equal((await call('DELETE', '/v1/portal/session')).status, 401, "the other's");
    assert.equal((await portal.call('DELETE', '/v1/portal/session')).status, 204);
    assert.equal((await call('GET', '/v1/console/session')).status, 200);
  });

  it('is not lent to pages of other sites', async () => {
    const { call } = await signIn(adminKey);
    const headers = { 'Sec-Fetch-Site': 'cross-site' };
    assert.equal((await call('GET', '/v1/tenants', { headers })).status, 403);
  });
});

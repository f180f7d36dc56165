import assert from 'node:assert/strict';
import { openStream } from '../../support/event-stream.js';
import { Browser, enterPortal, newLink } from './browser.js';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

const problem = ({ status, body }: { status: number; body: { detail: string } }) => [status, body.detail] as const;

describe('a session in the portal', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
  });
  after(() => api.close());

  it('makes the calls of its tenant that its scopes allow', async () => {
    const portal = await enterPortal(api, tenant.id, { scopes: ['webhooks:read'] });
    const webhookId = await createWebhook(tenant);
    const { body } = await portal.call('GET', '/v1/webhooks');
    assert.deepEqual(
      body.webhooks.map(({ id }: { id: number }) => id),
      [webhookId],
    );
    const refused = await portal.call('DELETE', `/v1/webhooks/${webhookId}`);
    assert.deepEqual(problem(refused), [
      403,
      'This call needs a key with the scope webhooks:write; this session has webhooks:read.',
    ]);
    assert.equal((await portal.call('GET', '/v1/tenants')).status, 403);
  });

  it('is nothing without the header that names it: whoever makes a browser call gets nowhere', async () => {
    const { browser } = await enterPortal(api, tenant.id);
    const without = await browser.call(null, 'GET', '/v1/webhooks');
    assert.deepEqual(problem(without), [401, 'This call needs an API key; send it as "Authorization: Bearer <key>".']);
    for (const token of ['', 'x', 'é'.repeat(43), 'a'.repeat(43), browser.cookies.get('irisx_portal')!])
      assert.equal(
        (await browser.call(null, 'GET', '/v1/webhooks', { headers: { 'X-IRISX-Session': token } })).status,
        401,
      );
  });

  it('is refused to the page of an earlier session in the same browser', async () => {
    const other = await createTenant(api);
    const first = await enterPortal(api, tenant.id);
    const second = await enterPortal(api, other.id, { browser: first.browser });
    const refused = await first.call('GET', '/v1/webhooks');
    assert.equal(refused.status, 401);
    assert.match(refused.body.detail, /^This browser has another session now/);
    assert.equal((await first.call('DELETE', '/v1/portal/session')).status, 401);
    assert.equal((await second.call('GET', '/v1/webhooks')).status, 200);
  });

  it('is refused to pages of other sites, whatever they send', async () => {
    const { browser, call } = await enterPortal(api, tenant.id);
    const headers = { 'Sec-Fetch-Site': 'cross-site' };
    assert.equal((await call('GET', '/v1/webhooks', { headers })).status, 403);
    assert.equal((await browser.call(null, 'GET', '/v1/portal/session', { headers })).status, 403);
    assert.equal((await browser.call(null, 'DELETE', '/v1/portal/session', { headers })).status, 403);
    assert.equal((await call('GET', '/v1/webhooks', { headers: { 'Sec-Fetch-Site': 'same-origin' } })).status, 200);
    assert.equal((await tenant.call('GET', '/v1/webhooks', { headers })).status, 200, 'a key is no cookie');
  });

  it('gives way to an Authorization header', async () => {
    const { browser, csrfToken } = await enterPortal(api, tenant.id);
    const both = { Cookie: browser.cookieHeader, 'X-IRISX-Session': csrfToken };
    assert.equal((await api.call('GET', '/v1/tenants', { headers: both })).status, 200);
    assert.equal((await api.call('GET', '/v1/webhooks', { key: 'wrong', headers: both })).status, 401);
  });

  it('ends when the person leaves, and its cookie goes', async () => {
    const portal = await enterPortal(api, tenant.id);
    const { browser } = portal;
    const kept = new Map(browser.cookies);
    assert.equal((await portal.call('DELETE', '/v1/portal/session')).status, 204);
    assert.equal(browser.cookies.size, 0);
    for (const [name, value] of kept) browser.cookies.set(name, value);
    const ended = await portal.call('GET', '/v1/webhooks');
    assert.deepEqual(problem(ended), [401, 'This session has ended; open a new link, or sign in again.']);
    assert.equal((await browser.call(null, 'GET', '/v1/portal/session')).status, 401);
  });

  it('ends at its time', async () => {
    const portal = await enterPortal(api, tenant.id);
    await api.pool.query('update browser_sessions set expires_at = now() where id = $1', [portal.id]);
    assert.equal((await portal.call('GET', '/v1/webhooks')).status, 401);
    assert.equal((await portal.browser.call(null, 'GET', '/v1/portal/session')).status, 401);
  });

  it('is a tenant’s, not an operator’s, wherever its cookie is put', async () => {
    const { browser } = await enterPortal(api, tenant.id);
    browser.cookies.set('irisx_console', browser.cookies.get('irisx_portal')!);
    assert.equal((await browser.call(null, 'GET', '/v1/console/session')).status, 401);
  });

  it('ends with its tenant', async () => {
    const leaving = await createTenant(api);
    const portal = await enterPortal(api, leaving.id);
    const unused = await newLink(api, leaving.id);
    assert.equal((await api.call('DELETE', `/v1/tenants/${leaving.id}?confirm=Acme`)).status, 204);
    assert.equal((await portal.call('GET', '/v1/webhooks')).status, 401);
    assert.equal((await new Browser(api).open(unused)).status, 404);
  });

  it('does not outlive a tenant that is deleted while its links are opened', async () => {
    const leaving = await createTenant(api);
    const urls = await Promise.all(Array.from({ length: 8 }, () => newLink(api, leaving.id)));
    const open = async (url: string) => {
      const browser = new Browser(api);
      return { browser, status: (await browser.open(url)).status };
    };
    const [deleted, ...opened] = await Promise.all([
      api.call('DELETE', `/v1/tenants/${leaving.id}?confirm=Acme`),
      ...urls.map(open),
    ]);
    assert.equal(deleted.status, 204);
    for (const { browser, status } of opened) {
      assert.ok([303, 404, 410].includes(status), `${status}`);
      assert.equal((await browser.call(null, 'GET', '/v1/portal/session')).status, 401);
    }
  });

  describe('that the platform ends', () => {
    let own: TestTenant;
    const path = () => `/v1/tenants/${own.id}/portal-sessions`;
    beforeEach(async () => void (own = await createTenant(api)));

    it('is listed until then, and refused at once', async () => {
      const [first, second] = [await enterPortal(api, own.id, { name: 'jane' }), await enterPortal(api, own.id)];
      const listed = (await api.call('GET', path())).body.portal_sessions;
      assert.deepEqual(
        listed.map(({ id, name }: { id: string; name: string }) => [id, name]),
        [
          [second.id, 'portal'],
          [first.id, 'jane'],
        ],
      );
      assert.deepEqual(Object.keys(listed[0] as object), [
        'id',
        'name',
        'scopes',
        'created_at',
        'last_used_at',
        'expires_at',
      ]);
      assert.equal((await api.call('DELETE', `${path()}/${first.id}`)).status, 204);
      assert.equal((await first.call('GET', '/v1/webhooks')).status, 401);
      assert.equal((await second.call('GET', '/v1/webhooks')).status, 200);
      assert.equal((await api.call('DELETE', `${path()}/${first.id}`)).status, 404);
      const other = await createTenant(api);
      assert.equal((await api.call('DELETE', `/v1/tenants/${other.id}/portal-sessions/${second.id}`)).status, 404);
      assert.equal((await second.call('GET', path())).status, 403);
    });

    it('takes all others along, and the links that nobody has opened', async () => {
      const portals = [await enterPortal(api, own.id), await enterPortal(api, own.id)];
      const unused = await newLink(api, own.id);
      const bystander = await enterPortal(api, tenant.id);
      const theirLink = await newLink(api, tenant.id);
      assert.equal((await api.call('DELETE', path())).status, 204);
      for (const portal of portals) assert.equal((await portal.call('GET', '/v1/webhooks')).status, 401);
      assert.equal((await new Browser(api).open(unused)).status, 404);
      assert.equal((await bystander.call('GET', '/v1/webhooks')).status, 200);
      assert.equal((await new Browser(api).open(theirLink)).status, 303);
      const { entries } = (await api.call('GET', `/v1/audit-log?tenant_id=${own.id}&action=portal_session.ended`)).body;
      assert.deepEqual(
        entries.map(({ subject }: { subject: { id: string } }) => subject.id).sort(),
        portals.map(({ id }) => id).sort(),
      );
    });

    it('ends its streams as well', async () => {
      const portal = await enterPortal(api, own.id);
      const webhookId = await createWebhook(own);
      const stream = await openStream(`${api.url}/v1/webhooks/${webhookId}/stream`, {
        Cookie: portal.browser.cookieHeader,
        'X-IRISX-Session': portal.csrfToken,
      });
      await api.call('DELETE', `${path()}/${portal.id}`);
      await stream.waitForComment(/^end: the API key or session was deleted or has expired$/);
    });
  });
});

describe('the scope api_keys:write', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
  });
  after(() => api.close());

  it('lets a session manage the keys of its own tenant, and of no other', async () => {
    const other = await createTenant(api);
    const portal = await enterPortal(api, tenant.id);
    const of = ({ id }: TestTenant, key = '') => `/v1/tenants/${id}/api-keys${key}`;
    const body = { name: 'billing', scopes: ['webhooks:read'] };
    const made = await portal.call('POST', of(tenant), { body });
    assert.equal(made.status, 201);
    assert.equal((await api.call('GET', '/v1/webhooks', { key: made.body.key as string })).status, 200);
    const { api_keys: keys } = (await portal.call('GET', of(tenant))).body;
    assert.equal(keys.length, 2);
    const others = (await api.call('GET', of(other))).body.api_keys[0].id as string;
    assert.equal((await portal.call('POST', of(other), { body })).status, 404);
    assert.equal((await portal.call('GET', of(other))).status, 404);
    assert.equal((await portal.call('DELETE', of(other, `/${others}`))).status, 404);
    assert.equal((await portal.call('DELETE', of(tenant, `/${others}`))).status, 404);
    assert.equal((await portal.call('DELETE', of(tenant, `/${made.body.api_key.id}`))).status, 204);
    assert.equal((await tenant.call('GET', of(tenant))).status, 403, 'a key without the scope');
  });

  it('gives no scope that the caller does not have itself', async () => {
    const path = `/v1/tenants/${tenant.id}/api-keys`;
    const portal = await enterPortal(api, tenant.id, { scopes: ['webhooks:read', 'api_keys:write'] });
    const refused = await portal.call('POST', path, {
      body: { name: 'x', scopes: ['webhooks:read', 'webhooks:write', 'messages:write'] },
    });
    assert.deepEqual(problem(refused), [
      403,
      'You can give only scopes that you have yourself: webhooks:read, api_keys:write; not webhooks:write, messages:write.',
    ]);
    const step = await portal.call('POST', path, { body: { name: 'x', scopes: ['webhooks:read', 'api_keys:write'] } });
    assert.equal(step.status, 201);
    const further = await api.call('POST', path, {
      key: step.body.key as string,
      body: { name: 'y', scopes: ['webhooks:write'] },
    });
    assert.equal(further.status, 403, 'nor by way of a key');
    assert.equal((await portal.call('POST', path, { body: { name: 'x', scopes: ['admin'] } })).status, 400);
  });
});

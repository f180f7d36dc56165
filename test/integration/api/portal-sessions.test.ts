import assert from 'node:assert/strict';
import { openStream } from '../../support/event-stream.js';
import { Browser, enterPortal, newLink } from './browser.js';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

const problem = ({ status, body }: { status: number; body: { detail: string } }) => [status, body.detail] as const;

describe('a link into the portal', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
  });
  after(() => api.close());

  it('has the form that the platform redirects to, and expires in ten minutes', async () => {
    const { body } = await api.call('POST', `/v1/tenants/${tenant.id}/portal-links`);
    const { url, expires_at: expiresAt } = body.portal_link as { url: string; expires_at: string };
    assert.match(url, new RegExp(`^${api.url}/portal/enter\\?token=[A-Za-z0-9_-]{43}$`));
    const seconds = (Date.parse(expiresAt) - Date.now()) / 1000;
    assert.ok(seconds > 590 && seconds < 610, `${seconds}`);
  });

  it('sends the browser to the portal with a session as it was asked for', async () => {
    const browser = new Browser(api);
    const url = await newLink(api, tenant.id, {
      name: 'jane@example.com',
      scopes: ['webhooks:read'],
      session_seconds: 3600,
      return_url: 'https://app.example.com/settings',
    });
    const response = await browser.open(url);
    assert.deepEqual([response.status, response.headers.get('location')], [303, '/portal/']);
    assert.match(
      response.headers.get('set-cookie')!,
      /^irisx_portal=[A-Za-z0-9_-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const { session } = (await browser.call(null, 'GET', '/v1/portal/session')).body;
    const { id, csrf_token: csrfToken, created_at: createdAt, expires_at: expiresAt, ...rest } = session;
    assert.deepEqual(rest, {
      kind: 'tenant',
      tenant: { id: tenant.id, name: 'Acme' },
      name: 'jane@example.com',
      scopes: ['webhooks:read'],
      return_url: 'https://app.example.com/settings',
    });
    assert.equal(Date.parse(expiresAt as string) - Date.parse(createdAt as string), 3_600_000);
    assert.ok(id && csrfToken && csrfToken !== browser.cookies.get('irisx_portal'));
  });

  it('works once, even if it is opened many times at once', async () => {
    const url = await newLink(api, tenant.id);
    const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await new Browser(api).open(url)).status));
    assert.deepEqual(statuses.sort(), [303, 410, 410, 410]);
    const page = await (await new Browser(api).open(url)).text();
    assert.match(page, /This link was used already[\s\S]*makes a new link/);
  });

  it('leads the browser that has its session to the portal again, and no other', async () => {
    const browser = new Browser(api);
    const url = await newLink(api, tenant.id);
    await browser.open(url);
    const cookie = browser.cookieHeader;
    const again = await browser.open(url);
    assert.deepEqual([again.status, again.headers.get('location'), browser.cookieHeader], [303, '/portal/', cookie]);
    const { browser: other } = await enterPortal(api, tenant.id);
    assert.equal((await other.open(url)).status, 410);
  });

  it('is not used up by a preview', async () => {
    const url = await newLink(api, tenant.id);
    for (const [name, value] of [
      ['Sec-Purpose', 'prefetch'],
      ['Sec-Purpose', 'prefetch;prerender'],
      ['Purpose', 'prefetch'],
    ] as const) {
      const response = await new Browser(api).open(url, { [name]: value });
      assert.deepEqual([response.status, response.headers.getSetCookie()], [503, []], 'a browser keeps no error');
    }
    const head = await new Browser(api).open(url, {}, 'HEAD');
    assert.deepEqual([head.status, head.headers.getSetCookie()], [200, []]);
    assert.equal((await new Browser(api).open(url)).status, 303);
  });

  it('that has expired, or is not known, says so in words', async () => {
    const url = await newLink(api, tenant.id);
    await api.pool.query(`update portal_links set expires_at = now() where session_id is null`);
    const expired = await new Browser(api).open(url);
    assert.equal(expired.status, 410);
    assert.match(expired.headers.get('content-type')!, /^text\/html/);
    assert.match(await expired.text(), /This link has expired/);
    for (const token of ['?token=x', '', `?token=${'a'.repeat(43)}`, '?token=a&token=b']) {
      const unknown = await new Browser(api).open(`/portal/enter${token}`);
      assert.equal(unknown.status, 404, token);
      assert.match(await unknown.text(), /This link is not known/);
    }
  });

  it('cannot be made for a tenant that does not exist, or with settings that are not valid', async () => {
    const path = `/v1/tenants/${tenant.id}/portal-links`;
    const missing = '/v1/tenants/00000000-0000-7000-8000-000000000000/portal-links';
    assert.equal((await api.call('POST', missing)).status, 404);
    for (const body of [
      { expires_in_seconds: 9 },
      { session_seconds: 604_801 },
      { scopes: ['admin'] },
      { scopes: [] },
      { return_url: 'javascript:alert(1)' },
      { name: '' },
    ])
      assert.equal((await api.call('POST', path, { body })).status, 400, JSON.stringify(body));
    assert.equal((await tenant.call('POST', path)).status, 403);
  });

  it('is in the audit log, as is what the session does, and in no log line or table', async () => {
    const url = await newLink(api, tenant.id, { name: 'jane@example.com' });
    const token = new URL(url).searchParams.get('token')!;
    const browser = new Browser(api);
    await browser.open(url);
    const cookie = browser.cookies.get('irisx_portal')!;
    const { session } = (await browser.call(null, 'GET', '/v1/portal/session')).body;
    await browser.call(session.csrf_token as string, 'POST', '/v1/webhooks', {
      body: { url: 'https://hooks.example.com', events: ['*'] },
    });
    await browser.call(session.csrf_token as string, 'DELETE', '/v1/portal/session');
    assert.equal((await new Browser(api).open(url)).status, 404);

    const { entries } = (await api.call('GET', `/v1/audit-log?tenant_id=${tenant.id}&limit=4`)).body;
    const actor = { type: 'portal', id: session.id, name: 'jane@example.com' };
    const admin = { type: 'api_key', id: null, name: 'IRISX_ADMIN_KEY' };
    assert.deepEqual(
      entries.map((entry: { action: string; actor: unknown }) => [entry.action, entry.actor]),
      [
        ['portal_session.ended', actor],
        ['webhook.created', actor],
        ['portal_session.started', actor],
        ['portal_link.created', admin],
      ],
    );
    const kept = JSON.stringify([
      api.logLines,
      (await api.pool.query('select s::text from browser_sessions s union all select l::text from portal_links l'))
        .rows,
      entries,
    ]);
    assert.ok(api.logLines.some((line) => line.includes('/portal/enter')));
    for (const secret of [token, cookie, session.csrf_token as string]) assert.ok(!kept.includes(secret));
  });
});

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
    const [deleted, ...opened] = await Promise.all([
      api.call('DELETE', `/v1/tenants/${leaving.id}?confirm=Acme`),
      ...urls.map(async (url) => (await new Browser(api).open(url)).status),
    ]);
    assert.equal(deleted.status, 204);
    for (const status of opened) assert.ok([303, 404, 410].includes(status), `${status}`);
    const { rows } = await api.pool.query('select from browser_sessions where tenant_id = $1', [leaving.id]);
    assert.equal(rows.length, 0);
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

describe("the portal's cookie", () => {
  const cookieOf = async (overrides: Parameters<typeof startApi>[0], headers: Record<string, string> = {}) => {
    const api = await startApi(overrides);
    try {
      const tenant = await createTenant(api);
      const browser = new Browser(api);
      const url = await newLink(api, tenant.id);
      const response = await browser.open(new URL(url).pathname + new URL(url).search, headers);
      const { status, body } = await browser.call(null, 'GET', '/v1/portal/session', { headers });
      assert.equal(status, 200);
      const called = await browser.call(body.session.csrf_token as string, 'GET', '/v1/webhooks', { headers });
      assert.equal(called.status, 200);
      await browser.call(body.session.csrf_token as string, 'DELETE', '/v1/portal/session', { headers });
      assert.equal(browser.cookies.size, 0);
      return { url, cookie: response.headers.get('set-cookie')!.replace(/=[\w-]{43}/, '=…'), response };
    } finally {
      await api.close();
    }
  };

  it('is kept to this host by https', async () => {
    const { url, cookie } = await cookieOf({ publicBaseUrl: 'https://hooks.example.com' });
    assert.match(url, /^https:\/\/hooks\.example\.com\/portal\/enter\?token=/);
    assert.equal(cookie, '__Host-irisx_portal=…; Max-Age=28800; Path=/; HttpOnly; Secure; SameSite=Lax');
    const proxied = await cookieOf({ trustedProxies: ['127.0.0.1/32'] }, { 'X-Forwarded-Proto': 'https' });
    assert.equal(proxied.cookie, cookie);
  });

  it('goes along into iframes of the origins that may show the portal, by https only', async () => {
    const portalFrameAncestors = ['https://app.example.com', 'https://*.example.net'];
    const { cookie, response } = await cookieOf({ publicBaseUrl: 'https://hooks.example.com', portalFrameAncestors });
    assert.equal(cookie, '__Host-irisx_portal=…; Max-Age=28800; Path=/; HttpOnly; Secure; Partitioned; SameSite=None');
    assert.match(
      response.headers.get('content-security-policy')!,
      /frame-ancestors https:\/\/app\.example\.com https:\/\/\*\.example\.net$/,
    );
    const plain = await cookieOf({ portalFrameAncestors });
    assert.equal(plain.cookie, 'irisx_portal=…; Max-Age=28800; Path=/; HttpOnly; SameSite=Lax');
  });
});

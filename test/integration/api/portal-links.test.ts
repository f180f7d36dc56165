import assert from 'node:assert/strict';
import { Browser, enterPortal, newLink } from './browser.js';
import { createTenant, startApi, type Api, type TestTenant } from './fixture.js';

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

import assert from 'node:assert/strict';
import { adminKey, createTenant, startApi, type Api } from './fixture.js';

describe('authentication', () => {
  let api: Api;
  before(async () => void (api = await startApi()));
  after(() => api.close());

  it('answers 401 with a challenge where there is no key, or a wrong one', async () => {
    const none = await api.call('GET', '/v1/tenants', { key: null });
    assert.deepEqual([none.status, none.headers.get('www-authenticate')], [401, 'Bearer']);
    for (const key of ['x', `${adminKey}x`, `irisx_${'A'.repeat(43)}`, 'a\u00e9b']) {
      const { status, headers } = await api.call('GET', '/v1/tenants', { key });
      assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer error="invalid_token"'], key);
    }
    for (const header of [adminKey, `Basic ${adminKey}`, 'Bearer', 'Bearer ', `Bearer ${adminKey} more`]) {
      const { status } = await api.call('GET', '/v1/tenants', { key: null, headers: { Authorization: header } });
      assert.equal(status, 401, header);
    }
  });

  it('takes the name of the scheme in any case', async () => {
    const { status } = await api.call('GET', '/v1/tenants', {
      key: null,
      headers: { Authorization: `bearer ${adminKey}` },
    });
    assert.equal(status, 200);
  });

  it('names the scope that a key lacks', async () => {
    const reader = await createTenant(api, ['webhooks:read']);
    const refused = await reader.call('POST', '/v1/webhooks', { body: {} });
    assert.equal(refused.status, 403);
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer error="insufficient_scope", scope="webhooks:write"');
    assert.match(refused.body.detail, /scope webhooks:write; this one has webhooks:read\./);
    const writer = await createTenant(api, ['webhooks:write']);
    assert.equal((await writer.call('GET', '/v1/webhooks')).status, 403);
    const events = await api.call('POST', '/v1/api-keys', { body: { name: 'x', scopes: ['events:write'] } });
    assert.equal((await api.call('GET', '/v1/tenants', { key: events.body.key })).status, 403);
  });

  it("lets no platform key act on a tenant's routes, and says what to use instead", async () => {
    for (const [method, path] of [
      ['GET', '/v1/webhooks'],
      ['POST', '/v1/webhooks'],
      ['GET', '/v1/webhooks/1'],
      ['PATCH', '/v1/webhooks/1'],
      ['DELETE', '/v1/webhooks/1'],
      ['POST', '/v1/webhooks/1/test'],
      ['POST', '/v1/webhooks/1/rotate-secret'],
      ['GET', '/v1/webhooks/1/deliveries'],
    ] as const) {
      const { status, body } = await api.call(method, path);
      assert.equal(status, 403, `${method} ${path}`);
      assert.match(body.detail, /POST \/v1\/tenants\/:id\/api-keys/);
    }
  });

  it("lets no tenant's key act on the platform's routes", async () => {
    const tenant = await createTenant(api, ['webhooks:read', 'webhooks:write', 'messages:write']);
    for (const [method, path] of [
      ['GET', '/v1/tenants'],
      ['POST', '/v1/tenants'],
      ['GET', `/v1/tenants/${tenant.id}`],
      ['GET', `/v1/tenants/${tenant.id}/api-keys`],
      ['POST', `/v1/tenants/${tenant.id}/api-keys`],
      ['POST', '/v1/api-keys'],
      ['POST', '/v1/events'],
    ] as const) {
      const { status, body } = await tenant.call(method, path);
      assert.equal(status, 403, `${method} ${path}`);
      assert.match(body.detail, /only the platform's own keys/);
    }
  });

  it('looks at the key before it looks at the body', async () => {
    const { status } = await api.call('POST', '/v1/tenants', {
      key: 'wrong',
      raw: '{',
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(status, 401);
  });

  it('asks for no key where none is needed', async () => {
    assert.equal((await api.call('GET', '/v1/event-types', { key: null })).status, 200);
    assert.equal((await api.call('GET', '/healthz', { key: null })).status, 200);
  });

  it('writes keys and bodies into no log line', async () => {
    const tenant = await createTenant(api);
    await tenant.call('POST', '/v1/webhooks', {
      body: { url: 'https://example.com/?s=hidden-1', headers: { 'X-A': 'hidden-2' }, max_retries: 99 },
    });
    const log = api.logLines.join('');
    assert.match(log, /"path":"\/v1\/webhooks","status":400/);
    for (const secret of [adminKey, tenant.key, 'hidden-1', 'hidden-2']) assert.ok(!log.includes(secret), secret);
  });
});

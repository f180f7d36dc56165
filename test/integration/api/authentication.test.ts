import assert from 'node:assert/strict';
import { adminKey, createTenant, startApi, type Api } from './fixture.js';

describe('authentication', () => {
  let api: Api;
  before(async () => void (api = await startApi()));
  after(() => api.close());

  it('answers 401 with a challenge when the key is missing or wrong', async () => {
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

  it('accepts the scheme name in upper or lower case', async () => {
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

  it("does not let a platform key without admin call a tenant's routes, and says what to use instead", async () => {
    const made = await api.call('POST', '/v1/api-keys', { body: { name: 'source', scopes: ['events:write'] } });
    const { key } = made.body as { key: string };
    for (const [method, path] of [
      ['GET', '/v1/webhooks'],
      ['POST', '/v1/webhooks'],
      ['GET', '/v1/webhooks/1'],
      ['PATCH', '/v1/webhooks/1'],
      ['DELETE', '/v1/webhooks/1'],
      ['POST', '/v1/webhooks/1/test'],
      ['POST', '/v1/webhooks/1/rotate-secret'],
      ['POST', '/v1/webhooks/1/verify'],
      ['GET', '/v1/webhooks/1/deliveries'],
    ] as const) {
      const { status, body } = await api.call(method, path, { key });
      assert.equal(status, 403, `${method} ${path}`);
      assert.match(body.detail, /POST \/v1\/tenants\/:id\/api-keys/);
    }
  });

  it("does not let tenants' keys call the platform's routes", async () => {
    const tenant = await createTenant(api, ['webhooks:read', 'webhooks:write', 'messages:write']);
    for (const [method, path] of [
      ['GET', '/v1/tenants'],
      ['POST', '/v1/tenants'],
      ['GET', `/v1/tenants/${tenant.id}`],
      ['POST', `/v1/tenants/${tenant.id}/portal-links`],
      ['GET', '/v1/platform/tenants'],
      ['POST', '/v1/api-keys'],
      ['POST', '/v1/events'],
    ] as const) {
      const { status, body } = await tenant.call(method, path);
      assert.equal(status, 403, `${method} ${path}`);
      assert.match(body.detail, /only the platform's own keys/);
    }
  });

  it('checks the key before the body', async () => {
    const { status } = await api.call('POST', '/v1/tenants', {
      key: 'wrong',
      raw: '{',
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(status, 401);
  });

  describe('with a key that triggers one event after another', () => {
    async function triggering() {
      const { body: made } = await api.call('POST', '/v1/api-keys', { body: { name: 'x', scopes: ['events:write'] } });
      const { id: tenantId } = await createTenant(api);
      const trigger = (eventId: string) =>
        api.call('POST', '/v1/events', {
          key: made.key,
          body: {
            tenant_id: tenantId,
            event_type: 'webhook.test',
            event_id: eventId,
            payload: { webhook_id: 1, message: 'Hello' },
          },
        });
      const events = async () =>
        (await api.pool.query('select from webhook_events where tenant_id = $1', [tenantId])).rowCount;
      assert.deepEqual([(await trigger('1')).status, (await trigger('2')).status], [201, 201]);
      return { keyId: made.api_key.id as string, trigger, events };
    }

    it('refuses events once the key is deleted, new or repeated', async () => {
      const { keyId, trigger, events } = await triggering();
      assert.equal((await api.call('DELETE', `/v1/api-keys/${keyId}`)).status, 204);
      assert.deepEqual([(await trigger('3')).status, (await trigger('1')).status], [401, 401]);
      assert.equal(await events(), 2);
    });

    it('refuses events once the key has expired', async () => {
      const { keyId, trigger, events } = await triggering();
      await api.pool.query("update api_keys set expires_at = now() - interval '1 s' where id = $1", [keyId]);
      assert.deepEqual([(await trigger('3')).status, (await trigger('3')).status], [401, 401]);
      assert.equal(await events(), 2);
    });

    it('still recognises a repeat', async () => {
      const { trigger, events } = await triggering();
      const [again, third] = [await trigger('1'), await trigger('3')];
      assert.deepEqual([again.status, third.status, await events()], [200, 201, 3]);
    });

    it('checks the key and stores the event in one statement', async () => {
      const { keyId, trigger } = await triggering();
      // A separate look-up of the key would set last_used_at.
      await api.pool.query('update api_keys set last_used_at = null where id = $1', [keyId]);
      assert.equal((await trigger('3')).status, 201);
      const { rows } = await api.pool.query<{ last_used_at: Date | null }>(
        'select last_used_at from api_keys where id = $1',
        [keyId],
      );
      assert.equal(rows[0]!.last_used_at, null);
    });
  });

  it('requires no key for public routes', async () => {
    assert.equal((await api.call('GET', '/v1/event-types', { key: null })).status, 200);
    assert.equal((await api.call('GET', '/healthz', { key: null })).status, 200);
  });

  it('never logs keys or bodies', async () => {
    const tenant = await createTenant(api);
    await tenant.call('POST', '/v1/webhooks', {
      body: { url: 'https://example.com/?s=hidden-1', headers: { 'X-A': 'hidden-2' }, max_retries: 99 },
    });
    const log = api.logLines.join('');
    assert.match(log, /"path":"\/v1\/webhooks","status":400/);
    for (const secret of [adminKey, tenant.key, 'hidden-1', 'hidden-2']) assert.ok(!log.includes(secret), secret);
  });
});

import assert from 'node:assert/strict';
import { createTenant, startApi, type Api } from './fixture.js';

describe('tenants and API keys', () => {
  let api: Api;
  before(async () => void (api = await startApi()));
  after(() => api.close());

  it('can be created, shown and listed', async () => {
    const created = await api.call('POST', '/v1/tenants', { body: { name: 'Acme Ltd' } });
    assert.equal(created.status, 201);
    assert.equal(created.body.tenant.name, 'Acme Ltd');
    const { id } = created.body.tenant;
    const shown = await api.call('GET', `/v1/tenants/${id}`);
    assert.deepEqual(shown.body, created.body);
    const sameInUpperCase = await api.call('GET', `/v1/tenants/${String(id).toUpperCase()}`);
    assert.deepEqual(sameInUpperCase.body, created.body);
    const listed = await api.call('GET', '/v1/tenants');
    assert.deepEqual(listed.body.tenants[0], created.body.tenant);
  });

  it("keep the platform's own id of a tenant, which is unique", async () => {
    const create = (external_id?: unknown) => api.call('POST', '/v1/tenants', { body: { name: 'Acme', external_id } });
    const { body } = await create('42');
    assert.equal(body.tenant.external_id, '42');
    assert.deepEqual((await api.call('GET', `/v1/tenants/${body.tenant.id}`)).body, body);
    const taken = await create('42');
    assert.equal(taken.status, 409);
    assert.match(taken.body.detail, /"42"/);
    for (const none of [undefined, null, undefined]) {
      const created = await create(none);
      assert.deepEqual([created.status, created.body.tenant.external_id], [201, null]);
    }
    for (const bad of ['', 'x'.repeat(101), 42, 'a\0b']) assert.equal((await create(bad)).status, 400);
  });

  it('get 404 for an unknown tenant', async () => {
    const missing = '/v1/tenants/00000000-0000-0000-0000-000000000001';
    assert.equal((await api.call('GET', missing)).status, 404);
    assert.equal((await api.call('GET', '/v1/tenants/abc')).status, 404);
    assert.equal((await api.call('GET', `${missing}/api-keys`)).status, 404);
    const created = await api.call('POST', `${missing}/api-keys`, { body: { name: 'x', scopes: ['webhooks:read'] } });
    assert.equal(created.status, 404);
  });

  it('show a key once, store only its hash, and list it by its prefix', async () => {
    const tenant = await createTenant(api);
    const created = await api.call('POST', `/v1/tenants/${tenant.id}/api-keys`, {
      body: { name: 'billing', scopes: ['webhooks:read', 'webhooks:read'] },
    });
    assert.match(created.body.key, /^irisx_[A-Za-z0-9_-]{43}$/);
    assert.deepEqual(created.body.api_key.scopes, ['webhooks:read']);
    assert.ok(created.body.key.startsWith(created.body.api_key.prefix));
    const listed = await api.call('GET', `/v1/tenants/${tenant.id}/api-keys`);
    assert.deepEqual(listed.body.api_keys[0], created.body.api_key);
    const { rows } = await api.pool.query('select api_keys::text as row from api_keys');
    assert.ok(rows.every(({ row }: { row: string }) => !row.includes(created.body.key.slice(12))));
  });

  it('refuse a deleted key from the next request on', async () => {
    const tenant = await createTenant(api);
    assert.equal((await tenant.call('GET', '/v1/webhooks')).status, 200);
    const [key] = (await api.call('GET', `/v1/tenants/${tenant.id}/api-keys`)).body.api_keys;
    assert.notEqual(key.last_used_at, null);
    assert.equal((await api.call('DELETE', `/v1/tenants/${tenant.id}/api-keys/${key.id}`)).status, 204);
    assert.equal((await tenant.call('GET', '/v1/webhooks')).status, 401);
    assert.equal((await api.call('DELETE', `/v1/tenants/${tenant.id}/api-keys/${key.id}`)).status, 404);
  });

  it("do not allow deleting keys of another tenant or of the platform by a tenant's path", async () => {
    const [one, other] = [await createTenant(api), await createTenant(api)];
    const [key] = (await api.call('GET', `/v1/tenants/${other.id}/api-keys`)).body.api_keys;
    assert.equal((await api.call('DELETE', `/v1/tenants/${one.id}/api-keys/${key.id}`)).status, 404);
    assert.equal((await api.call('DELETE', `/v1/api-keys/${key.id}`)).status, 404);
    assert.equal((await other.call('GET', '/v1/webhooks')).status, 200);
  });

  it('refuse an expired key, and an expiry in the past', async () => {
    const tenant = await createTenant(api);
    await api.pool.query("update api_keys set expires_at = now() - interval '1 s' where tenant_id = $1", [tenant.id]);
    assert.equal((await tenant.call('GET', '/v1/webhooks')).status, 401);
    const past = { name: 'x', scopes: ['webhooks:read'], expires_at: '2020-01-01T00:00:00Z' };
    const refused = await api.call('POST', `/v1/tenants/${tenant.id}/api-keys`, { body: past });
    assert.deepEqual([refused.status, refused.body.errors[0].path], [400, 'expires_at']);
    assert.match(refused.body.errors[0].message, /in the future.*"2020-01-01T00:00:00Z"/);
  });

  it("keep the scopes of tenants' keys and platform keys apart", async () => {
    const tenant = await createTenant(api);
    const asTenant = await api.call('POST', `/v1/tenants/${tenant.id}/api-keys`, {
      body: { name: 'x', scopes: ['admin'] },
    });
    assert.equal(asTenant.status, 400);
    assert.deepEqual(asTenant.body.errors, [
      {
        path: 'scopes.0',
        message: 'expected one of webhooks:read, webhooks:write, messages:write, api_keys:write, got "admin"',
      },
    ]);
    const asPlatform = await api.call('POST', '/v1/api-keys', { body: { name: 'x', scopes: ['webhooks:read'] } });
    assert.equal(asPlatform.status, 400);
  });

  it('include platform keys that can be created, listed and deleted', async () => {
    const created = await api.call('POST', '/v1/api-keys', { body: { name: 'operator', scopes: ['admin'] } });
    assert.equal(created.status, 201);
    const { key, api_key: apiKey } = created.body;
    const listed = await api.call('GET', '/v1/api-keys', { key });
    assert.deepEqual(
      listed.body.api_keys.map(({ id }: { id: string }) => id),
      [apiKey.id],
    );
    assert.equal((await api.call('DELETE', `/v1/api-keys/${apiKey.id}`, { key })).status, 204);
    assert.equal((await api.call('GET', '/v1/api-keys', { key })).status, 401);
  });

  it('refuse names that are empty, too long or not storable in Postgres', async () => {
    for (const name of ['', 'x'.repeat(201), 'a\0b', '\ud800', 7, null]) {
      const { status, body } = await api.call('POST', '/v1/tenants', { body: { name } });
      assert.deepEqual([status, body.errors[0].path], [400, 'name'], JSON.stringify(name));
    }
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createTenant, startApi, type Api, type TestTenant } from './fixture.js';

describe('the retention of a tenant', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
  });
  after(() => api.close());

  const path = (id = tenant.id) => `/v1/tenants/${id}/retention`;
  const unset = { bodies: null, attempts: null, deliveries: null, events: null, calls: null, messages: null };

  it('is the default until it is set, part by part', async () => {
    assert.deepEqual((await api.call('GET', path())).body, { retention: unset });
    const set = await api.call('PUT', path(), { body: { bodies: 7, messages: 90 } });
    assert.deepEqual(set.body, { retention: { ...unset, bodies: 7, messages: 90 } });
    const changed = await api.call('PUT', path(), { body: { bodies: null } });
    assert.deepEqual(changed.body, { retention: { ...unset, messages: 90 } });
    assert.deepEqual((await api.call('GET', path())).body, changed.body);
    assert.ok(api.logLines.some((line) => line.includes('tenant.retention_set') && line.includes(tenant.id)));
  });

  it('needs an admin key, a tenant and days from 1 to 3650', async () => {
    assert.equal((await tenant.call('GET', path())).status, 403);
    assert.equal((await tenant.call('PUT', path(), { body: { bodies: 1 } })).status, 403);
    for (const method of ['GET', 'PUT'])
      assert.equal((await api.call(method, path(randomUUID()), method === 'PUT' ? { body: {} } : {})).status, 404);
    for (const body of [{ bodies: 0 }, { bodies: 3651 }, { bodies: '7' }, { audit: 1 }])
      assert.equal((await api.call('PUT', path(), { body })).status, 400, JSON.stringify(body));
  });
});

import assert from 'node:assert/strict';
import { endpoints } from '../../../src/api/app.js';
import { createOpenApiDocument } from '../../../src/api/http/openapi.js';
import { isTenantScope } from '../../../src/api/http/authenticate.js';
import { createTenant, createWebhook, startApi, triggerDtmf, type Api, type TestTenant } from './fixture.js';

const missing = '00000000-0000-7000-8000-000000000000';

describe('an admin key', () => {
  let api: Api;
  let tenant: TestTenant;
  let webhook: number;
  let delivery: string;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
    webhook = await createWebhook(tenant);
    [delivery = ''] = await triggerDtmf(api, tenant);
  });
  after(() => api.close());

  it('reads, retries and pauses for the tenant that the query names', async () => {
    const query = `?tenant_id=${tenant.id}`;
    const own = await tenant.call('GET', `/v1/webhooks/${webhook}/deliveries?limit=1`);
    const forTenant = await api.call('GET', `/v1/webhooks/${webhook}/deliveries${query}&limit=1`);
    assert.deepEqual([forTenant.status, forTenant.body], [200, own.body]);
    const retried = await api.call('POST', `/v1/webhooks/${webhook}/deliveries/${delivery}/retry${query}`);
    assert.deepEqual([retried.status, retried.body.delivery.id], [202, delivery]);
    const paused = await api.call('PATCH', `/v1/webhooks/${webhook}${query}`, { body: { enabled: false } });
    assert.deepEqual([paused.status, paused.body.webhook.enabled], [200, false]);
    const line = api.logLines.map((text) => JSON.parse(text) as Record<string, unknown>).at(-1)!;
    assert.equal(line['tenant'], tenant.id);
  });

  it("names the tenant by the platform's own id instead", async () => {
    const named = await createTenant(api);
    await api.pool.query("update tenants set external_id = 'acme 7' where id = $1", [named.id]);
    const made = await createWebhook(named);
    const found = await api.call('GET', '/v1/webhooks?tenant_external_id=acme%207');
    assert.deepEqual(
      found.body.webhooks.map(({ id }: { id: number }) => id),
      [made],
    );
  });

  it('sees nothing of other tenants in that call', async () => {
    const other = await createTenant(api);
    const { status } = await api.call('GET', `/v1/webhooks/${webhook}?tenant_id=${other.id}`);
    assert.equal(status, 404);
  });

  it('must name exactly one tenant that exists', async () => {
    for (const [query, status, detail] of [
      ['', 400, /either tenant_id or tenant_external_id/],
      [`?tenant_id=${tenant.id}&tenant_external_id=1`, 400, /either tenant_id or tenant_external_id/],
      ['?tenant_id=7', 400, /the id of one tenant, a UUID/],
      [`?tenant_id=${tenant.id}&tenant_id=${tenant.id}`, 400, /the id of one tenant, a UUID/],
      ['?tenant_external_id=', 400, /the external id of one tenant/],
      ['?tenant_external_id=%00', 400, /the external id of one tenant/],
      [`?tenant_id=${missing}`, 404, new RegExp(`There is no tenant .*${missing}`)],
      ['?tenant_external_id=nobody', 404, /There is no tenant .*nobody/],
    ] as const) {
      const response = await api.call('GET', `/v1/webhooks${query}`);
      assert.equal(response.status, status, query);
      assert.match(JSON.stringify(response.body), detail, query);
    }
  });

  it('is needed for that: a key that only triggers may not, and a tenant key names no tenant', async () => {
    const { key } = (await api.call('POST', '/v1/api-keys', { body: { name: 'source', scopes: ['events:write'] } }))
      .body as { key: string };
    const source = await api.call('GET', `/v1/webhooks?tenant_id=${tenant.id}`, { key });
    assert.equal(source.status, 403);
    const own = await tenant.call('GET', `/v1/webhooks?tenant_id=${tenant.id}`);
    assert.deepEqual(
      [own.status, own.body.errors],
      [400, [{ path: 'tenant_id', message: 'is unknown; expected one of limit, cursor' }]],
    );
  });

  it('may make every call of a tenant in this way, and the OpenAPI document says so', async () => {
    const document = createOpenApiDocument(endpoints, '1.0.0');
    const ofTenants = endpoints.filter(({ access, tenantInPath }) => isTenantScope(access) && !tenantInPath);
    assert.ok(ofTenants.length > 15, `${ofTenants.length}`);
    for (const { method, path, operationId, allTenants } of ofTenants) {
      const sent = method === 'get' ? {} : { body: {} };
      const { status } = await api.call(method.toUpperCase(), path.replace(/:\w+/g, '1'), sent);
      assert.equal(status, allTenants ? 200 : 400, `${operationId} without a tenant`);
      const operation = document.paths![path.replace(/:(\w+)/g, '{$1}')]![method]!;
      const names = operation.parameters!.map((parameter) => 'name' in parameter && parameter.name);
      assert.ok(names.includes('tenant_id') && names.includes('tenant_external_id'), operationId);
    }
  });
});

import assert from 'node:assert/strict';
import { waitFor } from '../../support/wait-for.js';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

describe('quotas of a tenant', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => void (api = await startApi()));
  beforeEach(async () => void (tenant = await createTenant(api)));
  after(() => api.close());

  const setQuotas = (body: unknown) => api.call('PUT', `/v1/tenants/${tenant.id}/quotas`, { body });
  const register = (via = api) =>
    via.call('POST', '/v1/webhooks', { key: tenant.key, body: { url: 'https://hooks.example.com', events: ['*'] } });
  const trigger = (via: Api, eventId: string, tenantId = tenant.id) =>
    via.call('POST', '/v1/events', {
      body: { tenant_id: tenantId, event_type: 'webhook.test', event_id: eventId, payload: { message: 'x' } },
    });

  it('start with 100 webhooks, are set by name, and are shown with the tenant', async () => {
    const quotas = async () => (await api.call('GET', `/v1/tenants/${tenant.id}`)).body.tenant.quotas;
    assert.deepEqual(await quotas(), { webhooks: 100, events_per_minute: null, requests_per_minute: null });
    const set = { webhooks: 5, events_per_minute: 600, requests_per_minute: 6_000 };
    assert.deepEqual((await setQuotas(set)).body, { quotas: set });
    assert.deepEqual((await setQuotas({ webhooks: null })).body.quotas, { ...set, webhooks: null });
    assert.deepEqual(await quotas(), { ...set, webhooks: null });
    assert.deepEqual((await setQuotas({})).body.quotas, { ...set, webhooks: null });
    for (const bad of [{ webhooks: -1 }, { events_per_minute: 1.5 }, { requests_per_minute: 0 }, { webhook: 1 }, []])
      assert.equal((await setQuotas(bad)).status, 400, JSON.stringify(bad));
    const missing = await api.call('PUT', '/v1/tenants/00000000-0000-0000-0000-000000000001/quotas', { body: {} });
    assert.equal(missing.status, 404);
    assert.equal((await tenant.call('PUT', `/v1/tenants/${tenant.id}/quotas`, { body: {} })).status, 403);
  });

  it('limit webhooks, even when many are created at the same time in two processes', async () => {
    await setQuotas({ webhooks: 5 });
    const second = await startApi({ databaseUrl: api.databaseUrl });
    try {
      const responses = await Promise.all(Array.from({ length: 30 }, (_, i) => register(i % 2 ? api : second)));
      const statuses = responses.map(({ status }) => status);
      assert.deepEqual([statuses.filter((s) => s === 201).length, statuses.filter((s) => s === 409).length], [5, 25]);
      assert.match(responses.find(({ status }) => status === 409)!.body.detail, /has 5 webhooks, and its quota is 5/);
    } finally {
      await second.close();
    }
    const { webhooks } = (await tenant.call('GET', '/v1/webhooks')).body;
    assert.equal(webhooks.length, 5);
    assert.equal((await tenant.call('DELETE', `/v1/webhooks/${webhooks[0].id}`)).status, 204);
    assert.deepEqual([(await register()).status, (await register()).status], [201, 409]);
    await setQuotas({ webhooks: null });
    assert.equal((await register()).status, 201);
  });

  it('limit events per minute over all processes, and do not affect other tenants', async () => {
    await createWebhook(tenant);
    await setQuotas({ events_per_minute: 10 });
    const others = await createTenant(api);
    // Both start with the quota above.
    const processes = [
      await startApi({ databaseUrl: api.databaseUrl }),
      await startApi({ databaseUrl: api.databaseUrl }),
    ];
    try {
      const responses = await Promise.all(
        Array.from({ length: 30 }, (_, i) => trigger(processes[i % 2]!, `event-${i}`)),
      );
      const statuses = responses.map(({ status }) => status);
      assert.deepEqual([statuses.filter((s) => s === 201).length, statuses.filter((s) => s === 429).length], [10, 20]);
      const refused = responses.find(({ status }) => status === 429)!;
      const seconds = Number(refused.headers.get('retry-after'));
      assert.ok(seconds >= 1 && seconds <= 60, `Retry-After: ${seconds}`);
      assert.match(refused.body.detail, /quota is 10 events a minute/);
      assert.equal((await trigger(processes[0]!, 'other', others.id)).status, 201);
      const { rowCount } = await api.pool.query('select from webhook_events where tenant_id = $1', [tenant.id]);
      assert.equal(rowCount, 10);
    } finally {
      for (const each of processes) await each.close();
    }
  });

  it('of events take effect soon after they are set, changed or removed, and start afresh every minute', async () => {
    let events = 0;
    const until = (expected: number) =>
      waitFor(async () => (await trigger(api, `soon-${(events += 1)}`)).status === expected, {
        what: `an event answered ${expected}`,
      });
    assert.equal((await trigger(api, 'first')).status, 201);
    await setQuotas({ events_per_minute: 0 });
    await until(429);
    await setQuotas({ events_per_minute: 1_000_000 });
    await until(201);
    await setQuotas({ events_per_minute: 1 });
    await until(429);
    await setQuotas({ events_per_minute: null });
    await until(201);
    await setQuotas({ events_per_minute: 1 });
    await until(429);
    await api.pool.query(
      "update tenant_event_counts set minute_began_at = minute_began_at - interval '1 min' where tenant_id = $1",
      [tenant.id],
    );
    const restarted = await startApi({ databaseUrl: api.databaseUrl });
    try {
      assert.deepEqual([(await trigger(restarted, 'a')).status, (await trigger(restarted, 'b')).status], [201, 429]);
    } finally {
      await restarted.close();
    }
  });

  it("need a tenant, which can be found by the platform's id of it", async () => {
    const external_id = `crm-${tenant.id}`;
    const { body } = await api.call('POST', '/v1/tenants', { body: { name: 'Acme', external_id } });
    const found = await api.call('GET', `/v1/tenants?external_id=${external_id}`);
    assert.deepEqual(found.body, { tenants: [body.tenant], next_cursor: null });
    assert.deepEqual((await api.call('GET', '/v1/tenants?external_id=nobody')).body.tenants, []);
    assert.equal((await api.call('GET', '/v1/tenants?external_id=a%00b')).status, 400);
  });
});

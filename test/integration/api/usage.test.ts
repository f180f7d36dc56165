import assert from 'node:assert/strict';
import { createTenant, startApi, type Api, type TestTenant } from './fixture.js';

describe('usage and limits over the API', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => void (api = await startApi()));
  after(() => api.close());
  beforeEach(async () => void (tenant = await createTenant(api)));

  const put = (body: unknown, id = tenant.id) => api.call('PUT', `/v1/tenants/${id}/limits`, { body });
  const limits = async () => (await api.call('GET', `/v1/tenants/${tenant.id}/limits`)).body.limits as unknown;
  const usage = (query = '') => api.call('GET', `/v1/tenants/${tenant.id}/usage${query}`);
  /** `used` is in milliseconds of calls, or in segments. */
  const insertUsage = (month: string, resource: string, used: number) =>
    api.pool.query('insert into tenant_usage (tenant_id, month, resource, used) values ($1, $2, $3, $4)', [
      tenant.id,
      month,
      resource,
      used,
    ]);
  const triggered = async () =>
    (
      await api.pool.query<{ event_type: string }>(
        'select event_type from webhook_events where tenant_id = $1 order by event_type desc',
        [tenant.id],
      )
    ).rows.map((row) => row.event_type);
  const month = () => new Date().toISOString().slice(0, 7);

  it('are zero and unlimited for a new tenant', async () => {
    assert.deepEqual(await limits(), { call_minutes: null, sms_segments: null });
    assert.deepEqual((await usage()).body, {
      usage: { month: month(), call_minutes: 0, sms_segments: 0 },
      limits: { call_minutes: null, sms_segments: null },
    });
  });

  it('are set and removed one by one, and a limit that is not named stays', async () => {
    const { status, body } = await put({ call_minutes: 100.125, sms_segments: 500 });
    assert.equal(status, 200);
    assert.deepEqual(body.limits, { call_minutes: 100.125, sms_segments: 500 });
    assert.deepEqual((await put({ sms_segments: null })).body.limits, { call_minutes: 100.125, sms_segments: null });
    assert.deepEqual((await put({})).body.limits, { call_minutes: 100.125, sms_segments: null });
    assert.deepEqual((await put({ call_minutes: 0 })).body.limits, { call_minutes: 0, sms_segments: null });
    assert.deepEqual(await limits(), { call_minutes: 0, sms_segments: null });
  });

  it('are refused when a limit is invalid', async () => {
    for (const [body, path] of [
      [{ call_minutes: -1 }, 'call_minutes'],
      [{ call_minutes: 0.0001 }, 'call_minutes'],
      [{ call_minutes: '100' }, 'call_minutes'],
      [{ call_minutes: 1e12 }, 'call_minutes'],
      [{ sms_segments: 1.5 }, 'sms_segments'],
      [{ sms_segments: -1 }, 'sms_segments'],
      [{ max_minutes: 5 }, 'max_minutes'],
    ] as const) {
      const response = await put(body);
      assert.deepEqual([response.status, response.body.errors?.[0]?.path], [400, path], JSON.stringify(body));
    }
    assert.deepEqual(await limits(), { call_minutes: null, sms_segments: null });
  });

  it('show the usage of any month, in minutes and segments', async () => {
    await insertUsage('2025-10', 'call_minutes', 90_500);
    await insertUsage('2025-10', 'sms_segments', 12);
    await insertUsage('2025-11', 'sms_segments', 1);
    assert.deepEqual((await usage('?month=2025-10')).body.usage, {
      month: '2025-10',
      call_minutes: 1.508,
      sms_segments: 12,
    });
    assert.deepEqual((await usage('?month=2025-11')).body.usage.sms_segments, 1);
    for (const query of ['?month=2025-13', '?month=2025-1', '?month=0000-01', '?month=2025-10-01', '?months=2025-10'])
      assert.equal((await usage(query)).status, 400, query);
  });

  it("make an event immediately, once, when a limit is set below this month's usage", async () => {
    await insertUsage(month(), 'sms_segments', 85);
    await insertUsage('2020-01', 'call_minutes', 60_000_000);
    await put({ sms_segments: 200, call_minutes: 10 });
    assert.deepEqual(await triggered(), []);
    await put({ sms_segments: 100 });
    assert.deepEqual(await triggered(), ['tenant.limit.warning']);
    await Promise.all([1, 2, 3, 4, 5].map(() => put({ sms_segments: 50 })));
    assert.deepEqual(await triggered(), ['tenant.limit.warning', 'tenant.limit.reached']);
  });

  it('answer 404 for an unknown tenant, and are for admins only', async () => {
    const missing = '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a';
    assert.equal((await put({ call_minutes: 1 }, missing)).status, 404);
    assert.equal((await api.call('GET', `/v1/tenants/${missing}/limits`)).status, 404);
    assert.equal((await api.call('GET', `/v1/tenants/${missing}/usage`)).status, 404);
    const path = `/v1/tenants/${tenant.id}/limits`;
    assert.equal((await tenant.call('PUT', path, { body: { call_minutes: null } })).status, 403);
    assert.equal((await tenant.call('GET', path)).status, 403);
  });
});

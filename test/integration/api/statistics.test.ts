import assert from 'node:assert/strict';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

const none = { p50: null, p95: null, p99: null };
const noOutcomes = {
  '2xx': 0,
  '3xx': 0,
  '4xx': 0,
  '5xx': 0,
  timeout: 0,
  dns: 0,
  connection: 0,
  tls: 0,
  blocked_address: 0,
  invalid_response: 0,
  transform: 0,
};
const empty = {
  events: 0,
  delivered: 0,
  failed: 0,
  expired: 0,
  attempts: 0,
  outcomes: noOutcomes,
  duration_ms: none,
  delay_ms: none,
};

describe('statistics by minute, hour and day', () => {
  let api: Api;
  let tenant: TestTenant;
  let webhookId: number;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
    webhookId = await createWebhook(tenant);
    const add = (of: number | null, unit: string, start: string) =>
      api.pool.query(
        `insert into webhook_statistics (tenant_id, webhook_id, unit, start, events, delivered, failed, expired, outcomes, durations, delays)
         values ($1, $2, $3, $4, 9, 5, 2, 1, '{5,0,1,2,0,0,3}', '{0,1,2}', '{4}')`,
        [tenant.id, of, unit, start],
      );
    await add(webhookId, 'hour', '2025-10-29T12:00:00Z');
    await add(webhookId, 'day', '2025-10-29T00:00:00Z');
    await add(null, 'hour', '2025-10-29T13:00:00Z');
    await add(webhookId, 'minute', '2025-10-29T12:01:00Z');
  });
  after(() => api.close());

  const ofWebhook = (query: string) => tenant.call('GET', `/v1/webhooks/${webhookId}/statistics?${query}`);
  const span = 'since=2025-10-29T11:30:00Z&until=2025-10-29T13:00:01Z';
  const full = {
    events: 9,
    delivered: 5,
    failed: 2,
    expired: 1,
    attempts: 11,
    outcomes: { ...noOutcomes, '2xx': 5, '4xx': 1, '5xx': 2, connection: 3 },
    duration_ms: { p50: 1, p95: 1, p99: 1 },
    delay_ms: { p50: 1, p95: 1, p99: 1 },
  };

  it('have a bucket for each hour of the time that is asked for, also for those in which nothing happened', async () => {
    const { status, body } = await ofWebhook(span);
    assert.equal(status, 200);
    assert.deepEqual(body.buckets, [
      { start: '2025-10-29T11:00:00.000Z', ...empty },
      { start: '2025-10-29T12:00:00.000Z', ...full },
      { start: '2025-10-29T13:00:00.000Z', ...empty },
    ]);
  });

  it("are the webhook's or all of the tenant's", async () => {
    const { body } = await tenant.call('GET', `/v1/statistics?${span}`);
    assert.deepEqual(
      body.buckets.map(({ events }: { events: number }) => events),
      [0, 0, 9],
    );
    const other = await createTenant(api);
    const others = await other.call('GET', `/v1/statistics?${span}`);
    assert.ok(others.body.buckets.every(({ events }: { events: number }) => events === 0));
  });

  it('may be by minute or by day', async () => {
    const minutes = await ofWebhook('bucket=minute&since=2025-10-29T12:00:30Z&until=2025-10-29T12:03:00Z');
    assert.deepEqual(
      minutes.body.buckets.map(({ start, events }: { start: string; events: number }) => [start, events]),
      [
        ['2025-10-29T12:00:00.000Z', 0],
        ['2025-10-29T12:01:00.000Z', 9],
        ['2025-10-29T12:02:00.000Z', 0],
      ],
    );
    const days = await ofWebhook('bucket=day&since=2025-10-29T12:00:00Z&until=2025-10-30T00:00:00Z');
    assert.deepEqual(days.body.buckets, [{ start: '2025-10-29T00:00:00.000Z', ...full }]);
  });

  it('are by default of the last 60 minutes, 24 hours or 30 days, the current one included', async () => {
    for (const [bucket, count, ms] of [
      ['minute', 60, 60_000],
      ['hour', 24, 3_600_000],
      ['day', 30, 86_400_000],
    ] as const) {
      const before = Math.floor(Date.now() / ms) * ms;
      const { body } = await tenant.call('GET', `/v1/statistics?bucket=${bucket}`);
      assert.equal(body.buckets.length, count);
      const last = Date.parse(body.buckets.at(-1).start);
      assert.ok(last === before || last === before + ms, `${bucket}: ${body.buckets.at(-1).start}`);
    }
    const future = await tenant.call('GET', '/v1/statistics?until=2100-01-01T00:00:00Z');
    assert.equal(future.body.buckets.length, 24, 'none that has not begun');
  });

  it('are refused if they would be too many, or of no time', async () => {
    const week = await ofWebhook('bucket=minute&since=2025-10-01T00:00:30Z&until=2025-10-08T00:00:30Z');
    assert.equal(week.body.buckets.length, 7 * 1440 + 1);
    const year = await ofWebhook('since=2024-01-01T00:00:00Z&until=2025-01-01T00:00:00Z');
    assert.equal(year.body.buckets.length, 366 * 24);
    const months = await ofWebhook('bucket=minute&since=2025-01-01T00:00:00Z&until=2025-03-01T00:00:00Z');
    assert.equal(months.status, 400);
    assert.match(months.body.errors[0].message, /84960 buckets of a minute, at most 10200.*longer buckets/);
    const backwards = await ofWebhook('since=2025-01-02T00:00:00Z&until=2025-01-01T00:00:00Z');
    assert.equal(backwards.status, 400);
    assert.match(backwards.body.errors[0].message, /before until, 2025-01-01T00:00:00.000Z; got 2025-01-02/);
    assert.equal((await ofWebhook('bucket=week')).status, 400);
    assert.equal((await ofWebhook('zone=Europe/Berlin')).status, 400);
  });

  it('are CSV for who prefers that', async () => {
    const csv = (accept: string) =>
      tenant.call('GET', `/v1/webhooks/${webhookId}/statistics?${span}`, { headers: { Accept: accept } });
    const { headers, body } = await csv('text/csv');
    assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8');
    assert.match(headers.get('vary') ?? '', /Accept/);
    assert.deepEqual((body as string).split('\r\n'), [
      'start,events,delivered,failed,expired,attempts,2xx,3xx,4xx,5xx,timeout,dns,connection,tls,blocked_address,invalid_response,transform,duration_ms_p50,duration_ms_p95,duration_ms_p99,delay_ms_p50,delay_ms_p95,delay_ms_p99',
      '2025-10-29T11:00:00.000Z,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,,,,,,',
      '2025-10-29T12:00:00.000Z,9,5,2,1,11,5,0,1,2,0,0,3,0,0,0,0,1,1,1,1,1,1',
      '2025-10-29T13:00:00.000Z,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,,,,,,',
      '',
    ]);
    for (const accept of ['*/*', 'application/json, text/csv', 'text/csv;q=0.5, */*', 'image/png'])
      assert.equal(typeof (await csv(accept)).body, 'object', accept);
  });

  it('stay readable when the webhook was deleted', async () => {
    const deleted = await createWebhook(tenant);
    await tenant.call('DELETE', `/v1/webhooks/${deleted}`);
    assert.equal((await tenant.call('GET', `/v1/webhooks/${deleted}/statistics`)).status, 200);
    assert.equal((await tenant.call('GET', '/v1/webhooks/999999/statistics')).status, 404);
  });
});

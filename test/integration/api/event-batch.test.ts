import assert from 'node:assert/strict';
import type { Queryable } from '../../../src/db/database.js';
import { openDatabase } from '../../../src/db/database.js';
import { createTenant, createWebhook, startApi, type Api, type TestTenant } from './fixture.js';

describe('POST /v1/events/batch', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => void (api = await startApi()));
  beforeEach(async () => void (tenant = await createTenant(api)));
  after(() => api.close());

  const payload = { call_sid: 'call-1', digit: '5', timestamp: '2025-10-29T12:00:00Z' };
  const dtmf = (event_id: string, more: Record<string, unknown> = {}) => ({
    tenant_id: tenant.id,
    event_type: 'call.dtmf',
    event_id,
    payload,
    ...more,
  });
  const send = (events: unknown, via = api) => via.call('POST', '/v1/events/batch', { body: { events } });
  const eventIds = async () =>
    (
      await api.pool.query<{ event_id: string }>(
        'select event_id from webhook_events where tenant_id = $1 order by created_at',
        [tenant.id],
      )
    ).rows.map(({ event_id }) => event_id);

  it('answers each event in order like a single call, and a bad one does not stop the others', async () => {
    await createWebhook(tenant);
    const { tenant: named } = (
      await api.call('POST', '/v1/tenants', { body: { name: 'B', external_id: `own ${tenant.id}` } })
    ).body;
    await api.call('PUT', `/v1/tenants/${named.id}/quotas`, { body: { events_per_minute: 1 } });
    const fresh = await startApi({ databaseUrl: api.databaseUrl });
    try {
      const byName = { tenant_id: undefined, tenant_external_id: `own ${tenant.id}` };
      const events = [
        dtmf('first'),
        dtmf('first'),
        dtmf('first', { payload: { ...payload, digit: '6' } }),
        dtmf('bad', { payload: { digit: 'x' } }),
        dtmf('bad', { event_type: 'call.exploded' }),
        'no event',
        dtmf('nobody’s', { tenant_id: '00000000-0000-0000-0000-000000000001' }),
        dtmf('large', { payload: { ...payload, note: 'x'.repeat(256 * 1024) } }),
        dtmf('by name', byName),
        dtmf('over the quota', byName),
        dtmf('last'),
      ];
      const { status, body } = await send(events, fresh);
      assert.equal(status, 200);
      assert.deepEqual(
        body.results.map((result: { status: number }) => result.status),
        [201, 200, 422, 400, 400, 400, 404, 413, 201, 429, 201],
      );
      for (const index of [1, 2, 3, 4, 6]) {
        const single = await fresh.call('POST', '/v1/events', { body: events[index] });
        const { status, ...result } = body.results[index];
        assert.deepEqual([status, result.error ?? result], [single.status, single.body], `event ${index}`);
      }
      const limited = body.results[9];
      assert.ok(limited.retry_after >= 1 && limited.retry_after <= 60);
      assert.match(limited.error.detail, /quota is 1 events a minute/);
      assert.deepEqual(await eventIds(), ['first', 'last']);
    } finally {
      await fresh.close();
    }
  });

  it('accepts the events of a tenant in their order, 100 at most', async () => {
    const events = Array.from({ length: 100 }, (_, index) => dtmf(`event ${String(index).padStart(3, '0')}`));
    const { body } = await send(events);
    assert.ok(body.results.every((result: { status: number }) => result.status === 201));
    const stored = await eventIds();
    assert.deepEqual(stored, [...stored].sort());
    for (const wrong of [[], [...events, events[0]], 'events', null, undefined]) {
      const { status, body } = await send(wrong);
      assert.deepEqual([status, body.errors[0].path], [400, 'events']);
    }
  });

  it('uses at most four connections, however many tenants there are', async () => {
    const tenants = await Promise.all(Array.from({ length: 12 }, () => createTenant(api)));
    const db = openDatabase({ url: api.databaseUrl, poolSize: 20 });
    let open = 0;
    let most = 0;
    const counting: Queryable['query'] = async (statement, values) => {
      most = Math.max(most, ++open);
      return db.query<never>(statement, values).finally(() => open--);
    };
    const counted = await startApi({ databaseUrl: api.databaseUrl, db: { ...db, query: counting } });
    try {
      const { body } = await send(
        tenants.flatMap(({ id }) => ['a', 'b'].map((eventId) => dtmf(eventId, { tenant_id: id }))),
        counted,
      );
      assert.ok(body.results.every((result: { status: number }) => result.status === 201));
      assert.ok(most > 1 && most <= 4, `${most} at once`);
    } finally {
      await counted.close();
      await db.close();
    }
  });

  it('finds inexact numbers in every event, not only in the first ones', async () => {
    const many = dtmf('many', { payload: { ...payload, ids: Array.from({ length: 30 }, () => 'BIG') } });
    const one = dtmf('one', { payload: { ...payload, id: 'BIG' } });
    const raw = JSON.stringify({ events: [many, dtmf('sound'), one] }).replaceAll('"BIG"', '9007199254740993');
    const { body } = await api.call('POST', '/v1/events/batch', {
      raw,
      headers: { 'Content-Type': 'application/json' },
    });
    assert.deepEqual(
      body.results.map((result: { status: number }) => result.status),
      [400, 201, 400],
    );
    const { errors, detail } = body.results[0].error;
    assert.equal(errors.length, 20);
    assert.match(detail, /There are more\.$/);
    assert.deepEqual(body.results[2].error.errors[0].path, 'payload.id');
  });

  it('accepts only platform keys, and refuses the whole batch without one', async () => {
    assert.equal((await tenant.call('POST', '/v1/events/batch', { body: { events: [dtmf('a')] } })).status, 403);
    const keyless = await api.call('POST', '/v1/events/batch', { key: null, body: { events: [dtmf('a')] } });
    assert.equal(keyless.status, 401);
    assert.deepEqual(await eventIds(), []);
  });

  it('puts its events into the trace of the call, as a single call does', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { traceparent };
    await api.call('POST', '/v1/events/batch', { body: { events: [dtmf('a'), dtmf('b')] }, headers });
    await api.call('POST', '/v1/events', { body: dtmf('c'), headers });
    await send([dtmf('d')]);
    await api.call('POST', '/v1/events', { body: dtmf('e'), headers: { traceparent: 'nonsense' } });
    const { rows } = await api.pool.query(
      'select event_id, traceparent, sends_traceparent from webhook_events where tenant_id = $1 order by event_id',
      [tenant.id],
    );
    assert.deepEqual(
      rows.map((row) => Object.values(row as object)),
      [...['a', 'b', 'c'].map((id) => [id, traceparent, true]), ...['d', 'e'].map((id) => [id, null, false])],
    );
  });
});

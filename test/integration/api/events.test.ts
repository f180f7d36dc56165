import assert from 'node:assert/strict';
import { eventTypeNames } from '../../../src/events/event-types.js';
import { createTenant, createWebhook, startApi, type ApiResponse, type Api, type TestTenant } from './fixture.js';

describe('POST /v1/events', () => {
  let api: Api;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    tenant = await createTenant(api);
  });
  after(() => api.close());

  const payload = { call_sid: 'call-1', digit: '5', timestamp: '2025-10-29T12:00:00Z' };
  const dtmf = (more: Record<string, unknown> = {}) => ({
    tenant_id: tenant.id,
    event_type: 'call.dtmf',
    event_id: 'dtmf-1',
    payload,
    ...more,
  });
  const trigger = (body: unknown): Promise<ApiResponse> => api.call('POST', '/v1/events', { body });
  const bodyOf = async (eventId: string): Promise<string> => {
    const { rows } = await api.pool.query<{ body: string }>('select body from webhook_events where event_id = $1', [
      eventId,
    ]);
    return rows[0]?.body ?? '';
  };

  it('answers 201 with one delivery per subscribed webhook, held for a paused one, and starts the pending ones', async () => {
    const subscribed = await createWebhook(tenant, { events: ['call.dtmf', 'call.answered'] });
    await createWebhook(tenant, { events: ['sms.sent'] });
    const paused = await createWebhook(tenant, { enabled: false });
    const { status, body } = await trigger(dtmf({ occurred_at: '2025-10-29T14:00:00.1239+02:00' }));
    assert.equal(status, 201);
    assert.deepEqual(body.event, {
      id: body.event.id,
      event_type: 'call.dtmf',
      event_id: 'dtmf-1',
      timestamp: '2025-10-29T12:00:00.123Z',
    });
    const [first, second] = body.deliveries;
    assert.deepEqual(body.deliveries, [
      { id: first.id, webhook_id: subscribed, status: 'pending' },
      { id: second.id, webhook_id: paused, status: 'held' },
    ]);
    assert.deepEqual(api.workflows.started, [
      {
        id: first.id,
        eventRowId: body.event.id,
        tenantId: tenant.id,
        webhookId: subscribed,
        eventType: 'call.dtmf',
        eventId: 'dtmf-1',
      },
    ]);
  });

  it('answers a repeat with 200 and the first response, and starts nothing', async () => {
    const event = dtmf({ event_id: 'repeat-1', occurred_at: '2025-10-29T12:00:00Z' });
    const first = await trigger(event);
    const started = api.workflows.started.length;
    const again = await trigger({ ...event, tenant_id: tenant.id.toUpperCase(), occurred_at: undefined });
    assert.deepEqual([again.status, again.body], [200, first.body]);
    assert.equal(api.workflows.started.length, started);
  });

  it('answers 422 to a repeat with another payload', async () => {
    await trigger(dtmf({ event_id: 'mismatch-1' }));
    const { status, body } = await trigger(dtmf({ event_id: 'mismatch-1', payload: { ...payload, digit: '6' } }));
    assert.equal(status, 422);
    assert.match(body.detail, /use a new event_id/);
  });

  it('names the known event types when the type is unknown', async () => {
    const { status, body } = await trigger(dtmf({ event_type: 'call.exploded' }));
    assert.equal(status, 400);
    const [error] = body.errors;
    assert.equal(error.path, 'event_type');
    for (const name of eventTypeNames) assert.ok(error.message.includes(name), name);
  });

  it('names the fields of a payload that does not fit', async () => {
    const { status, body } = await trigger(dtmf({ payload: { digit: 'x' } }));
    assert.equal(status, 400);
    assert.deepEqual(body.errors.map(({ path }: { path: string }) => path).sort(), [
      'payload.call_sid',
      'payload.digit',
      'payload.timestamp',
    ]);
  });

  it('names every missing field and every unknown one', async () => {
    const { status, body } = await trigger({ tenant: 'x' });
    assert.equal(status, 400);
    assert.deepEqual(body.errors.map(({ path }: { path: string }) => path).sort(), [
      'event_id',
      'event_type',
      'payload',
      'tenant',
      'tenant_id',
    ]);
  });

  it("takes either the tenant id or the platform's own id of the tenant, but not both", async () => {
    const { tenant: other } = (await api.call('POST', '/v1/tenants', { body: { name: 'B', external_id: '42' } })).body;
    const byExternalId = (id: unknown, more = {}) =>
      trigger(dtmf({ tenant_id: undefined, tenant_external_id: id, event_id: 'external-1', ...more }));
    assert.equal((await byExternalId('42')).status, 201);
    assert.equal((await trigger(dtmf({ tenant_id: other.id, event_id: 'external-1' }))).status, 200);
    assert.equal((await byExternalId('42', { event_id: 'external-2' })).status, 201, 'asked again');
    const unknown = await byExternalId('43');
    const unknownId = await trigger(dtmf({ tenant_id: '00000000-0000-0000-0000-000000000001' }));
    assert.deepEqual([unknown.status, unknown.body.type], [404, unknownId.body.type]);
    assert.equal(unknown.body.detail, 'There is no tenant 43.');
    for (const [given, message] of [
      [{ tenant_external_id: '42' }, /together with tenant_external_id; leave one/],
      [{ tenant_id: undefined }, /missing; give tenant_id \(a UUID\), or tenant_external_id/],
    ] as const) {
      const { status, body } = await trigger(dtmf(given));
      assert.deepEqual([status, body.errors.length, body.errors[0].path], [400, 1, 'tenant_id']);
      assert.match(body.errors[0].message, message);
      assert.doesNotMatch(JSON.stringify(body), /call-1/, 'shows nothing of the payload');
    }
    for (const id of ['', 'x'.repeat(101), 42, null]) assert.equal((await byExternalId(id)).status, 400);
  });

  it('answers 404 for an unknown tenant, and 400 for an invalid tenant id', async () => {
    assert.equal((await trigger(dtmf({ tenant_id: '00000000-0000-0000-0000-000000000001' }))).status, 404);
    assert.equal((await trigger(dtmf({ tenant_id: 'acme' }))).status, 400);
  });

  it('refuses event ids and times that cannot be stored', async () => {
    for (const event_id of ['', 'a\0b', 'a\nb', '\ud800', 'x'.repeat(256), 7, null]) {
      const { status, body } = await trigger(dtmf({ event_id }));
      assert.deepEqual([status, body.errors[0].path], [400, 'event_id'], JSON.stringify(event_id));
    }
    for (const occurred_at of [
      'yesterday',
      '2025-10-29',
      '2025-02-30T00:00:00Z',
      '0000-01-01T00:00:00Z',
      // field case 93: in UTC these are in the year 10000
      '9999-12-31T23:59:59-23:59',
      '9999-12-31T23:59:59.999-00:01',
      0,
      null,
    ]) {
      const { status, body } = await trigger(dtmf({ occurred_at }));
      assert.deepEqual([status, body.errors[0].path], [400, 'occurred_at'], JSON.stringify(occurred_at));
    }
  });

  it('keeps everything in the payload, including fields that the schema does not know', async () => {
    const raw = `{"tenant_id":"${tenant.id}","event_type":"call.dtmf","event_id":"whole-1","occurred_at":"2025-10-29T12:00:00Z",
      "payload":{"call_sid":"c","digit":"1","timestamp":"2025-10-29T12:00:00Z","text":"Zażółć 😀 \\u0000 \\ud800","n":1.0,"__proto__":{"a":[1,null]}}}`;
    const { status } = await api.call('POST', '/v1/events', { raw, headers: { 'Content-Type': 'application/json' } });
    assert.equal(status, 201);
    assert.equal(
      await bodyOf('whole-1'),
      '{"event":"call.dtmf","event_id":"whole-1","timestamp":"2025-10-29T12:00:00.000Z","data":' +
        '{"call_sid":"c","digit":"1","timestamp":"2025-10-29T12:00:00Z","text":"Zażółć 😀 \\u0000 \\ud800","n":1,"__proto__":{"a":[1,null]}}}',
    );
  });

  it('refuses numbers that would lose precision, and names their path', async () => {
    const raw = JSON.stringify(dtmf({ event_id: 'big-1', payload: { ...payload, ids: [1, 'BIG'] } })).replace(
      '"BIG"',
      '9007199254740993',
    );
    const { status, body } = await api.call('POST', '/v1/events', {
      raw,
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(status, 400);
    assert.deepEqual(body.errors, [
      {
        path: 'payload.ids.1',
        message: '9007199254740993 cannot be carried exactly as a JSON number (RFC 8259 §6); send it as text',
      },
    ]);
  });

  it('field case 69: answers 413 for an event over 256 KB and for a body over 1 MB, and stores nothing', async () => {
    const large = await trigger(dtmf({ event_id: 'large-1', payload: { ...payload, note: 'x'.repeat(256 * 1024) } }));
    assert.equal(large.status, 413);
    assert.match(large.body.detail, /at most 262144/);
    const huge = await trigger(
      dtmf({ event_id: 'large-2', payload: { ...payload, note: 'x'.repeat(3 * 1024 * 1024) } }),
    );
    assert.equal(huge.status, 413);
    const fits = await trigger(dtmf({ event_id: 'large-3', payload: { ...payload, note: 'x'.repeat(255 * 1024) } }));
    assert.equal(fits.status, 201);
    const { rows } = await api.pool.query("select event_id from webhook_events where event_id like 'large-%'");
    assert.deepEqual(rows, [{ event_id: 'large-3' }]);
  });

  it('accepts the example of every event type', async () => {
    const { body } = await api.call('GET', '/v1/event-types', { key: null });
    assert.deepEqual(
      body.event_types.map(({ name }: { name: string }) => name),
      eventTypeNames,
    );
    for (const { name, example } of body.event_types as { name: string; example: unknown }[]) {
      const { status } = await trigger(dtmf({ event_type: name, event_id: `example-${name}`, payload: example }));
      assert.equal(status, 201, name);
    }
  });
});

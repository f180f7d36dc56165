import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { forget } from '../../../activities/maintenance/forget.js';
import { recordAttempt, takeAttempt, type AttemptVerdict } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { insertExpunge, listExpunges } from '../../../src/db/expunge.js';
import { requestRetry } from '../../../src/db/deliveries.js';
import { carryOutExpunge } from '../../../src/events/expunge.js';
import { createLogger } from '../../../src/log.js';
import { insertOutboundMessage } from '../../support/sms-events.js';
import { adminKey, createTenant, createWebhook, recordAnswer, startApi, type Api, type TestTenant } from './fixture.js';

describe('POST /v1/events/expunge', () => {
  let api: Api;
  let db: Database;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    db = openDatabase({ url: api.databaseUrl, poolSize: 2 });
  });
  after(async () => {
    await db.close();
    await api.close();
  });
  beforeEach(async () => {
    tenant = await createTenant(api);
  });

  const number = '+15551230001';
  async function trigger(from: string, eventId: string = randomUUID(), of = tenant): Promise<string[]> {
    const { body } = await api.call('POST', '/v1/events', {
      body: {
        tenant_id: of.id,
        event_type: 'call.answered',
        event_id: eventId,
        payload: {
          call_sid: 'c',
          from,
          to: '+15557654321',
          status: 'in-progress',
          answered_at: '2025-10-29T12:00:00Z',
        },
      },
    });
    return (body as { deliveries: { id: string }[] }).deliveries.map(({ id }) => id);
  }
  const expunge = async (subject: object) => {
    const { status, body } = await api.call('POST', '/v1/events/expunge', {
      body: { tenant_id: tenant.id, ...subject },
    });
    assert.equal(status, 202, JSON.stringify(body));
    return (body as { expunged: object }).expunged;
  };
  const show = async (webhookId: number, id: string) =>
    (await tenant.call('GET', `/v1/webhooks/${webhookId}/deliveries/${id}`)).body.delivery as Record<
      string,
      unknown
    > & {
      attempts: Record<string, unknown>[];
    };
  const take = async (id: string) => {
    const taken = await takeAttempt(db, id, { timeoutMs: 30_000, processId: randomUUID(), keyIds: api.sealer.keyIds });
    assert.equal(taken.answer, 'send');
    return taken.answer === 'send' ? taken.attempt : assert.fail();
  };
  const record = (deliveryId: string, requestId: string, verdict: AttemptVerdict) =>
    recordAttempt(db, {
      deliveryId,
      requestId,
      number: 1,
      targetVersion: 0,
      startedAt: new Date().toISOString(),
      durationMs: 1,
      statusCode: verdict === 'delivered' ? 200 : 500,
      requestHeaders: { 'X-Number': number },
      responseHeaders: { 'x-number': number },
      responseBody: `hello ${number}`,
      responseTruncated: false,
      error: verdict === 'delivered' ? null : { class: 'http_status', message: `no ${number}` },
      verdict,
      retryWaitMs: 1000,
      disabledReason: null,
      token: null,
      elapsedMs: 0,
      target: 'primary' as const,
    });

  it('erases the content of one event, of all its types, and leaves the others', async () => {
    const webhookId = await createWebhook(tenant);
    const [id] = await trigger(number, 'call-1');
    const [other] = await trigger(number, 'call-2');
    await recordAnswer(api, id!, { statusCode: 500, verdict: 'final' });
    assert.deepEqual(await expunge({ event_id: 'call-1' }), { events: 1, attempts: 1, complete: true });
    const delivery = await show(webhookId, id!);
    assert.deepEqual(
      [delivery['status'], delivery['event_id'], delivery['body'], delivery['response_body'], delivery['status_code']],
      ['failed', 'call-1', null, null, 500],
    );
    assert.ok(delivery['expunged_at']);
    const [attempt] = delivery.attempts;
    assert.deepEqual(
      [attempt!['request_headers'], attempt!['response_headers'], attempt!['response_body'], attempt!['error']],
      [{}, null, null, { class: 'http_status', message: '[expunged]' }],
    );
    const event = (await tenant.call('GET', '/v1/events?event_id=call-1')).body.events[0];
    assert.equal(event.expunged_at, (await tenant.call('GET', `/v1/events/${event.id}`)).body.event.expunged_at);
    assert.equal((await tenant.call('GET', `/v1/events/${event.id}`)).body.event.body, null);
    assert.match(String((await show(webhookId, other!))['body']), /5551230001/);
    assert.deepEqual(await expunge({ event_id: 'call-1' }), { events: 0, attempts: 0, complete: true });
    assert.deepEqual(await listExpunges(db, 10), []);
  });

  it('cancels what is still to be sent, and keeps the counters right', async () => {
    const webhookId = await createWebhook(tenant);
    const heldId = await createWebhook(tenant, { enabled: false });
    const [id, held] = await trigger(number);
    assert.deepEqual(await expunge({ phone_number: number }), { events: 1, attempts: 0, complete: true });
    assert.equal((await show(webhookId, id!))['status'], 'cancelled');
    assert.equal((await show(heldId, held!))['status'], 'cancelled');
    for (const each of [webhookId, heldId]) {
      const { statistics } = (await tenant.call('GET', `/v1/webhooks/${each}`)).body;
      assert.deepEqual([statistics.pending_deliveries, statistics.held_deliveries], ['0', '0']);
    }
    const retried = await tenant.call('POST', `/v1/webhooks/${webhookId}/deliveries/${id}/retry`);
    assert.equal(retried.status, 409);
  });

  it('erases the record of a request that is open, as it comes; a delivered one counts as delivered', async () => {
    for (const [verdict, status] of [
      ['delivered', 'delivered'],
      ['retry', 'cancelled'],
    ] as const) {
      const webhookId = await createWebhook(tenant, { events: ['call.answered'] });
      const id = (await trigger(number)).at(-1)!;
      const { requestId } = await take(id);
      await expunge({ phone_number: number });
      assert.equal((await show(webhookId, id))['status'], 'cancelled');
      await record(id, requestId, verdict);
      const delivery = await show(webhookId, id);
      assert.equal(delivery['status'], status);
      assert.ok(!JSON.stringify(delivery).includes(number));
      assert.equal(delivery.attempts.length, 1);
    }
  });

  it('is not sent even if somebody makes it pending again', async () => {
    await createWebhook(tenant);
    const [id] = await trigger(number);
    await expunge({ phone_number: number });
    await api.pool.query(
      "update webhook_deliveries set status = 'pending', finished_at = null, next_attempt_at = now() where id = $1",
      [id],
    );
    const taken = await takeAttempt(db, id!, { timeoutMs: 30_000, processId: randomUUID(), keyIds: api.sealer.keyIds });
    assert.deepEqual(taken, { answer: 'ended', status: 'cancelled', attemptCount: 0, releases: false, deliveries: 1 });
  });

  it('finds a number however it is written, and not within a longer one', async () => {
    await createWebhook(tenant);
    for (const from of [number, '15551230001', '0015551230001', 'sip:+15551230001@example.com', 'tel:%2B15551230001'])
      await trigger(from);
    for (const from of ['+155512300012', '+115551230001', '15551230002']) await trigger(from);
    assert.deepEqual(await expunge({ phone_number: number }), { events: 5, attempts: 0, complete: true });
  });

  it('takes a short code only as a whole, not as any number', async () => {
    await createWebhook(tenant);
    await trigger('12345');
    await trigger('+12345');
    await api.call('POST', '/v1/events', {
      body: {
        tenant_id: tenant.id,
        event_type: 'call.dtmf',
        event_id: 'x',
        payload: { call_sid: 'c', digit: '1', timestamp: '2025-10-29T12:00:00Z', after_ms: 12345 },
      },
    });
    assert.deepEqual(await expunge({ phone_number: '12345' }), { events: 1, attempts: 0, complete: true });
  });

  it('finds a number that only a receiver has named', async () => {
    await createWebhook(tenant);
    const [id] = await trigger('anonymous');
    await record(id!, (await take(id!)).requestId, 'delivered');
    assert.deepEqual(await expunge({ phone_number: number }), { events: 1, attempts: 1, complete: true });
  });

  it("leaves another tenant's data alone", async () => {
    const other = await createTenant(api);
    await createWebhook(other);
    await trigger(number, 'theirs', other);
    assert.deepEqual(await expunge({ phone_number: number }), { events: 0, attempts: 0, complete: true });
    assert.equal((await other.call('GET', '/v1/events')).body.events[0].expunged_at, null);
  });

  it('fails a message that was still to be sent, and erases numbers and texts of all', async () => {
    const pending = await insertOutboundMessage(api.pool, tenant.id, { from: number, body: 'secret' });
    const sent = await insertOutboundMessage(api.pool, tenant.id, {
      from: number,
      messageSid: randomUUID(),
      body: 'secret',
    });
    const other = await insertOutboundMessage(api.pool, tenant.id, { body: 'stays' });
    await expunge({ phone_number: number });
    const { rows } = await api.pool.query(
      'select id, status, error_code, from_number, to_number, body from messages where tenant_id = $1 order by id',
      [tenant.id],
    );
    const expunged = { from_number: '[expunged]', to_number: '+15551234567', body: null };
    assert.deepEqual(
      rows,
      [
        { id: pending, status: 'failed', error_code: 'expunged', ...expunged },
        { id: sent, status: 'queued', error_code: null, ...expunged },
        {
          id: other,
          status: 'pending',
          error_code: null,
          from_number: '+15557654321',
          to_number: '+15551234567',
          body: 'stays',
        },
      ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  });

  it('goes on in the background after 15 s, where the call left off', async () => {
    await createWebhook(tenant);
    for (let i = 0; i < 5; i++) await trigger(number);
    const one = await insertExpunge(db, tenant.id, { phoneNumber: number });
    const { isComplete } = await carryOutExpunge(db, one, () => false);
    assert.equal(isComplete, false);
    assert.deepEqual(await listExpunges(db, 10), [], 'its call may still be at it');
    await api.pool.query("update expunges set id = uuid_v7_floor(now() - interval '16 s')");
    await new MockActivityEnvironment().run(() =>
      forget({ db, log: createLogger({ level: 'silent', format: 'json' }) }),
    );
    const { rows } = await api.pool.query('select from webhook_events where tenant_id = $1 and body is not null', [
      tenant.id,
    ]);
    assert.equal(rows.length, 0);
    assert.equal((await api.pool.query('select from expunges')).rowCount, 0, 'the number is forgotten here too');
  });

  it('never leaves a delivery behind when it runs twice at once, with retries', async () => {
    const webhookId = await createWebhook(tenant);
    for (let i = 0; i < 20; i++) await trigger(number);
    const { rows } = await api.pool.query<{ id: string }>('select id from webhook_deliveries where tenant_id = $1', [
      tenant.id,
    ]);
    const retry = ({ id }: { id: string }) =>
      db
        .transaction((tx) => requestRetry(tx, webhookId, id, { force: false }))
        .catch((error: Error) => {
          assert.match(error.message, /was expunged/);
        });
    const [one, two] = await Promise.all([
      expunge({ phone_number: number }),
      expunge({ phone_number: number }),
      ...rows.map(retry),
    ]);
    assert.equal((one as { events: number }).events + (two as { events: number }).events, 20);
    const { rows: left } = await api.pool.query(
      "select from webhook_deliveries where tenant_id = $1 and (status <> 'cancelled' or expunged_at is null)",
      [tenant.id],
    );
    assert.equal(left.length, 0);
  });

  it('needs an admin key, one subject and a tenant', async () => {
    const call = (body: object, key = adminKey) => api.call('POST', '/v1/events/expunge', { body, key });
    assert.equal((await call({ tenant_id: tenant.id, event_id: 'x' }, tenant.key)).status, 403);
    for (const body of [
      { tenant_id: tenant.id },
      { tenant_id: tenant.id, event_id: 'x', phone_number: number },
      { tenant_id: tenant.id, phone_number: 'a number' },
      { event_id: 'x' },
    ])
      assert.equal((await call(body)).status, 400, JSON.stringify(body));
    assert.equal((await call({ tenant_id: randomUUID(), event_id: 'x' })).status, 404);
    assert.equal((await call({ tenant_external_id: 'nobody', event_id: 'x' })).status, 404);
  });

  it('writes the number into no log line', () => {
    assert.ok(api.logLines.some((line) => line.includes('events.expunged')));
    assert.deepEqual(
      api.logLines.filter((line) => line.includes('5551230001')),
      [],
    );
  });
});

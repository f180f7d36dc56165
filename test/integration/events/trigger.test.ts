import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../../src/db/database.js';
import type { StartableDelivery } from '../../../src/db/events.js';
import { EventMismatchError, InvalidInputError, NotFoundError } from '../../../src/errors.js';
import { triggerUnchecked, type UncheckedEvent } from '../../../src/events/trigger.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';
import { callCompleted } from '../../support/stack.js';

describe('triggerUnchecked', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let started: StartableDelivery[];
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 10 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });
  beforeEach(async () => {
    tenantId = await insertTenant(database.pool);
    started = [];
  });

  const trigger = (event: Partial<UncheckedEvent> = {}) =>
    triggerUnchecked(
      { db, workflows: { start: (deliveries) => void started.push(...deliveries), collect: () => undefined } },
      { tenantId, eventType: 'call.completed', eventId: 'call-1', payload: callCompleted, ...event },
    );
  const body = async () =>
    (await database.pool.query<{ body: string }>('select body from webhook_events where tenant_id = $1', [tenantId]))
      .rows[0]!.body;

  it('makes deliveries for the subscribed webhooks of the tenant, and starts only those not held', async () => {
    const all = await insertWebhook(database.pool, tenantId, { events: ['*'] });
    const calls = await insertWebhook(database.pool, tenantId, { events: ['call.completed', 'sms.sent'] });
    const paused = await insertWebhook(database.pool, tenantId, { enabled: false });
    await insertWebhook(database.pool, tenantId, { events: ['sms.sent'] });
    await insertWebhook(database.pool, await insertTenant(database.pool), { events: ['*'] });
    const { deliveries, repeated } = await trigger();
    assert.equal(repeated, false);
    assert.deepEqual(
      deliveries.map(({ webhookId, status }) => [webhookId, status]),
      [
        [all, 'pending'],
        [calls, 'pending'],
        [paused, 'held'],
      ],
    );
    assert.deepEqual(
      started.map(({ webhookId }) => webhookId),
      [all, calls],
    );
  });

  it('makes one event when called ten times at the same time', async () => {
    await insertWebhook(database.pool, tenantId);
    const responses = await Promise.all(Array.from({ length: 10 }, () => trigger()));
    assert.equal(responses.filter((response) => !response.repeated).length, 1);
    assert.equal(
      new Set(responses.map((response) => JSON.stringify({ ...response, repeated: undefined }))).size,
      1,
      'all have the first answer',
    );
    assert.equal(started.length, 1);
  });

  it('answers a repeat like the first call, whatever has happened to the delivery', async () => {
    await insertWebhook(database.pool, tenantId);
    const first = await trigger();
    await database.pool.query(
      `update webhook_deliveries set status = 'delivered', finished_at = now(), next_attempt_at = null where tenant_id = $1`,
      [tenantId],
    );
    assert.deepEqual(await trigger({ payload: Object.fromEntries(Object.entries(callCompleted).reverse()) }), {
      ...first,
      repeated: true,
    });
  });

  it('refuses a repeat with another payload', async () => {
    await trigger();
    await assert.rejects(trigger({ payload: { ...callCompleted, duration_seconds: 121 } }), EventMismatchError);
  });

  it('keeps fields that the schema does not know, in their order, and dates as text', async () => {
    const payload = { zebra: { n: 1.5 }, ...callCompleted, started_at: new Date('2026-01-02T03:04:05.678Z') };
    await trigger({ payload, occurredAt: new Date('2026-01-02T03:05:00Z') });
    assert.equal(
      await body(),
      `{"event":"call.completed","event_id":"call-1","timestamp":"2026-01-02T03:05:00.000Z","data":${JSON.stringify(payload)}}`,
    );
  });

  it('refuses an unknown type and names the known ones', async () => {
    await assert.rejects(trigger({ eventType: 'call.exploded' }), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.match(error.errors[0]!.message, /call\.exploded.*call\.initiated.*phone_number\.assigned/);
      return true;
    });
  });

  it('refuses a payload that does not fit, with the path', async () => {
    await assert.rejects(trigger({ payload: { ...callCompleted, duration_seconds: 'two' } }), (error) => {
      assert.ok(error instanceof InvalidInputError);
      assert.deepEqual(
        error.errors.map(({ path }) => path),
        ['payload.duration_seconds'],
      );
      return true;
    });
  });

  it('refuses an event id with a control character or over 255 characters, and an unknown tenant', async () => {
    for (const eventId of ['', 'a\nb', 'x'.repeat(256), '\ud800'])
      await assert.rejects(trigger({ eventId }), InvalidInputError);
    await assert.rejects(trigger({ tenantId: '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a' }), NotFoundError);
  });
});

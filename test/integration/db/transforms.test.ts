import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  recordAttempt,
  storeBody,
  takeAttempt,
  type AttemptRecord,
  type UntransformedDelivery,
} from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { insertEvent } from '../../../src/db/events.js';
import { expungeDelivery } from '../../../src/db/expunge.js';
import { updateWebhook } from '../../../src/db/webhooks.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

describe('a delivery whose body a transform makes', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let webhookId: number;
  let id: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 4 });
  });
  beforeEach(async () => {
    tenantId = await insertTenant(database.pool);
    webhookId = await insertWebhook(database.pool, tenantId);
    await setTransform('event');
    const event = { tenantId, eventType: 'call.completed', eventId: randomUUID(), occurredAt: new Date() };
    id = (await insertEvent(db, { ...event, body: '{"event":1}', orderingKey: null }))!.deliveries[0]!.id;
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  const setTransform = (transform: string | null) =>
    db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { transform }));
  const take = (ifEasy = false) =>
    takeAttempt(db, id, { timeoutMs: 30_000, processId: randomUUID(), keyIds: ['a-key'], ifEasy });
  const untransformed = async (): Promise<UntransformedDelivery> => {
    const taken = await take();
    assert.ok(taken.answer === 'transform', JSON.stringify(taken));
    return taken.delivery;
  };
  const sentBody = async () => {
    const taken = await take();
    assert.ok(taken.answer === 'send', JSON.stringify(taken));
    return taken.attempt.body;
  };
  const recordFailure = async (delivery: UntransformedDelivery, more: Partial<AttemptRecord> = {}) =>
    recordAttempt(db, {
      ...{ deliveryId: id, requestId: randomUUID(), number: delivery.number, targetVersion: delivery.targetVersion },
      ...{ startedAt: delivery.takenAt.toISOString(), durationMs: 1, elapsedMs: 0, statusCode: null, token: null },
      ...{ requestHeaders: {}, responseHeaders: null, responseBody: null, responseTruncated: false },
      ...{ error: { class: 'transform', message: 'no' }, verdict: 'final', retryWaitMs: 0, disabledReason: null },
      ...{ target: 'primary' },
      ...more,
    });
  const state = async () => {
    const { rows } = await database.pool.query<{ status: string; attempt_count: number; tokens: number }>(
      `select status, attempt_count, (select count(*)::integer from webhook_tokens where webhook_id = $2) as tokens
         from webhook_deliveries where id = $1`,
      [id, webhookId],
    );
    const { rowCount } = await database.pool.query('select from webhook_attempts where delivery_id = $1', [id]);
    return { ...rows[0]!, attempts: rowCount };
  };

  it('is sent once the body is stored, of which the first counts', async () => {
    assert.equal((await take(true)).answer, 'transform');
    const delivery = await untransformed();
    assert.deepEqual([delivery.transform, delivery.body, delivery.number], ['event', '{"event":1}', 1]);
    assert.equal((await state()).tokens, 0, 'no token is taken before');
    await Promise.all([storeBody(db, id, '"first"'), storeBody(db, id, '"first"')]);
    await storeBody(db, id, '"second"');
    assert.equal(await sentBody(), '"first"');
  });

  it('is sent with the stored body although the webhook has no transform any more', async () => {
    await storeBody(db, id, '"stored"');
    await setTransform(null);
    assert.equal(await sentBody(), '"stored"');
  });

  it('is sent as it is when the transform is removed before', async () => {
    await untransformed();
    await setTransform(null);
    assert.equal(await sentBody(), '{"event":1}');
  });

  it('fails at once and takes no token when the transform fails', async () => {
    const recorded = await recordFailure(await untransformed());
    assert.equal(recorded?.status, 'failed');
    assert.deepEqual(await state(), { status: 'failed', attempt_count: 1, attempts: 1, tokens: 0 });
  });

  it('fails once when two processes transform it at the same time', async () => {
    const delivery = await untransformed();
    const recorded = await Promise.all([recordFailure(delivery), recordFailure(delivery)]);
    assert.deepEqual(
      recorded.map((one) => [one?.status, one?.number]),
      Array(2).fill(['failed', 1]),
    );
    assert.equal((await state()).attempts, 1);
  });

  it('does not fail when another process has made its body', async () => {
    const delivery = await untransformed();
    await storeBody(db, id, '"made"');
    assert.equal((await recordFailure(delivery))?.status, 'pending');
    assert.equal((await state()).attempts, 0);
    assert.equal(await sentBody(), '"made"');
  });

  it('gets no body once its content was erased', async () => {
    await storeBody(db, id, '"made"');
    await expungeDelivery(db, id, 'another');
    await storeBody(db, id, '"made again"');
    const { rowCount } = await database.pool.query('select from webhook_bodies where delivery_id = $1', [id]);
    assert.equal(rowCount, 0);
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { planAttempt } from '../../../src/db/attempt-plan.js';
import { recordAttempt, takeAttempt, type AttemptVerdict } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { requestRetry, settleDelivery } from '../../../src/db/deliveries.js';
import { countNewDeliveries, insertEvent, type AcceptedEvent } from '../../../src/db/events.js';
import { deleteEvents } from '../../../src/db/retention.js';
import { createRecovery, requeueBatch } from '../../../src/db/recoveries.js';
import { finishSettling, settleBatch, settlingPoint } from '../../../src/db/settling.js';
import { expireDue, listNextInTurn, listUnstartedDeliveries } from '../../../src/db/unstarted-deliveries.js';
import { updateWebhook } from '../../../src/db/webhooks.js';
import { finishedRecord } from '../../support/finished-record.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

describe('the order of a call, a message or a number in Postgres', function () {
  this.timeout(60_000);
  const processId = randomUUID();
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 10 });
  });
  beforeEach(async () => {
    tenantId = await insertTenant(database.pool);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  const newEvent = (key: string | null, eventId: string = randomUUID()) => ({
    tenantId,
    eventType: 'call.completed',
    eventId,
    occurredAt: new Date(),
    body: '{}',
    orderingKey: key,
  });
  const accept = async (key: string | null): Promise<AcceptedEvent> => (await insertEvent(db, newEvent(key)))!;
  /** Accepts an event and returns its delivery to the tenant's only webhook. */
  const deliveryOf = async (key: string) => (await accept(key)).deliveries[0]!;

  const take = (id: string, ifEasy = false) =>
    takeAttempt(db, id, { timeoutMs: 30_000, ifEasy, processId, keyIds: ['a-key'] });
  /** Makes one attempt. */
  const attempt = async (id: string, verdict: AttemptVerdict) => {
    const taken = await take(id);
    assert.ok(taken.answer === 'send', `it is ${taken.answer}`);
    return recordAttempt(db, finishedRecord(id, taken.attempt, verdict));
  };
  const numbersOf = async (key: string) => {
    const { rows } = await database.pool.query<{ sequence: number }>(
      'select sequence::int from webhook_events where tenant_id = $1 and ordering_key = $2 order by id',
      [tenantId, key],
    );
    return rows.map(({ sequence }) => sequence);
  };
  const rowOf = async (id: string) => {
    const { rows } = await database.pool.query<{
      status: string;
      waits_for_turn: boolean;
      pending_since: Date | null;
      sequence: number | null;
    }>('select status, waits_for_turn, pending_since, sequence from webhook_deliveries where id = $1', [id]);
    return rows[0]!;
  };
  const isWaiting = async (id: string) => (await rowOf(id)).waits_for_turn;
  const settle = async (webhookId: number) => {
    for (let point = await settlingPoint(db, webhookId); point && !(await finishSettling(db, webhookId, point));)
      await settleBatch(db, webhookId, 2);
  };

  describe('numbers', () => {
    it('count the events of each key from 1, without a gap, however many are accepted at once', async () => {
      await Promise.all(Array.from({ length: 40 }, (_, i) => accept(i % 2 ? 'a' : 'b')));
      const expected = Array.from({ length: 20 }, (_, i) => i + 1);
      assert.deepEqual(
        (await numbersOf('a')).sort((m, n) => m - n),
        expected,
      );
      assert.deepEqual(
        (await numbersOf('b')).sort((m, n) => m - n),
        expected,
      );
    });

    it('are not used up by a repeated trigger, or by one that is rolled back', async () => {
      const first = newEvent('a');
      await insertEvent(db, first);
      await Promise.all([1, 2, 3].map(() => insertEvent(db, first)));
      await assert.rejects(
        db.transaction(async (tx) => {
          await insertEvent(tx, newEvent('a'));
          throw new Error('rolled back');
        }),
        /rolled back/,
      );
      await accept('a');
      assert.deepEqual(await numbersOf('a'), [1, 2]);
    });

    it('are given in the order of the commits', async () => {
      const [isNumbered, mayCommit] = [promiseWithResolve(), promiseWithResolve()];
      const slow = db.transaction(async (tx) => {
        const event = await insertEvent(tx, newEvent('a'), { countLater: true });
        isNumbered.resolve();
        await mayCommit.promise;
        await countNewDeliveries(tx, event!.deliveries);
      });
      await isNumbered.promise;
      // Waits until the slow one has committed.
      const fast = accept('a');
      assert.deepEqual(await numbersOf('a'), []);
      mayCommit.resolve();
      await Promise.all([slow, fast]);
      assert.deepEqual(await numbersOf('a'), [1, 2]);
    });

    it("begin at 1 again only when no event of the key is kept, and are another tenant's own", async () => {
      const [a, b] = [await accept('a'), await accept('a')];
      const keep = (days: number) => [{ tenantId, days: { events: days }, unsent: days } as never];
      await database.pool.query(
        `update webhook_events set id = uuid_v7_floor(now() - interval '40 days') where id = $1`,
        [a.id],
      );
      assert.equal(await deleteEvents(db, keep(30), 100), 1);
      await accept('a');
      assert.deepEqual(await numbersOf('a'), [2, 3]);
      await database.pool.query(
        "update webhook_events set id = uuid_v7_floor($2::timestamptz + random() * interval '1 h') where tenant_id = $1",
        [tenantId, '2020-01-01T00:00:00Z'],
      );
      await database.pool.query(`update ordering_keys set used_at = '2020-01-01' where tenant_id = $1`, [tenantId]);
      assert.equal(await deleteEvents(db, keep(30), 100), 2);
      tenantId = await insertTenant(database.pool);
      await accept('a');
      assert.deepEqual(await numbersOf('a'), [1]);
      assert.ok(b);
    });
  });

  describe('a webhook that keeps the order', () => {
    let webhookId: number;
    beforeEach(async () => {
      const unlimited = { rateLimitPerMinute: null, rateLimitPerHour: null };
      webhookId = await insertWebhook(database.pool, tenantId, { ...unlimited, maxRetries: 2 });
      await database.pool.query(`update webhooks set ordering = 'key' where id = $1`, [webhookId]);
    });

    it('is sent the next event of a key when the one before has ended, however it ended', async () => {
      const ends: Record<string, (id: string) => Promise<unknown>> = {
        delivered: (id) => attempt(id, 'delivered'),
        failed: (id) => attempt(id, 'final'),
        cancelled: (id) => settleDelivery(db, id, 'cancelled'),
        async expired(id) {
          await database.pool.query(`update webhook_deliveries set expires_at = now() where id = $1`, [id]);
          await expireDue(db, 10);
        },
      };
      for (const [status, end] of Object.entries(ends)) {
        const [first, second, third] = [await deliveryOf(status), await deliveryOf(status), await deliveryOf(status)];
        assert.deepEqual([first.starts, second.starts, third.starts], [true, false, false], status);
        assert.equal((await take(second.id)).answer, 'turn');
        await end(first.id);
        assert.deepEqual([await isWaiting(second.id), await isWaiting(third.id)], [false, true], status);
        assert.deepEqual(
          (await listNextInTurn(db, first.id)).map(({ id }) => id),
          [second.id],
        );
        await attempt(second.id, 'delivered');
        assert.equal(await isWaiting(third.id), false);
      }
    });

    it('is not held up by other keys, by other webhooks, or by events that have no key', async () => {
      const other = await insertWebhook(database.pool, tenantId, { rateLimitPerMinute: null });
      await accept('a');
      const next = await accept('a');
      assert.deepEqual(
        next.deliveries.map(({ webhookId, starts }) => [webhookId === other, starts]),
        [
          [false, false],
          [true, true],
        ],
      );
      assert.ok((await accept('b')).deliveries.every(({ starts }) => starts));
      assert.ok((await accept(null)).deliveries.every(({ starts }) => starts));
    });

    it('waits while the one before is retried, and has no workflow until then', async () => {
      const [first, second] = [await deliveryOf('a'), await deliveryOf('a')];
      const failed = await attempt(first.id, 'retry');
      assert.deepEqual([failed?.status, failed?.releases], ['pending', false]);
      assert.equal((await planAttempt(db, second.id))?.waitsFor, 'turn');
      await database.pool.query(
        `update webhook_deliveries set pending_since = pending_since - interval '1 h' where webhook_id = $1`,
        [webhookId],
      );
      assert.deepEqual(
        (await listUnstartedDeliveries(db)).map(({ id }) => id).filter((id) => id === second.id),
        [],
      );
      await database.pool.query('update webhook_deliveries set due_at = now() where id = $1', [first.id]);
      assert.equal((await attempt(first.id, 'delivered'))?.releases, true);
      assert.ok((await rowOf(second.id)).pending_since, 'the sweeper starts it if nobody else does');
    });

    it('never loses a turn when one ends while the next is accepted', async () => {
      for (let round = 0; round < 40; round++) {
        const key = `race-${round}`;
        const first = await deliveryOf(key);
        const [, second] = await Promise.all([
          round % 2 ? attempt(first.id, 'delivered') : settleDelivery(db, first.id, 'cancelled'),
          deliveryOf(key),
        ]);
        assert.equal(await isWaiting(second.id), false, `round ${round}`);
      }
    });

    it('sends one that is retried by hand out of turn: it waits for none, and none waits for it', async () => {
      const [first, second, third] = [await deliveryOf('a'), await deliveryOf('a'), await deliveryOf('a')];
      await attempt(first.id, 'final');
      await db.transaction((tx) => requestRetry(tx, webhookId, first.id, { force: false }));
      assert.equal((await take(second.id)).answer, 'send', 'not held up by the retry');
      assert.equal(await isWaiting(third.id), true);
      await db.transaction((tx) => requestRetry(tx, webhookId, third.id, { force: false }));
      assert.equal((await take(third.id)).answer, 'send', 'goes ahead of its turn');
      assert.equal((await take(first.id)).answer, 'send');
    });

    it('keeps waiting over a pause, and goes on after it', async () => {
      const [first, second] = [await deliveryOf('a'), await deliveryOf('a')];
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { enabled: false }));
      await settle(webhookId);
      const third = await deliveryOf('a');
      assert.deepEqual([(await rowOf(second.id)).status, third.status, third.starts], ['held', 'held', false]);
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { enabled: true }));
      await settle(webhookId);
      assert.equal((await take(second.id)).answer, 'turn');
      assert.equal((await rowOf(second.id)).pending_since, null);
      for (const { id } of [first, second, third]) await attempt(id, 'delivered');
    });

    it('recovers the events of a key one after the other', async () => {
      const all = [await deliveryOf('a'), await deliveryOf('a'), await deliveryOf('a')];
      for (const { id } of all) await attempt(id, 'final');
      const live = await deliveryOf('a');
      const recovery = await db.transaction((tx) =>
        createRecovery(tx, {
          webhookId,
          tenantId,
          statuses: ['failed'],
          eventTypes: null,
          since: null,
          until: null,
          includeMissing: false,
        }),
      );
      await requeueBatch(db, recovery.id, { limit: 10, ahead: 10 });
      const [first, second, third] = all.map(({ id }) => id);
      // In whatever order their workflows ask.
      assert.equal((await take(third!)).answer, 'turn');
      assert.equal((await take(second!)).answer, 'turn');
      assert.equal((await take(live.id)).answer, 'turn');
      await attempt(first!, 'delivered');
      assert.deepEqual([await isWaiting(second!), await isWaiting(third!)], [false, true]);
      await attempt(second!, 'delivered');
      await attempt(third!, 'delivered');
      assert.equal((await take(live.id)).answer, 'send');
    });

    it('gives back the token of a delivery that must wait', async () => {
      await database.pool.query('update webhooks set rate_limit_per_minute = 1 where id = $1', [webhookId]);
      const [first, second] = [await deliveryOf('a'), await deliveryOf('a')];
      await attempt(first.id, 'delivered');
      await planAttempt(db, second.id);
      // An earlier one of its key is asked for again, in a recovery.
      await database.pool.query(`select change_status(array[d], 'pending') from webhook_deliveries d where id = $1`, [
        first.id,
      ]);
      assert.equal((await take(second.id)).answer, 'turn');
      const { rows } = await database.pool.query<{ holding: number }>(
        'select (reserved - taken)::int as holding from webhook_limiters where webhook_id = $1',
        [webhookId],
      );
      assert.equal(rows[0]!.holding, 0);
    });

    it('sends everything that waits when it no longer keeps the order', async () => {
      const all = [await deliveryOf('a'), await deliveryOf('a'), await deliveryOf('a'), await deliveryOf('b')];
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { ordering: 'none' }));
      await settle(webhookId);
      for (const { id } of all) assert.equal((await take(id)).answer, 'send');
    });

    it('holds up nobody for ever when the order is taken up again before all had left it', async () => {
      const [first, second, third] = [await deliveryOf('a'), await deliveryOf('a'), await deliveryOf('a')];
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { ordering: 'none' }));
      await settleBatch(db, webhookId, 1);
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { ordering: 'key' }));
      await settle(webhookId);
      assert.deepEqual([(await rowOf(first.id)).sequence, await isWaiting(second.id)], [null, false]);
      assert.equal((await take(second.id)).answer, 'send');
      assert.equal(await isWaiting(third.id), true);
    });

    it('lets the next ones go when a lower max_retries ends several at once', async () => {
      const first = [await deliveryOf('a'), await deliveryOf('b')];
      const second = [await deliveryOf('a'), await deliveryOf('b')];
      for (const { id } of first) await attempt(id, 'retry');
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { maxRetries: 0 }));
      await settle(webhookId);
      for (const { id } of first) assert.equal((await rowOf(id)).status, 'failed');
      for (const { id } of second) assert.equal(await isWaiting(id), false);
    });
  });
});

function promiseWithResolve() {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { startNextInTurn } from '../../../activities/deliveries/next-in-turn.js';
import { sweep } from '../../../activities/maintenance/sweep.js';
import { listAttempts } from '../../../src/db/attempt-list.js';
import { formBatch, listUncollectedWebhooks } from '../../../src/db/batches.js';
import { findBody, findDelivery, settleDelivery } from '../../../src/db/deliveries.js';
import { listDeliveries } from '../../../src/db/delivery-lists.js';
import { countNewDeliveries, insertEvent, insertTestEvent, type EventTrace } from '../../../src/db/events.js';
import { expungeDelivery } from '../../../src/db/expunge.js';
import { createRecovery, requeueBatch } from '../../../src/db/recoveries.js';
import { getStatistics } from '../../../src/db/statistics.js';
import { expireDue, listNextInTurn, listUnstartedDeliveries } from '../../../src/db/unstarted-deliveries.js';
import { createLogger } from '../../../src/log.js';
import { insertTenant } from '../../support/rows.js';
import { openAttempts, type Attempts } from './attempt-fixture.js';

describe('batches in Postgres', () => {
  let attempts: Attempts;
  before(async () => (attempts = await openAttempts()));
  after(() => attempts.close());

  const inBatches = (maxEvents: number, maxWaitSeconds = 60) => ({
    batchMaxEvents: maxEvents,
    batchMaxWaitSeconds: maxWaitSeconds,
  });

  /** An event of a type that only this webhook subscribes to. */
  async function trigger(
    webhookId: number,
    event: { key?: string; body?: string; eventType?: string; trace?: EventTrace } = {},
  ) {
    const eventId = randomUUID();
    const accepted = await insertEvent(attempts.db, {
      tenantId: attempts.tenantId,
      eventType: event.eventType ?? `type.of.${webhookId}`,
      eventId,
      occurredAt: new Date(),
      body: event.body ?? JSON.stringify({ event_id: eventId }),
      orderingKey: event.key ?? null,
      trace: event.trace ?? null,
    });
    const delivery = accepted!.deliveries.find((each) => each.webhookId === webhookId)!;
    return { ...delivery, eventId };
  }

  const newWebhook = async (settings: Parameters<Attempts['newWebhook']>[0] = {}) => {
    const id = await attempts.newWebhook(settings);
    await attempts.change(id, { events: [`type.of.${id}`] });
    return id;
  };

  async function form(webhookId: number) {
    const formed = await formBatch(attempts.db, webhookId);
    if (formed.kind !== 'formed') throw new Error(`no batch was formed: ${JSON.stringify(formed)}`);
    return formed.batch;
  }

  const recover = async (webhookId: number) => {
    const { id } = await attempts.db.transaction((tx) =>
      createRecovery(tx, {
        webhookId,
        tenantId: attempts.tenantId,
        statuses: ['failed'],
        eventTypes: null,
        since: null,
        until: null,
        includeMissing: false,
      }),
    );
    return (await requeueBatch(attempts.db, id, { limit: 10, ahead: 10 }))!;
  };

  const eventsIn = (body: string) =>
    (JSON.parse(body) as { events: { event_id: string }[] }).events.map((event) => event.event_id);
  const statusOf = async (...deliveries: { id: string }[]) => {
    const rows = await Promise.all(deliveries.map(({ id }) => attempts.read(id)));
    return rows.map(({ status }) => status);
  };

  it('are sent without a traceparent, of one event too', async () => {
    const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', isCallers: true };
    const webhookId = await newWebhook(inBatches(2));
    await trigger(webhookId, { trace });
    await trigger(webhookId, { trace });
    assert.equal((await attempts.takeToSend((await form(webhookId)).id)).trace, null);
    const alone = await trigger(webhookId, { trace });
    await attempts.database.pool.query(
      'update webhook_deliveries set batched = false, batch_id = id, due_at = now() where id = $1',
      [alone.id],
    );
    assert.deepEqual((await attempts.takeToSend(alone.id)).trace, { ...trace, isCallers: false });
  });

  describe('are formed', () => {
    it('when they are full, or when the oldest event has waited long enough, oldest first', async () => {
      const webhookId = await newWebhook(inBatches(3));
      const first = await trigger(webhookId);
      assert.deepEqual([first.starts, first.collects], [false, true], 'the first has the wait begin');
      const second = await trigger(webhookId);
      assert.deepEqual([second.starts, second.collects], [false, true], 'another may make it full at this moment');
      const early = await formBatch(attempts.db, webhookId);
      assert.ok(early.kind === 'wait' && early.waitMs > 50_000 && early.waitMs <= 60_000, JSON.stringify(early));
      const third = await trigger(webhookId);
      assert.equal(third.collects, true, 'the one that makes it full does not let it wait');

      const batch = await form(webhookId);
      assert.equal(batch.batchSize, 3);
      const { body, eventType, eventId, eventRowId, ordering } = await attempts.takeToSend(batch.id);
      assert.deepEqual(
        { eventType, eventId, eventRowId, ordering },
        { eventType: 'batch', eventId: batch.id, eventRowId: batch.id, ordering: null },
      );
      assert.equal(
        body,
        `{"batch_id":"${batch.id}","events":[${[first, second, third].map((each) => `{"event_id":"${each.eventId}"}`).join(',')}]}`,
      );

      const late = await trigger(webhookId);
      await attempts.pass(61, late.id);
      assert.equal((await form(webhookId)).batchSize, 1);
      assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'none' });
    });

    it('at once when events that are accepted at the same moment make one full', async () => {
      const webhookId = await newWebhook(inBatches(7));
      await trigger(webhookId);
      let open = 0;
      let allOpen!: () => void;
      const together = new Promise<void>((resolve) => (allOpen = resolve));
      const accepted = await Promise.all(
        Array.from({ length: 6 }, (_, i) =>
          attempts.db.transaction(async (tx) => {
            const eventType = `type.of.${webhookId}`;
            const event = { tenantId: attempts.tenantId, eventType, occurredAt: new Date(), body: '{}' };
            const { deliveries } = (await insertEvent(
              tx,
              { ...event, eventId: `together-${i}` },
              { countLater: true },
            ))!;
            if (++open === 6) allOpen();
            await together;
            await countNewDeliveries(tx, deliveries);
            return deliveries.find((each) => each.webhookId === webhookId)!;
          }),
        ),
      );
      assert.ok(accepted.some(({ collects }) => collects));
      assert.equal((await form(webhookId)).batchSize, 7);
    });

    it('of at most 1 MB', async () => {
      const webhookId = await newWebhook(inBatches(500));
      const big = (i: number) => `{"event_id":"${i}","text":"${'é'.repeat(130_000)}"}`;
      const wakes: boolean[] = [];
      for (let i = 0; i < 6; i++) wakes.push((await trigger(webhookId, { body: big(i) })).collects);
      assert.deepEqual(
        wakes,
        [true, false, false, false, false, false],
        'a batch that is not nearly full is left to wait',
      );
      const { id } = await form(webhookId);
      const { body } = await attempts.takeToSend(id);
      assert.deepEqual(eventsIn(body), ['0', '1', '2', '3']);
      assert.ok(Buffer.byteLength(body) <= 1_048_576);
      assert.equal((await formBatch(attempts.db, webhookId)).kind, 'wait', 'the rest is neither full nor due');
    });

    it('once, however many form them at the same time', async () => {
      const webhookId = await newWebhook(inBatches(10));
      const deliveries = await Promise.all(Array.from({ length: 95 }, () => trigger(webhookId)));
      for (const { id } of deliveries) await attempts.pass(61, id);
      const formed = await Promise.all(Array.from({ length: 15 }, () => formBatch(attempts.db, webhookId)));
      const sizes = formed.map((each) => (each.kind === 'formed' ? each.batch.batchSize : 0));
      assert.deepEqual(
        sizes.toSorted((a, b) => b - a),
        [...Array<number>(9).fill(10), 5, 0, 0, 0, 0, 0],
      );
      const { rows } = await attempts.database.pool.query<{ members: number; distinct: number }>(
        `select count(*)::int as members, count(distinct delivery_id)::int as distinct
           from webhook_batch_members m join webhook_deliveries d on d.id = m.delivery_id where d.webhook_id = $1`,
        [webhookId],
      );
      assert.deepEqual(rows, [{ members: 95, distinct: 95 }]);
    });

    it('of other events while the earlier ones of a key are on their way; those of one key in their order', async () => {
      const webhookId = await newWebhook({ ...inBatches(2), ordering: 'key' });
      const [a1, a2] = [await trigger(webhookId, { key: 'a' }), await trigger(webhookId, { key: 'a' })];
      const first = await form(webhookId);
      assert.deepEqual(eventsIn((await attempts.takeToSend(first.id)).body), [a1.eventId, a2.eventId]);

      const [a3, a4, b1, b2] = [
        await trigger(webhookId, { key: 'a' }),
        await trigger(webhookId, { key: 'a' }),
        await trigger(webhookId, { key: 'b' }),
        await trigger(webhookId, { key: 'b' }),
      ];
      assert.deepEqual([a3.collects, b1.collects], [false, true], 'a3 waits for its turn');
      const second = await form(webhookId);
      const taken = await attempts.takeToSend(second.id);
      assert.deepEqual(eventsIn(taken.body), [b1.eventId, b2.eventId]);
      assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'none' }, 'a3 and a4 wait for the first batch');

      await attempts.pass(40, first.id);
      const { releases } = await attempts.attempt(first.id, 200);
      assert.equal(releases, true);
      assert.deepEqual(
        (await listNextInTurn(attempts.db, first.id)).map(({ id, collects }) => ({ id, collects })),
        [{ id: a3.id, collects: true }],
      );
      assert.deepEqual(eventsIn((await attempts.takeToSend((await form(webhookId)).id)).body), [
        a3.eventId,
        a4.eventId,
      ]);
    });

    it('without what has to wait for its turn since it was accepted before the batch was formed', async () => {
      const webhookId = await newWebhook({ ...inBatches(2), ordering: 'key' });
      const events = [];
      for (let i = 0; i < 5; i++) events.push(await trigger(webhookId, { key: 'busy' }));
      const first = await form(webhookId);
      assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'wait', waitMs: 0 }, 'marks the others');
      assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'none' });
      await attempts.attempt(first.id, 200);
      const second = await form(webhookId);
      assert.deepEqual(
        eventsIn((await attempts.takeToSend(second.id)).body),
        events.slice(2, 4).map(({ eventId }) => eventId),
      );
    });

    it('without what waits for its turn, which comes even if the batch before it ends at the same moment', async () => {
      const webhookId = await newWebhook({ ...inBatches(2), ordering: 'key' });
      for (let i = 0; i < 4; i++) await trigger(webhookId, { key: 'race' });
      const first = await form(webhookId);
      const taken = await attempts.takeToSend(first.id);
      let recorded: Promise<unknown> | undefined;
      await attempts.db.transaction(async (tx) => {
        assert.deepEqual(await formBatch(tx, webhookId), { kind: 'wait', waitMs: 0 });
        recorded = attempts.record(first.id, taken, 200);
        await Promise.race([recorded, delay(200)]);
      });
      await recorded;
      assert.equal((await form(webhookId)).batchSize, 2);
    });

    it('without what comes after a delivery of its key that is locked', async () => {
      const webhookId = await newWebhook({ ...inBatches(2), ordering: 'key' });
      const [a1, a2, b1] = [
        await trigger(webhookId, { key: 'locked' }),
        await trigger(webhookId, { key: 'locked' }),
        await trigger(webhookId, { key: 'free' }),
      ];
      for (const { id } of [a1, a2, b1]) await attempts.pass(61, id);
      await attempts.db.transaction(async (tx) => {
        await tx.query('select from webhook_deliveries where id = $1 for update', [a1.id]);
        const { id } = await form(webhookId);
        assert.deepEqual(eventsIn((await attempts.takeToSend(id)).body), [b1.eventId]);
        assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'wait', waitMs: 1000 });
      });
      assert.equal((await form(webhookId)).batchSize, 2);
    });

    it('of nothing that is held or has expired, and of nothing while the webhook is paused', async () => {
      const webhookId = await newWebhook(inBatches(2));
      const [held, expired, fine] = [await trigger(webhookId), await trigger(webhookId), await trigger(webhookId)];
      for (const { id } of [held, expired, fine]) await attempts.pass(61, id);
      await settleDelivery(attempts.db, held.id, 'held');
      await attempts.database.pool.query('update webhook_deliveries set expires_at = now() where id = $1', [
        expired.id,
      ]);
      await attempts.change(webhookId, { enabled: false });
      assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'none' });
      await attempts.change(webhookId, { enabled: true });
      const { id } = await form(webhookId);
      assert.deepEqual(eventsIn((await attempts.takeToSend(id)).body), [fine.eventId]);
    });

    it('of one key by the numbers of its events, even if the clock was set back', async () => {
      const webhookId = await newWebhook({ ...inBatches(3), ordering: 'key' });
      const events = [];
      for (let i = 0; i < 3; i++) events.push(await trigger(webhookId, { key: 'clock' }));
      // ids contain the time: the first one gets the latest
      await attempts.database.pool.query('update webhook_deliveries set id = uuid_v7() where id = $1', [events[0]!.id]);
      const { body } = await attempts.takeToSend((await form(webhookId)).id);
      assert.deepEqual(
        eventsIn(body),
        events.map(({ eventId }) => eventId),
      );
    });

    it('by the sweeper if nobody did', async () => {
      const webhookId = await newWebhook(inBatches(3));
      const { id } = await trigger(webhookId);
      const isListed = async () =>
        (await listUncollectedWebhooks(attempts.db)).some((each) => each.webhookId === webhookId);
      await attempts.pass(70, id);
      assert.equal(await isListed(), false, 'due for 10 s');
      await attempts.pass(10, id);
      assert.equal(await isListed(), true);
      assert.ok(!(await listUnstartedDeliveries(attempts.db)).some((each) => each.id === id), 'it has no workflow');
      const batch = await form(webhookId);
      assert.equal(await isListed(), false);
      await attempts.database.pool.query(
        `update webhook_deliveries set pending_since = now() - interval '20 s' where id = $1`,
        [batch.id],
      );
      const unstarted = (await listUnstartedDeliveries(attempts.db)).find((each) => each.id === batch.id);
      assert.deepEqual(unstarted, { ...batch, batchSize: 1 });
    });
  });

  describe('take their deliveries along', () => {
    it('with the attempts and the status, and count a request once', async () => {
      const webhookId = await newWebhook(inBatches(2));
      const [a, b] = [await trigger(webhookId), await trigger(webhookId)];
      const batch = await form(webhookId);
      const firstBody = (await attempts.takeToSend(batch.id)).body;
      await attempts.pass(60, batch.id);
      await attempts.attempt(batch.id, 500);
      assert.deepEqual(await statusOf(a, b), ['pending', 'pending']);
      const waiting = (await findDelivery(attempts.db, webhookId, a.id))!;
      assert.deepEqual(
        { attemptCount: waiting.attemptCount, statusCode: waiting.statusCode, batchId: waiting.batchId },
        { attemptCount: 1, statusCode: 500, batchId: batch.id },
      );
      assert.ok(waiting.nextAttemptAt! > new Date());

      await attempts.pass(60, batch.id);
      const again = await attempts.takeToSend(batch.id);
      assert.equal(again.body, firstBody, 'the same bytes');
      await attempts.record(batch.id, again, 200);
      assert.deepEqual(await statusOf(a, b, batch), ['delivered', 'delivered', 'delivered']);
      const { attempts: listed } = await listAttempts(attempts.db, b.id, { limit: 10, afterNumber: null });
      assert.deepEqual(
        listed.map(({ number, statusCode }) => [number, statusCode]),
        [
          [1, 500],
          [2, 200],
        ],
      );
      assert.equal(await findBody(attempts.db, a.id), firstBody);
      const { delivered, pending, attempts: requests } = (await getStatistics(attempts.db, [webhookId]))(webhookId);
      assert.deepEqual({ delivered, pending, requests }, { delivered: 2, pending: 0, requests: 2 });
      const list = await listDeliveries(attempts.db, webhookId, {}, { limit: 10, beforeId: null });
      assert.deepEqual(
        list.map(({ id }) => id),
        [b.id, a.id],
        'the batch itself is no delivery',
      );
    });

    it('when they are given up, and one retried by hand goes alone', async () => {
      const webhookId = await newWebhook({ ...inBatches(2), maxRetries: 0 });
      const [a, b] = [await trigger(webhookId), await trigger(webhookId)];
      const batch = await form(webhookId);
      await attempts.attempt(batch.id, 500);
      assert.deepEqual(await statusOf(a, b), ['failed', 'failed']);

      await attempts.retry(webhookId, b.id);
      const alone = await attempts.takeToSend(b.id);
      assert.deepEqual(
        { type: alone.eventType, id: alone.eventRowId, body: alone.body, number: alone.number },
        { type: 'batch', id: b.id, body: `{"batch_id":"${b.id}","events":[{"event_id":"${b.eventId}"}]}`, number: 2 },
      );
      await attempts.record(b.id, alone, 200);
      assert.deepEqual(await statusOf(a, b), ['failed', 'delivered']);
      const { attempts: listed } = await listAttempts(attempts.db, b.id, { limit: 10, afterNumber: null });
      assert.deepEqual(
        listed.map(({ number, statusCode }) => [number, statusCode]),
        [
          [1, 500],
          [2, 200],
        ],
      );
      const shown = (await findDelivery(attempts.db, webhookId, b.id))!;
      assert.deepEqual([shown.attemptCount, shown.batchId, shown.statusCode], [2, b.id, 200]);
    });

    it('when one that has not ended is retried by hand', async () => {
      const webhookId = await newWebhook(inBatches(2));
      const [a] = [await trigger(webhookId), await trigger(webhookId)];
      const batch = await form(webhookId);
      await attempts.attempt(batch.id, 500);
      assert.equal((await attempts.take(batch.id)).answer, 'wait');
      await attempts.retry(webhookId, a.id);
      assert.equal((await attempts.takeToSend(batch.id)).number, 2);
    });

    it('but one that is retried by hand waits for a request that is still open', async () => {
      const webhookId = await newWebhook(inBatches(2));
      const [a] = [await trigger(webhookId), await trigger(webhookId)];
      const batch = await form(webhookId);
      await attempts.takeToSend(batch.id);
      // An operator cancels the workflow of the batch.
      await settleDelivery(attempts.db, batch.id, 'cancelled');
      await attempts.retry(webhookId, a.id);
      const taken = await attempts.take(a.id);
      assert.deepEqual([taken.answer, taken.answer === 'wait' && taken.waitsFor], ['wait', 'request']);
      await attempts.pass(60, a.id);
      assert.equal((await attempts.take(a.id)).answer, 'send');
    });

    it('but not one that waits for a batch and is retried by hand: it goes at once', async () => {
      const webhookId = await newWebhook(inBatches(2));
      const a = await trigger(webhookId);
      assert.equal((await attempts.take(a.id)).answer, 'batch');
      await attempts.retry(webhookId, a.id);
      assert.deepEqual(eventsIn((await attempts.takeToSend(a.id)).body), [a.eventId]);
      assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'none' });
    });

    it('when their record comes after the webhook was deleted', async () => {
      const webhookId = await newWebhook(inBatches(2));
      const [a, b] = [await trigger(webhookId), await trigger(webhookId)];
      const batch = await form(webhookId);
      const taken = await attempts.takeToSend(batch.id);
      await attempts.database.pool.query('update webhooks set deleted_at = now(), enabled = false where id = $1', [
        webhookId,
      ]);
      await attempts.settle(webhookId);
      assert.deepEqual(await statusOf(a, b, batch), ['cancelled', 'cancelled', 'cancelled']);
      await attempts.record(batch.id, taken, 200);
      assert.deepEqual(await statusOf(a, b, batch), ['delivered', 'delivered', 'delivered']);
    });

    it('when max_retries is lowered, however many there are', async () => {
      const webhookId = await newWebhook(inBatches(2));
      const all = [];
      for (let i = 0; i < 3; i++) {
        all.push(await trigger(webhookId), await trigger(webhookId));
        const batch = await form(webhookId);
        await attempts.attempt(batch.id, 500);
        all.push(batch);
      }
      await attempts.change(webhookId, { maxRetries: 0 });
      await attempts.settle(webhookId);
      assert.deepEqual(await statusOf(...all), Array(9).fill('failed'));
    });
  });

  it('hold while the webhook is paused, and go on with the same bytes', async () => {
    const webhookId = await newWebhook(inBatches(2));
    const [a, b, c] = [await trigger(webhookId), await trigger(webhookId), await trigger(webhookId)];
    const batch = await form(webhookId);
    const { body } = await attempts.takeToSend(batch.id);
    await attempts.pass(60, batch.id);
    await attempts.attempt(batch.id, 500);
    await attempts.change(webhookId, { enabled: false });
    await attempts.settle(webhookId);
    assert.deepEqual(await statusOf(a, b, c, batch), ['held', 'held', 'held', 'held']);
    assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'none' });
    await attempts.change(webhookId, { enabled: true });
    await attempts.settle(webhookId);
    assert.deepEqual(await statusOf(a, b, c, batch), ['pending', 'pending', 'pending', 'pending']);
    assert.equal((await attempts.takeToSend(batch.id)).body, body);
    assert.equal((await formBatch(attempts.db, webhookId)).kind, 'wait');
    const { rows } = await attempts.database.pool.query(
      'select id from webhook_deliveries where webhook_id = $1 and pending_since is not null',
      [webhookId],
    );
    assert.deepEqual(rows, [{ id: batch.id }], 'nobody owes the others a workflow');
  });

  it('are sent as they are, even if a transform has taken the place of the setting', async () => {
    const webhookId = await newWebhook(inBatches(2));
    const [a, b] = [await trigger(webhookId), await trigger(webhookId)];
    const batch = await form(webhookId);
    await attempts.change(webhookId, { batchMaxEvents: null, batchMaxWaitSeconds: null, transform: 'event' });
    assert.deepEqual(eventsIn((await attempts.takeToSend(batch.id)).body), [a.eventId, b.eventId]);
  });

  it('are no longer waited for when the setting is removed; what is in one stays in it', async () => {
    const webhookId = await newWebhook({ ...inBatches(2), ordering: 'key' });
    const [a, b] = [await trigger(webhookId, { key: 'k' }), await trigger(webhookId, { key: 'k' })];
    const batch = await form(webhookId);
    const c = await trigger(webhookId, { key: 'k' });
    await attempts.change(webhookId, { batchMaxEvents: null, batchMaxWaitSeconds: null });
    await attempts.settle(webhookId);
    assert.equal((await attempts.take(c.id)).answer, 'turn', 'it waits for the batch');
    assert.deepEqual(eventsIn((await attempts.takeToSend(batch.id)).body), [a.eventId, b.eventId]);
    await attempts.pass(60, batch.id);
    await attempts.attempt(batch.id, 200);
    const [next] = await listNextInTurn(attempts.db, batch.id);
    assert.deepEqual([next?.id, next?.collects], [c.id, false]);
    assert.equal((await attempts.takeToSend(c.id)).body, `{"event_id":"${c.eventId}"}`);
  });

  it('leave out what has expired, and what was expunged', async () => {
    const webhookId = await newWebhook(inBatches(3));
    const [a, b, c] = [await trigger(webhookId), await trigger(webhookId), await trigger(webhookId)];
    const batch = await form(webhookId);
    await attempts.attempt(batch.id, 500);
    await attempts.database.pool.query('update webhook_deliveries set expires_at = now() where id = $1', [a.id]);
    assert.equal(await expungeDelivery(attempts.db, b.id, 'expunged'), 1, 'the attempt of its batch');
    await attempts.pass(60, batch.id);
    const taken = await attempts.takeToSend(batch.id);
    assert.deepEqual(eventsIn(taken.body), [c.eventId]);
    await attempts.record(batch.id, taken, 200);
    assert.deepEqual(await statusOf(a, b, c), ['expired', 'cancelled', 'delivered']);
    assert.equal(await findBody(attempts.db, c.id), taken.body, 'shown as it was sent last');
    const { attempts: listed } = await listAttempts(attempts.db, c.id, { limit: 10, afterNumber: null });
    assert.deepEqual(
      listed.map(({ responseBody }) => responseBody),
      [null, null],
      'who knows what they spoke of',
    );
  });

  it('end if nothing is left to send', async () => {
    const webhookId = await newWebhook(inBatches(2));
    const [a, b] = [await trigger(webhookId), await trigger(webhookId)];
    const batch = await form(webhookId);
    await expungeDelivery(attempts.db, a.id, 'expunged-a');
    await expungeDelivery(attempts.db, b.id, 'expunged-b');
    assert.equal((await attempts.take(batch.id)).answer, 'ended');
  });

  it('do not lose an event that expires while their request is open', async () => {
    const webhookId = await newWebhook(inBatches(2));
    const [a, b] = [await trigger(webhookId), await trigger(webhookId)];
    const batch = await form(webhookId);
    const taken = await attempts.takeToSend(batch.id);
    await attempts.database.pool.query('update webhook_deliveries set expires_at = now() where id = $1', [a.id]);
    await expireDue(attempts.db, 10);
    await attempts.record(batch.id, taken, 200);
    assert.deepEqual(await statusOf(a, b), ['delivered', 'delivered']);
  });

  it('are formed anew by a recovery, and show the attempts of both', async () => {
    const webhookId = await newWebhook({ ...inBatches(2), maxRetries: 0 });
    const [a, b] = [await trigger(webhookId), await trigger(webhookId)];
    const failed = await form(webhookId);
    // Its sender is gone: another request is made, and the record of this one comes late.
    const late = await attempts.takeToSend(failed.id);
    await attempts.pass(60, failed.id);
    await attempts.attempt(failed.id, 500);
    const { tenantId } = attempts;
    const recovery = await attempts.db.transaction((tx) =>
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
    assert.equal(recovery.total, 2, 'the batch itself is not recovered');
    const requeued = (await requeueBatch(attempts.db, recovery.id, { limit: 10, ahead: 10 }))!;
    assert.deepEqual(
      requeued.map(({ id, collects }) => [id, collects]),
      [
        [a.id, true],
        [b.id, true],
      ],
    );
    const again = await form(webhookId);
    await attempts.record(failed.id, late, 500);
    assert.deepEqual(await statusOf(a, b, failed), ['pending', 'pending', 'failed'], 'they are in another batch now');
    await attempts.attempt(again.id, 200);
    assert.deepEqual(await statusOf(a, b), ['delivered', 'delivered']);
    const { attempts: listed } = await listAttempts(attempts.db, a.id, { limit: 10, afterNumber: null });
    assert.deepEqual(
      listed.map(({ number, statusCode }) => [number, statusCode]),
      [
        [1, 500],
        [2, 200],
      ],
    );
    const shown = (await findDelivery(attempts.db, webhookId, a.id))!;
    assert.deepEqual([shown.attemptCount, shown.batchId, shown.statusCode], [2, again.id, 200]);
  });

  it('are formed by a recovery of what was sent alone before, and it shows the last attempt until then', async () => {
    const webhookId = await newWebhook({ maxRetries: 0 });
    const a = await trigger(webhookId);
    await attempts.attempt(a.id, 503);
    await attempts.change(webhookId, inBatches(2, 1));
    const { tenantId } = attempts;
    const asked = { webhookId, tenantId, eventTypes: null, since: null, until: null, includeMissing: false };
    const recover = async () => {
      const { id } = await attempts.db.transaction((tx) => createRecovery(tx, { ...asked, statuses: ['failed'] }));
      assert.equal((await requeueBatch(attempts.db, id, { limit: 10, ahead: 10 }))![0]?.collects, true);
    };
    const shown = async () => {
      const { attemptCount, statusCode } = (await findDelivery(attempts.db, webhookId, a.id))!;
      return [attemptCount, statusCode];
    };
    await recover();
    assert.deepEqual(await shown(), [1, 503]);
    await attempts.pass(2, a.id);
    await attempts.attempt((await form(webhookId)).id, 500);
    assert.deepEqual(await shown(), [2, 500]);
    await attempts.retry(webhookId, a.id);
    await attempts.attempt(a.id, 502);
    assert.deepEqual(await shown(), [3, 502]);
    await requeueBatch(
      attempts.db,
      (
        await attempts.database.pool.query<{ id: string }>('select id from webhook_recoveries where webhook_id = $1', [
          webhookId,
        ])
      ).rows[0]!.id,
      { limit: 10, ahead: 10 },
    );
    await recover();
    assert.deepEqual(await shown(), [3, 502], 'the one that it made alone, not that of its batch before');
    const { attempts: listed } = await listAttempts(attempts.db, a.id, { limit: 10, afterNumber: null });
    assert.deepEqual(
      listed.map(({ number, statusCode }) => [number, statusCode]),
      [
        [1, 503],
        [2, 500],
        [3, 502],
      ],
    );
  });

  it('have what comes after them collected when they end, and by the sweeper', async () => {
    const webhookId = await newWebhook({ ...inBatches(2), ordering: 'key' });
    for (let i = 0; i < 4; i++) await trigger(webhookId, { key: 'next' });
    const batch = await form(webhookId);
    await attempts.attempt(batch.id, 200);
    const collected: number[] = [];
    const workflows = {
      wake: (deliveries: unknown[]) => assert.deepEqual(deliveries, []),
      collect: (webhooks: { webhookId: number }[]) => void collected.push(...webhooks.map((each) => each.webhookId)),
      start: () => undefined,
      settle: () => undefined,
      verify: () => undefined,
      recover: () => undefined,
    };
    const log = createLogger({ level: 'silent', format: 'json' });
    await startNextInTurn({ db: attempts.db, log, workflows }, batch.id);
    assert.deepEqual(collected, [webhookId]);

    await attempts.database.pool.query(
      `update webhook_deliveries set next_attempt_at = now() - interval '1 min' where webhook_id = $1 and status = 'pending'`,
      [webhookId],
    );
    const startInTurn = () => Promise.resolve({ started: true });
    await new MockActivityEnvironment().run(() => sweep({ db: attempts.db, log, startInTurn, workflows }, 0));
    assert.ok(collected.slice(1).includes(webhookId));
  });

  it('are not held up by events whose bodies are not kept any more: those expire', async () => {
    const webhookId = await newWebhook(inBatches(2));
    const old = [await trigger(webhookId), await trigger(webhookId)];
    await attempts.database.pool.query(
      'update webhook_events set body = null where id in (select event_row_id from webhook_deliveries where id = any($1))',
      [old.map(({ id }) => id)],
    );
    const fresh = [await trigger(webhookId), await trigger(webhookId)];
    assert.deepEqual(await formBatch(attempts.db, webhookId), { kind: 'wait', waitMs: 0 });
    const { body } = await attempts.takeToSend((await form(webhookId)).id);
    assert.deepEqual(
      eventsIn(body),
      fresh.map(({ eventId }) => eventId),
    );
    assert.deepEqual(await statusOf(...old), ['expired', 'expired']);
  });

  it('let the next of a key go when the one before it, which waits for a batch too, is retried by hand', async () => {
    const webhookId = await newWebhook({ ...inBatches(2), ordering: 'key', maxRetries: 0 });
    const first = await trigger(webhookId, { key: 'k' });
    await attempts.pass(61, first.id);
    await attempts.attempt((await form(webhookId)).id, 500);
    const second = await trigger(webhookId, { key: 'k' });
    await attempts.pass(61, second.id);
    const batch = await form(webhookId);
    const third = await trigger(webhookId, { key: 'k' });
    await recover(webhookId);
    await attempts.attempt(batch.id, 200);
    await attempts.retry(webhookId, first.id);
    await attempts.attempt(first.id, 200);
    await attempts.pass(61, third.id);
    assert.equal((await form(webhookId)).batchSize, 1);
  });

  it('leave before an event in them expires', async () => {
    const webhookId = await newWebhook({ ...inBatches(10, 60), ttlSeconds: { 'call.dtmf': 20 } });
    await attempts.change(webhookId, { events: ['call.dtmf', `type.of.${webhookId}`] });
    assert.equal((await trigger(webhookId)).collects, true);
    const short = await trigger(webhookId, { eventType: 'call.dtmf' });
    assert.equal(short.collects, true, 'it leaves before the first');
    const formed = await formBatch(attempts.db, webhookId);
    assert.ok(formed.kind === 'wait' && formed.waitMs <= 10_000, JSON.stringify(formed));
    await attempts.pass(11, short.id);
    assert.equal((await form(webhookId)).batchSize, 2);
  });

  it('take along what expired before their record came', async () => {
    const webhookId = await newWebhook(inBatches(2));
    const [a, b] = [await trigger(webhookId), await trigger(webhookId)];
    const batch = await form(webhookId);
    const taken = await attempts.takeToSend(batch.id);
    await attempts.database.pool.query('update webhook_deliveries set expires_at = now() where id = $1', [a.id]);
    // Postgres was away: the request may be over, and nobody has recorded it
    await attempts.pass(60, batch.id);
    await expireDue(attempts.db, 10);
    assert.deepEqual(await statusOf(a), ['expired']);
    await attempts.record(batch.id, taken, 200);
    assert.deepEqual(await statusOf(a, b), ['delivered', 'delivered']);
  });

  it('show their last attempt also of a delivery that is retried by hand, until that was sent', async () => {
    const webhookId = await newWebhook({ ...inBatches(2), maxRetries: 0 });
    const [a] = [await trigger(webhookId), await trigger(webhookId)];
    await attempts.attempt((await form(webhookId)).id, 500);
    await attempts.retry(webhookId, a.id);
    const { attemptCount, statusCode } = (await findDelivery(attempts.db, webhookId, a.id))!;
    assert.deepEqual({ attemptCount, statusCode }, { attemptCount: 1, statusCode: 500 });
  });

  it('are found by the sweeper, however many deliveries of another webhook are late', async () => {
    const [busy, quiet] = [await newWebhook(inBatches(2)), await newWebhook(inBatches(2))];
    const { id } = await trigger(busy);
    await attempts.pass(100, id);
    await attempts.database.pool.query(
      `with e as (
         insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
         select $2, 'many', i::text, now(), '{}' from generate_series(1, 5000) i returning *)
       insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, batched, next_attempt_at, pending_since)
       select e.id, $1, e.tenant_id, e.event_type, e.event_id, 'pending', true, now() - interval '100 s', null from e`,
      [busy, attempts.tenantId],
    );
    const late = await trigger(quiet);
    await attempts.pass(80, late.id);
    assert.ok((await listUncollectedWebhooks(attempts.db)).some(({ webhookId }) => webhookId === quiet));
  });

  it('of nothing but reports on the health of webhooks say nothing about that of their own', async () => {
    const webhookId = await newWebhook({ ...inBatches(2), maxRetries: 0 });
    await attempts.change(webhookId, { events: ['webhook.failing', 'call.ringing'] });
    const failures = async () => {
      const { rows } = await attempts.database.pool.query<{ failures: number }>(
        'select sum(failures)::int as failures from webhook_counters where webhook_id = $1',
        [webhookId],
      );
      return rows[0]!.failures;
    };
    for (let i = 0; i < 2; i++) await trigger(webhookId, { eventType: 'webhook.failing' });
    await attempts.attempt((await form(webhookId)).id, 500);
    assert.equal(await failures(), 0);
    for (const eventType of ['webhook.failing', 'call.ringing']) await trigger(webhookId, { eventType });
    await attempts.attempt((await form(webhookId)).id, 500);
    assert.equal(await failures(), 1);
  });

  it('are not formed of tests, which go alone in one', async () => {
    const tenantId = await insertTenant(attempts.database.pool);
    const other = await attempts.newWebhook(inBatches(2));
    await attempts.database.pool.query('update webhooks set tenant_id = $2 where id = $1', [other, tenantId]);
    const event = {
      tenantId,
      eventType: 'webhook.test',
      eventId: 'a-test',
      occurredAt: new Date(),
      body: '{"event_id":"a-test"}',
    };
    const sent = (await insertTestEvent(attempts.db, other, event))!;
    const taken = await attempts.takeToSend(sent.deliveryId);
    assert.equal(taken.body, `{"batch_id":"${sent.deliveryId}","events":[{"event_id":"a-test"}]}`);
  });
});

import assert from 'node:assert/strict';
import { listKeptTenants } from '../../../src/db/retention-settings.js';
import { retentionOf } from '../../../src/config/retention.js';
import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { settleDelivery } from '../../../src/db/deliveries.js';
import { findEvent, insertEvent } from '../../../src/db/events.js';
import {
  cancelRecovery,
  countRecoverable,
  createRecovery,
  findRecovery,
  listUnattendedRecoveries,
  requeueBatch,
  type RecoveryRequest,
} from '../../../src/db/recoveries.js';
import { deleteRecoveries } from '../../../src/db/retention.js';
import { settleBatch } from '../../../src/db/settling.js';
import { deleteWebhook, updateWebhook } from '../../../src/db/webhooks.js';
import { ConflictError } from '../../../src/errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertBacklog } from '../../support/insert-backlog.js';
import { assertInvariants } from '../../support/invariants.js';
import { insertTenant, insertWebhook, type WebhookRow } from '../../support/rows.js';

const unlimited = { rateLimitPerMinute: null, rateLimitPerHour: null };
const batch = { limit: 100, ahead: 1_000 };

describe('a recovery in Postgres', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 6 });
  });
  beforeEach(async () => void (tenantId = await insertTenant(database.pool)));
  after(async () => {
    await db.close();
    await database.drop();
  });

  const webhook = (row: Partial<WebhookRow> = unlimited) => insertWebhook(database.pool, tenantId, row);
  const backlog = (webhookId: number, status: 'failed' | 'cancelled' | 'delivered' | 'pending', count: number) =>
    insertBacklog(database.pool, { tenantId, webhookId, status, count });
  const requestOf = (webhookId: number, request: Partial<RecoveryRequest> = {}): RecoveryRequest => ({
    webhookId,
    tenantId,
    statuses: ['failed'],
    eventTypes: null,
    since: null,
    until: null,
    includeMissing: false,
    ...request,
  });
  const create = (webhookId: number, request?: Partial<RecoveryRequest>) =>
    db.transaction((tx) => createRecovery(tx, requestOf(webhookId, request)));
  const idsOf = async (webhookId: number, condition = 'true') => {
    const { rows } = await database.pool.query<{ id: string }>(
      `select id from webhook_deliveries where webhook_id = $1 and ${condition} order by id`,
      [webhookId],
    );
    return rows.map(({ id }) => id);
  };
  const end = (ids: string[], status: 'delivered' | 'failed') =>
    database.pool.query(
      `select change_status(array[d], $2) from webhook_deliveries d where id = any($1) and status in ('pending', 'held')`,
      [ids, status],
    );
  /** Requeues as the workflow does, and ends each delivery that becomes pending. Resolves to the ids in order. */
  const carryOut = async (webhookId: number, id: string, { limit = 7, ahead = 20 } = {}) => {
    const requeued: string[] = [];
    for (let rounds = 0; rounds < 1_000; rounds++) {
      const started = (await requeueBatch(db, id, { limit, ahead })) ?? [];
      requeued.push(...started.map((delivery) => delivery.id));
      await end(await idsOf(webhookId, `status = 'pending'`), 'delivered');
      const { status } = (await findRecovery(db, webhookId, id))!;
      if (status !== 'running') return requeued;
    }
    throw new Error('the recovery does not end');
  };

  it('takes deliveries of its statuses, types and time, and no test', async () => {
    const webhookId = await webhook();
    const inserted = new Map<string, string[]>();
    const add = async (status: 'failed' | 'cancelled' | 'delivered', set = '') => {
      await backlog(webhookId, status, 2);
      const known = [...inserted.values()].flat();
      const ids = (await idsOf(webhookId)).filter((id) => !known.includes(id));
      inserted.set(`${status} ${set}`, ids);
      if (set) await database.pool.query(`update webhook_deliveries set ${set} where id = any($1)`, [ids]);
      await database.pool.query(`update webhook_events set event_id = gen_random_uuid()::text`);
      return ids;
    };
    const failed = await add('failed');
    const dtmf = await add('failed', `event_type = 'call.dtmf'`);
    const cancelled = await add('cancelled');
    const delivered = await add('delivered');
    await add('failed', 'test = true');
    const { rows } = await database.pool.query<{ later: Date }>(
      `select created_at + interval '1 ms' as later from webhook_deliveries where id = $1`,
      [dtmf[1]],
    );
    const { later } = rows[0]!;
    const cases: [Partial<RecoveryRequest>, string[]][] = [
      [{}, [...failed, ...dtmf]],
      [{ statuses: ['delivered'] }, delivered],
      [{ statuses: ['failed', 'cancelled', 'expired'] }, [...failed, ...dtmf, ...cancelled]],
      [{ eventTypes: ['call.dtmf', 'sms.sent'] }, dtmf],
      [{ statuses: ['cancelled', 'failed'], eventTypes: ['call.completed'] }, [...failed, ...cancelled]],
      [{ statuses: ['failed', 'cancelled', 'delivered'], since: later }, [...cancelled, ...delivered]],
      [{ statuses: ['failed', 'cancelled', 'delivered'], until: later }, [...failed, ...dtmf]],
    ];
    for (const [request, expected] of cases) {
      assert.deepEqual(
        await countRecoverable(db, requestOf(webhookId, request)),
        { total: expected.length, isTotalExact: true },
        JSON.stringify(request),
      );
      // Rolled back, so that each case finds all deliveries as they were.
      const requeued = db.transaction(async (tx) => {
        const { id, total } = await createRecovery(tx, requestOf(webhookId, request));
        assert.equal(total, expected.length);
        throw new Error(JSON.stringify((await requeueBatch(tx, id, batch))!.map((delivery) => delivery.id).sort()));
      });
      await assert.rejects(requeued, { message: JSON.stringify([...expected].sort()) });
    }
  });

  it('requeues each delivery once, oldest first, and completes when all have ended', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 60);
    await backlog(webhookId, 'cancelled', 60);
    const { id, total, status } = await create(webhookId, { statuses: ['cancelled', 'failed'] });
    assert.deepEqual([total, status], [120, 'running']);
    assert.deepEqual(await carryOut(webhookId, id), await idsOf(webhookId));
    const recovery = (await findRecovery(db, webhookId, id))!;
    assert.deepEqual([recovery.requeued, recovery.delivered, recovery.failed], [120, 120, 0]);
    assert.deepEqual([recovery.status, recovery.finishedAt !== null], ['completed', true]);
    await assertInvariants(database.pool, webhookId);
  });

  it('counts what it will send in batches, and for a short time only', async () => {
    const webhookId = await webhook();
    const earlier = await webhook({ ...unlimited, events: ['call.dtmf'] });
    await backlog(webhookId, 'failed', 5_100);
    await backlog(webhookId, 'cancelled', 1_000);
    // Behind more events than a batch looks at, some that the webhook has not got.
    await backlog(earlier, 'delivered', 1_500);
    const everything = requestOf(webhookId, { statuses: ['failed', 'cancelled', 'expired'], includeMissing: true });
    for (const eventTypes of [null, ['call.completed', 'call.dtmf']] as const) {
      const request = { ...everything, eventTypes: eventTypes && [...eventTypes] };
      assert.deepEqual(await countRecoverable(db, request), { total: 7_600, isTotalExact: true });
    }
    assert.deepEqual(await countRecoverable(db, everything, -1), { total: 0, isTotalExact: false });
    const { total, isTotalExact } = await countRecoverable(db, everything, 1);
    assert.ok(!isTotalExact && total >= 5_000 && total < 7_600, `${total}`);
  });

  it('has a total of at least what it has requeued, if that was not counted to the end', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 10);
    const { id } = await create(webhookId);
    await database.pool.query('update webhook_recoveries set total = 3, is_total_exact = false where id = $1', [id]);
    const totalOf = async () => (await findRecovery(db, webhookId, id))!.total;
    assert.equal(await totalOf(), 3);
    await requeueBatch(db, id, { limit: 7, ahead: 100 });
    assert.equal(await totalOf(), 7);
  });

  it('leaves alone what fails or is retried after it was created', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 3);
    await backlog(webhookId, 'pending', 1);
    const [pending = ''] = await idsOf(webhookId, `status = 'pending'`);
    const [again = '', ...others] = await idsOf(webhookId, `status = 'failed'`);
    const { id } = await create(webhookId);
    await end([pending], 'failed');
    await database.pool.query(`select change_status(array[d], 'pending') from webhook_deliveries d where id = $1`, [
      again,
    ]);
    await end([again], 'failed');
    assert.deepEqual(
      (await requeueBatch(db, id, batch))!.map((delivery) => delivery.id),
      others,
    );
    await end(others, 'failed');
    assert.deepEqual(await requeueBatch(db, id, batch), []);
    const recovery = (await findRecovery(db, webhookId, id))!;
    assert.deepEqual([recovery.status, recovery.total, recovery.requeued, recovery.failed], ['completed', 3, 2, 2]);
  });

  it('has at most as many on their way as allowed, and as the webhook may be sent in a minute', async () => {
    for (const [row, ahead] of [
      [unlimited, 30],
      [{ rateLimitPerMinute: 12 }, 12],
      [{ rateLimitPerMinute: null, rateLimitPerHour: 5 }, 5],
    ] as const) {
      const webhookId = await webhook(row);
      await backlog(webhookId, 'failed', 50);
      const { id } = await create(webhookId);
      for (let n = 0; n < 5; n++) await requeueBatch(db, id, { limit: 20, ahead: 30 });
      const pending = await idsOf(webhookId, `status = 'pending'`);
      assert.equal(pending.length, ahead);
      await end(pending.slice(0, 3), 'delivered');
      assert.equal((await requeueBatch(db, id, { limit: 20, ahead: 30 }))!.length, 3, 'as many as ended');
    }
  });

  it('is requeued once, however many requeue at the same time and wherever they are killed', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 300);
    const { id } = await create(webhookId);
    const requeued: string[] = [];
    const worker = async () => {
      for (let n = 0; n < 60; n++) {
        if (Math.random() < 0.3)
          await db
            .transaction(async (tx) => {
              await tx.query('select * from requeue_batch($1, 10, 1000)', [id]);
              throw new Error('killed');
            })
            .catch(() => undefined);
        requeued.push(...((await requeueBatch(db, id, { limit: 10, ahead: 1_000 })) ?? []).map((each) => each.id));
      }
    };
    await Promise.all(Array.from({ length: 5 }, worker));
    assert.equal(requeued.length, 300);
    assert.deepEqual(requeued.sort(), await idsOf(webhookId, `status = 'pending'`));
    assert.equal((await findRecovery(db, webhookId, id))!.requeued, 300);
    await assertInvariants(database.pool, webhookId);
  });

  it('locks one slot of the counters, although deliveries leave several statuses', async () => {
    const webhookId = await webhook();
    await db.transaction(async (tx) => {
      for (const status of ['failed', 'cancelled', 'delivered', 'expired', null])
        await tx.query(`select count_deliveries($1, $2, 'pending', 1)`, [webhookId, status]);
    });
    const { rowCount } = await database.pool.query('select from webhook_counters where webhook_id = $1', [webhookId]);
    assert.equal(rowCount, 1);
  });

  it('counts what it made pending even after it was cancelled, and touches nothing else', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 10);
    const { id } = await create(webhookId);
    const started = await requeueBatch(db, id, { limit: 4, ahead: 1_000 });
    assert.equal(await cancelRecovery(db, webhookId, id), true);
    assert.equal(await cancelRecovery(db, webhookId, id), false, 'once');
    assert.deepEqual(await requeueBatch(db, id, batch), []);
    // Another one does not take over what is on its way.
    const second = await create(webhookId);
    assert.equal(second.total, 6);
    const ids = started!.map((each) => each.id);
    await end(ids.slice(0, 3), 'delivered');
    await end(ids.slice(3), 'failed');
    const { status, requeued, delivered, failed } = (await findRecovery(db, webhookId, id))!;
    assert.deepEqual([status, requeued, delivered, failed], ['cancelled', 4, 3, 1]);
    assert.equal((await carryOut(webhookId, second.id)).length, 6);
  });

  it('of a paused webhook holds some of its deliveries, and goes on when it is resumed', async () => {
    const webhookId = await webhook({ ...unlimited, enabled: false });
    await backlog(webhookId, 'failed', 10);
    const { id } = await create(webhookId);
    for (let n = 0; n < 3; n++) assert.deepEqual(await requeueBatch(db, id, { limit: 4, ahead: 6 }), [], 'none starts');
    assert.equal((await idsOf(webhookId, `status = 'held'`)).length, 6);
    await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { enabled: true }));
    await settleBatch(db, webhookId);
    await end(await idsOf(webhookId, `status = 'pending'`), 'delivered');
    await carryOut(webhookId, id);
    assert.equal((await idsOf(webhookId, `status = 'delivered'`)).length, 10);
    await assertInvariants(database.pool, webhookId);
  });

  it('is cancelled with its webhook, and refused for a deleted one', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 10);
    const { id } = await create(webhookId);
    await requeueBatch(db, id, { limit: 4, ahead: 1_000 });
    await db.transaction((tx) => deleteWebhook(tx, tenantId, webhookId));
    await settleBatch(db, webhookId);
    const { status, requeued, failed } = (await findRecovery(db, webhookId, id))!;
    assert.deepEqual([status, requeued, failed], ['cancelled', 4, 4]);
    await assert.rejects(create(webhookId), ConflictError);
  });

  it('runs alone: of many that are created at the same time one is', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 3);
    const created = await Promise.allSettled(Array.from({ length: 6 }, () => create(webhookId)));
    const [first] = created.filter((each) => each.status === 'fulfilled').map(({ value }) => value.id);
    const refused = created.filter((each) => each.status === 'rejected').map(({ reason }) => reason as Error);
    assert.equal(refused.length, 5);
    for (const error of refused)
      assert.ok(error instanceof ConflictError && error.message.includes(first!), `${error}`);
  });

  describe('with missing events', () => {
    const event = (eventType: string) => ({
      tenantId,
      eventType,
      eventId: randomUUID(),
      occurredAt: new Date(),
      body: '{}',
    });
    const missing = { statuses: ['failed' as const], includeMissing: true };

    it('adds a delivery for each, in the order of events, for types that the webhook subscribes to', async () => {
      const earlier = await webhook();
      const missed: string[] = [];
      for (const type of ['call.dtmf', 'call.completed', 'call.dtmf', 'sms.sent'])
        missed.push((await insertEvent(db, event(type)))!.id);
      const webhookId = await webhook({ ...unlimited, events: ['call.dtmf', 'call.completed'] });
      const failing = (await insertEvent(db, event('call.dtmf')))!.deliveries.find(
        (each) => each.webhookId === webhookId,
      )!;
      await settleDelivery(db, failing.id, 'failed');
      const { id, total } = await create(webhookId, missing);
      assert.equal(total, 4);
      const requeued = await carryOut(webhookId, id, { limit: 2, ahead: 2 });
      const { rows } = await database.pool.query<{ event: string; delivery: string; early: boolean }>(
        `select d.event_row_id as event, d.id as delivery, d.created_at = e.created_at as early
           from webhook_deliveries d join webhook_events e on e.id = d.event_row_id where d.webhook_id = $1 order by d.id`,
        [webhookId],
      );
      assert.deepEqual(
        rows.slice(0, 3).map((row) => row.event),
        missed.slice(0, 3),
      );
      assert.ok(
        rows.every(({ early }) => early),
        'accepted when the event was',
      );
      assert.deepEqual(
        requeued,
        rows.map(({ delivery }) => delivery),
      );
      await assertInvariants(database.pool, webhookId);
      assert.equal((await create(webhookId, missing)).total, 0, 'nothing is missing now');
      assert.equal((await idsOf(earlier)).length, 5, 'other webhooks get nothing');
    });

    it('adds only events that pass the filter of the webhook as it is now', async () => {
      const bodies = [
        '{"data": {"to": "a"}}',
        '{"data": {"to": "b"}}',
        '{"data": {"to": "a", "other": "\\u0000"}}',
        '{',
      ];
      const events: string[] = [];
      for (const body of bodies) events.push((await insertEvent(db, { ...event('call.dtmf'), body }))!.id);
      const webhookId = await webhook();
      const filter = { 'data.to': 'a' };
      const filterPath = 'strict exists($.data.to ? (@ == "a"))';
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { filter, filterPath }));
      const { id, total } = await create(webhookId, missing);
      assert.equal(total, 3);
      await carryOut(webhookId, id, { limit: 2, ahead: 2 });
      const { rows } = await database.pool.query<{ event: string }>(
        'select event_row_id as event from webhook_deliveries where webhook_id = $1 order by id',
        [webhookId],
      );
      const [a, , withNul, unreadable] = events;
      assert.deepEqual(
        rows.map((row) => row.event),
        [a, withNul, unreadable],
      );
    });

    it('looks at a bounded number of events at a time, and at all of them in the end', async () => {
      const other = await webhook({ ...unlimited, events: ['call.completed'] });
      await insertBacklog(database.pool, { tenantId, webhookId: other, status: 'delivered', count: 95 });
      const webhookId = await webhook({ ...unlimited, events: ['call.dtmf'] });
      const dtmf = (await insertEvent(db, event('call.dtmf')))!;
      await settleDelivery(db, dtmf.deliveries[0]!.id, 'failed');
      const { id, total } = await create(webhookId, missing);
      assert.equal(total, 1);
      let rounds = 0;
      for (; (await findRecovery(db, webhookId, id))!.requeued === 0; rounds++)
        await requeueBatch(db, id, { limit: 2, ahead: 2 });
      assert.ok(rounds >= 5 && rounds <= 6, `${rounds} rounds`);
    });

    it('waits for events that are being accepted when it is created', async () => {
      const webhookId = await webhook({ ...unlimited, events: ['call.dtmf'] });
      let commit!: () => void;
      const mayCommit = new Promise<void>((resolve) => (commit = resolve));
      let inserted!: () => void;
      const isInserted = new Promise<void>((resolve) => (inserted = resolve));
      const trigger = db.transaction(async (tx) => {
        await insertEvent(tx, event('call.completed'));
        inserted();
        await mayCommit;
      });
      await isInserted;
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { events: ['*'] }));
      const { id } = await create(webhookId, missing);
      for (let n = 0; n < 3; n++) assert.deepEqual(await requeueBatch(db, id, batch), []);
      commit();
      await trigger;
      assert.equal((await requeueBatch(db, id, batch))!.length, 1);
    });

    it('adds nothing about the webhook itself, nor what has lost its body', async () => {
      const webhookId = await webhook({ ...unlimited, events: ['*'] });
      const other = await webhook({ ...unlimited, events: ['call.dtmf'] });
      const about = (id: number) => ({ ...event('webhook.failing'), eventId: `webhook_${id}_health_x` });
      await insertEvent(db, about(webhookId), { aboutWebhookId: webhookId });
      const wanted = (await insertEvent(db, about(other), { aboutWebhookId: webhookId }))!;
      const bodiless = (await insertEvent(db, event('webhook.recovered'), { aboutWebhookId: webhookId }))!;
      await database.pool.query('update webhook_events set body = null where id = $1', [bodiless.id]);
      const { id } = await create(webhookId, missing);
      assert.deepEqual(
        (await requeueBatch(db, id, batch))!.map(({ eventRowId }) => eventRowId),
        [wanted.id],
      );
      const { rows } = await database.pool.query<{ event_row_id: string }>(
        'select event_row_id from webhook_deliveries where webhook_id = $1',
        [webhookId],
      );
      assert.deepEqual(rows, [{ event_row_id: wanted.id }]);
    });

    it('leaves the answer to a repeated trigger as it was', async () => {
      const triggered = event('call.dtmf');
      await insertEvent(db, triggered);
      const webhookId = await webhook();
      await carryOut(webhookId, (await create(webhookId, missing)).id);
      assert.equal((await idsOf(webhookId)).length, 1);
      assert.deepEqual((await findEvent(db, triggered))!.deliveries, []);
    });
  });

  it('is kept for the retention time, and until all that it made pending has ended', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 3);
    const { id } = await create(webhookId);
    const [started] = (await requeueBatch(db, id, { limit: 1, ahead: 3 }))!;
    await cancelRecovery(db, webhookId, id);
    const { rows } = await database.pool.query<{ id: string }>(
      `update webhook_recoveries set id = uuid_v7_floor(now() - interval '31 days'), finished_at = now() - interval '31 days'
        where id = $1 returning id`,
      [id],
    );
    await database.pool.query('update webhook_deliveries set recovery_id = $1 where recovery_id = $2', [
      rows[0]!.id,
      id,
    ]);
    const remove = async (days: number) =>
      deleteRecoveries(db, await listKeptTenants(db, retentionOf({ RETENTION_DAYS: days }), null, 100), 100);
    assert.equal(await remove(30), 0, 'one is on its way');
    await end([started!.id], 'delivered');
    assert.equal(await remove(32), 0);
    assert.equal(await remove(30), 1);
  });

  it('is given to the sweeper when its workflow has not asked for a minute', async () => {
    const webhookId = await webhook();
    await backlog(webhookId, 'failed', 3);
    const { id } = await create(webhookId);
    const unattended = async () => (await listUnattendedRecoveries(db)).filter((each) => each.webhookId === webhookId);
    assert.deepEqual(await unattended(), []);
    await database.pool.query(`update webhook_recoveries set checked_at = now() - interval '2 min' where id = $1`, [
      id,
    ]);
    assert.deepEqual(await unattended(), [{ recoveryId: id, webhookId, tenantId }]);
    await requeueBatch(db, id, batch);
    assert.deepEqual(await unattended(), []);
  });
});

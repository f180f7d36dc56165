import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { formBatch } from '../../../src/db/batches.js';
import { planAttempt } from '../../../src/db/attempt-plan.js';
import { recordAttempt, takeAttempt, type AttemptVerdict, type TakenAttempt } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { requestRetry, settleDelivery } from '../../../src/db/deliveries.js';
import { countNewDeliveries, insertEvent } from '../../../src/db/events.js';
import { expireDue } from '../../../src/db/unstarted-deliveries.js';
import { cancelRecovery, createRecovery, requeueBatch } from '../../../src/db/recoveries.js';
import {
  finishSettling,
  markUnsettledWebhooks,
  pageOfWebhooks,
  settleBatch,
  settlingPoint,
} from '../../../src/db/settling.js';
import { deleteWebhook, updateWebhook } from '../../../src/db/webhooks.js';
import { ConflictError } from '../../../src/errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { finishedRecord } from '../../support/finished-record.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

type Step =
  | { kind: 'trigger' | 'triggerSlowly' }
  | { kind: 'plan' | 'take' | 'retry' | 'cancel'; delivery: number }
  | { kind: 'record'; verdict: AttemptVerdict }
  | { kind: 'pause' | 'resume' | 'settle' | 'delete' | 'form' }
  | { kind: 'batch'; maxEvents: number | null }
  | { kind: 'recover' | 'requeue' | 'cancelRecovery' }
  | { kind: 'order'; ordering: 'none' | 'key' }
  | { kind: 'expire'; delivery: number }
  | { kind: 'kill' }
  | { kind: 'retries'; maxRetries: number }
  | { kind: 'limit'; perMinute: number | null }
  | { kind: 'timePasses'; seconds: number };

/** The process that makes all requests here. */
const processId = randomUUID();

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('trigger' as const) }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('plan' as const, 'take' as const), delivery: fc.nat(20) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('retry' as const, 'cancel' as const), delivery: fc.nat(20) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('record' as const),
      verdict: fc.constantFrom<AttemptVerdict>('delivered', 'retry', 'retry', 'final', 'gone', 'again'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'settle' as const) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('recover' as const, 'requeue' as const, 'requeue' as const, 'cancelRecovery' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('order' as const), ordering: fc.constantFrom('none' as const, 'key') }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('form' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('batch' as const), maxEvents: fc.constantFrom(null, 2, 3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), delivery: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retries' as const), maxRetries: fc.constantFrom(0, 2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), perMinute: fc.constantFrom(null, 1, 3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('timePasses' as const), seconds: fc.constantFrom(5, 61) }) },
);

describe('deliveries in Postgres, in random histories', function () {
  this.timeout(180_000);
  let database: TestDatabase;
  let db: Database;
  /** A separate pool for changes of settings, which must not queue behind the triggers. */
  let control: Database;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 8 });
    control = openDatabase({ url: database.url, poolSize: 3 });
  });
  after(async () => {
    await db.close();
    await control.close();
    await database.drop();
  });

  it('keep their counters and their order, and lose or repeat nothing', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const world = await createWorld({ isSequential: true });
        for (const each of steps) {
          await world.run(each);
          await world.check();
        }
        await world.settleAll();
        await world.check();
        await world.drain();
        await world.check();
      }),
      { numRuns: 22 },
    ));

  it('never deadlock and keep these invariants when many steps run concurrently', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 80 }), async (steps) => {
        const world = await createWorld();
        for (let i = 0; i < 6; i++) await world.run({ kind: 'trigger' });
        for (let i = 0; i < steps.length; i += 8) {
          await Promise.all(steps.slice(i, i + 8).map(world.run));
          await world.check();
        }
        await world.settleAll();
        await world.check();
      }),
      { numRuns: 15, endOnFailure: true },
    ));

  it('issue 8.1: are pending if the webhook is enabled and held if it is paused, however steps interleave', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            { weight: 3, arbitrary: fc.constant<Step>({ kind: 'trigger' }) },
            { weight: 3, arbitrary: fc.constant<Step>({ kind: 'triggerSlowly' }) },
            {
              weight: 4,
              arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'settle' as const) }),
            },
            {
              weight: 4,
              arbitrary: fc.record({
                kind: fc.constantFrom('plan' as const, 'take' as const, 'retry' as const),
                delivery: fc.nat(40),
              }),
            },
            {
              weight: 2,
              arbitrary: fc.record({ kind: fc.constant('record' as const), verdict: fc.constant('gone' as const) }),
            },
            { weight: 2, arbitrary: fc.constant<Step>({ kind: 'form' }) },
            { weight: 1, arbitrary: fc.constant<Step>({ kind: 'delete' }) },
          ),
          { minLength: 60, maxLength: 120 },
        ),
        async (steps) => {
          const world = await createWorld();
          // All steps run concurrently, on all connections. Nothing is settled afterwards.
          await Promise.all(steps.map(world.run));
          await world.checkFits();
          await world.check();
        },
      ),
      { numRuns: 15, endOnFailure: true },
    ));

  /**
   * One step at a time: then nothing is sent before an earlier event of its key has ended, nothing is sent again once it
   * was delivered, and nothing in another batch, unless somebody asked for it.
   */
  async function createWorld({ isSequential = false } = {}) {
    const tenantId = await insertTenant(database.pool);
    const webhooks = [
      await insertWebhook(database.pool, tenantId, { rateLimitPerMinute: 2, maxRetries: 2 }),
      await insertWebhook(database.pool, tenantId, { rateLimitPerMinute: null, rateLimitPerHour: null, maxRetries: 1 }),
      await insertWebhook(database.pool, tenantId, { rateLimitPerMinute: 3, maxRetries: 1 }),
    ];
    // The first and the third keep the order at first, the second has a fallback, the third gets batches.
    await database.pool.query(
      `update webhooks set ordering = case when id = $2 then 'none' else 'key' end,
                           fallback_url = case when id = $2 then 'https://fallback.example.com/' end,
                           batch_max_events = case when id = $3 then 3 end,
                           batch_max_wait_seconds = case when id = $3 then 10 end where id in ($1, $2, $3)`,
      webhooks,
    );
    const deliveries: { id: string; webhookId: number; isBatch?: boolean }[] = [];
    const taken: (TakenAttempt & { deliveryId: string })[] = [];
    const recoveries: { id: string; webhookId: number }[] = [];
    const model = createModel();
    const oneOf = (...ids: number[]) => ids[Math.floor(Math.random() * ids.length)]!;
    const pick = (n: number) => deliveries[n % Math.max(1, deliveries.length)];

    const newEvent = () => {
      const eventId = randomUUID();
      const orderingKey = ['a', 'b', null][Math.floor(Math.random() * 3)]!;
      const body = JSON.stringify({ event_id: eventId });
      return { tenantId, eventType: 'call.completed', eventId, occurredAt: new Date(), body, orderingKey };
    };

    async function run(each: Step): Promise<void> {
      switch (each.kind) {
        case 'trigger':
          deliveries.push(...(await insertEvent(db, newEvent()))!.deliveries);
          return;
        case 'triggerSlowly':
          // An event source with its own records, or any process that is delayed just before its commit.
          await db.transaction(async (tx) => {
            const event = await insertEvent(tx, newEvent(), { countLater: true });
            await tx.query('select pg_sleep(0.05)');
            await countNewDeliveries(tx, event!.deliveries);
            deliveries.push(...event!.deliveries);
          });
          return;
        case 'plan': {
          const delivery = pick(each.delivery);
          if (delivery) await planAttempt(db, delivery.id);
          return;
        }
        case 'take': {
          const delivery = pick(each.delivery);
          if (!delivery) return;
          const answer = await takeAttempt(db, delivery.id, {
            timeoutMs: 30_000,
            ifEasy: Math.random() < 0.5,
            processId,
            keyIds: ['a-key'],
          });
          if (answer.answer === 'send') {
            taken.push({ ...answer.attempt, deliveryId: delivery.id });
            if (!isSequential) return;
            assert.deepEqual(await earlierThan(delivery.id), [], 'sent before its turn');
            model.send(delivery.webhookId, answer.attempt.body);
          }
          return;
        }
        case 'record': {
          const attempt = taken.shift();
          if (!attempt) return;
          const record = finishedRecord(attempt.deliveryId, attempt, each.verdict);
          const first = await recordAttempt(db, record);
          assert.deepEqual((await recordAttempt(db, record))?.number, first?.number, 'recording again changes nothing');
          if (each.verdict === 'delivered') model.deliver(attempt.webhookId, attempt.body);
          if (first?.newHealth === 'disabled') await settle(attempt.webhookId);
          return;
        }
        case 'kill':
          // The sender's process is gone, with the responses that it had not recorded.
          taken.length = 0;
          return;
        case 'retry': {
          const delivery = pick(each.delivery);
          if (!delivery || delivery.isBatch) return;
          await db
            .transaction((tx) => requestRetry(tx, delivery.webhookId, delivery.id, { force: each.delivery % 2 === 0 }))
            .then(() => askedAgain(delivery.id))
            .catch((error: unknown) => assert.ok(error instanceof ConflictError, String(error)));
          return;
        }
        case 'cancel': {
          const delivery = pick(each.delivery);
          if (delivery) await settleDelivery(db, delivery.id, 'cancelled');
          return;
        }
        case 'pause':
        case 'resume': {
          const webhook = oneOf(webhooks[0]!, webhooks[2]!);
          await control.transaction((tx) => updateWebhook(tx, tenantId, webhook, { enabled: each.kind === 'resume' }));
          await settle(webhook);
          return;
        }
        case 'settle':
          for (const webhook of webhooks) await settleBatch(control, webhook, 3);
          return;
        case 'delete': {
          const webhook = oneOf(webhooks[1]!, webhooks[2]!);
          await control.transaction((tx) => deleteWebhook(tx, tenantId, webhook));
          await settle(webhook);
          return;
        }
        case 'form': {
          const formed = await formBatch(db, webhooks[2]!);
          if (formed.kind === 'formed') deliveries.push({ ...formed.batch, isBatch: true });
          return;
        }
        case 'batch':
          await control.transaction((tx) =>
            updateWebhook(tx, tenantId, webhooks[2]!, {
              batchMaxEvents: each.maxEvents,
              batchMaxWaitSeconds: each.maxEvents && 10,
            }),
          );
          return;
        case 'recover':
          for (const webhookId of webhooks)
            await db
              .transaction((tx) => createRecovery(tx, { ...everything, webhookId, tenantId }))
              .then(({ id }) => recoveries.push({ id, webhookId }))
              .catch((error: unknown) => assert.ok(error instanceof ConflictError, String(error)));
          return;
        case 'requeue':
          for (const { id } of recoveries.slice(-2))
            for (const requeued of (await requeueBatch(db, id, { limit: 3, ahead: 5 })) ?? [])
              await askedAgain(requeued.id);
          return;
        case 'cancelRecovery': {
          const last = recoveries.at(-1);
          if (last) await cancelRecovery(db, last.webhookId, last.id);
          return;
        }
        case 'order':
          await control.transaction((tx) => updateWebhook(tx, tenantId, webhooks[0]!, { ordering: each.ordering }));
          return;
        case 'expire': {
          const delivery = pick(each.delivery);
          if (!delivery || delivery.isBatch) return;
          await db.query('update webhook_deliveries set expires_at = now() where id = $1', [delivery.id]);
          await expireDue(db, 5);
          return;
        }
        case 'retries':
          await db.transaction((tx) => updateWebhook(tx, tenantId, webhooks[0]!, { maxRetries: each.maxRetries }));
          return;
        case 'limit':
          await db.transaction((tx) =>
            updateWebhook(tx, tenantId, webhooks[0]!, { rateLimitPerMinute: each.perMinute }),
          );
          return;
        case 'timePasses':
          // Takes locks in the product's order, so that only the product can cause a deadlock.
          await db.transaction(async (tx) => {
            await tx.query('select 1 from webhooks where id = any($1) order by id for no key update', [webhooks]);
            await tx.query(
              'select 1 from webhook_limiters where webhook_id = any($1) order by webhook_id for no key update',
              [webhooks],
            );
            await tx.query(
              'select 1 from webhook_deliveries where webhook_id = any($1) order by batch_size is null, id for no key update',
              [webhooks],
            );
            await tx.query(
              `update webhook_deliveries set in_flight_until = in_flight_until - $2 * interval '1 s', due_at = due_at - $2 * interval '1 s'
                where webhook_id = any($1)`,
              [webhooks, each.seconds],
            );
            await tx.query(`update webhook_tokens set at = at - $2 * interval '1 s' where webhook_id = any($1)`, [
              webhooks,
              each.seconds,
            ]);
          });
      }
    }

    /** Deliveries of the same ordering key that go first: as this one, or as one of this batch, and not in it. */
    async function earlierThan(deliveryId: string): Promise<unknown[]> {
      const { rows } = await database.pool.query(
        `select b.id from webhook_deliveries d
           join webhook_deliveries b on b.webhook_id = d.webhook_id and b.ordering_key = d.ordering_key
          where (d.id = $1 or d.batch_id = $1 and d.finished_at is null) and b.sequence < d.sequence and b.finished_at is null
            and b.batch_id is distinct from $1`,
        [deliveryId],
      );
      return rows;
    }

    async function askedAgain(deliveryId: string): Promise<void> {
      const { rows } = await database.pool.query<{ webhook_id: number; event_id: string }>(
        'select webhook_id, event_id from webhook_deliveries where id = $1',
        [deliveryId],
      );
      for (const row of rows) model.forget(row.webhook_id, row.event_id);
    }

    /** All receivers work, and no setting holds anything up: then all is sent, and what was delivered was received. */
    async function drain(): Promise<void> {
      const { rows: kept } = await database.pool.query<{ id: number }>(
        'select id from webhooks where id = any($1) and deleted_at is null',
        [webhooks],
      );
      for (const { id } of kept) {
        const limits = { rateLimitPerMinute: null, rateLimitPerHour: null };
        await control.transaction((tx) => updateWebhook(tx, tenantId, id, { enabled: true, ...limits }));
        await settle(id);
      }
      for (let rounds = 0; ; rounds++) {
        await run({ kind: 'timePasses', seconds: 61 });
        while ((await formBatch(db, webhooks[2]!)).kind === 'formed');
        const { rows: open } = await database.pool.query<{ id: string; webhook_id: number; batched: boolean }>(
          `select id, webhook_id, batched from webhook_deliveries
            where webhook_id = any($1) and status in ('pending', 'held') order by id`,
          [webhooks],
        );
        if (open.length === 0) break;
        assert.ok(rounds < 30, `never sent: ${JSON.stringify(open)}`);
        for (const { id, webhook_id: webhookId } of open.filter(({ batched }) => !batched)) {
          deliveries.splice(0, deliveries.length, { id, webhookId });
          await run({ kind: 'take', delivery: 0 });
          await run({ kind: 'record', verdict: 'delivered' });
        }
      }
      const { rows: delivered } = await database.pool.query<{ webhook_id: number; event_id: string }>(
        `select webhook_id, event_id from webhook_deliveries where webhook_id = any($1) and status = 'delivered' and batch_size is null`,
        [webhooks],
      );
      for (const row of delivered) assert.ok(model.isDelivered(row.webhook_id, row.event_id), JSON.stringify(row));
    }

    /** Settles as the product does after a change: in batches, until the webhook is settled or changes again. */
    async function settle(webhook: number): Promise<void> {
      const point = (await settlingPoint(control, webhook))!;
      while (!(await finishSettling(control, webhook, point))) {
        await settleBatch(control, webhook, 5);
        if ((await settlingPoint(control, webhook))?.version !== point.version) return;
      }
    }

    /** Settles all webhooks; then every delivery must fit its webhook, without a sweep. */
    async function settleAll(): Promise<void> {
      for (const webhook of webhooks) await settle(webhook);
      await checkFits();
    }

    async function checkFits(): Promise<void> {
      const { rows: misfits } = await database.pool.query(
        `select d.id, d.status, w.enabled, w.deleted_at from webhook_deliveries d join webhooks w on w.id = d.webhook_id
          where w.id = any($1) and (d.status = 'held' and (w.enabled or w.deleted_at is not null)
                                    or d.status = 'pending' and not w.enabled)`,
        [webhooks],
      );
      assert.deepEqual(misfits, []);
      assert.deepEqual(await markUnsettledWebhooks(db, await pageOfWebhooks(db, 0)), []);
    }

    async function check(): Promise<void> {
      const { rows: counted } = await database.pool.query(
        `select w.id, coalesce(sum(c.pending), 0)::int as pending, coalesce(sum(c.held), 0)::int as held,
                coalesce(sum(c.delivered), 0)::int as delivered, coalesce(sum(c.failed), 0)::int as failed,
                coalesce(sum(c.expired), 0)::int as expired, coalesce(sum(c.attempts), 0)::int as attempts
           from webhooks w left join webhook_counters c on c.webhook_id = w.id where w.id = any($1) group by w.id order by w.id`,
        [webhooks],
      );
      const { rows: actual } = await database.pool.query(
        `select w.id, (count(*) filter (where d.status = 'pending'))::int as pending, (count(*) filter (where d.status = 'held'))::int as held,
                (count(*) filter (where d.status = 'delivered'))::int as delivered, (count(*) filter (where d.status = 'failed'))::int as failed,
                (count(*) filter (where d.status = 'expired'))::int as expired,
                (select count(*) from webhook_deliveries s join webhook_attempts a on a.delivery_id = s.id where s.webhook_id = w.id)::int as attempts
           from webhooks w left join webhook_deliveries d on d.webhook_id = w.id and d.batch_size is null
          where w.id = any($1) group by w.id order by w.id`,
        [webhooks],
      );
      assert.deepEqual(counted, actual);
      const { rows: stuck } = await database.pool.query(
        `select distinct on (d.webhook_id, d.ordering_key) d.id, d.waits_for_turn
           from webhook_deliveries d join webhooks w on w.id = d.webhook_id
          where w.id = any($1) and w.settling_since is null and w.is_open and w.deleted_at is null
            and d.ordering_key is not null and d.finished_at is null
          order by d.webhook_id, d.ordering_key, d.sequence`,
        [webhooks],
      );
      assert.deepEqual(
        stuck.filter(({ waits_for_turn: waits }: { waits_for_turn: boolean }) => waits),
        [],
        'the first of a key waits for nobody',
      );
      const { rows: left } = await database.pool.query(
        `select d.id, d.status, b.status as of_batch from webhook_deliveries d left join webhook_deliveries b on b.id = d.batch_id
          where d.webhook_id = any($1) and d.batched and d.batch_id is not null and d.finished_at is null
            and (b.id is null or b.finished_at is not null)`,
        [webhooks],
      );
      assert.deepEqual(left, [], 'a delivery ends with its batch');
      const { rows: attempted } = await database.pool.query(
        `select d.id from webhook_deliveries d cross join lateral (
            select count(*)::int as many from (
              select delivery_id from webhook_attempts where delivery_id = d.id
              union all select a.delivery_id from webhook_batch_members m join webhook_attempts a on a.delivery_id = m.batch_id
               where m.delivery_id = d.id and a.number <= coalesce(m.attempts, a.number)) of) a
          where d.webhook_id = any($1) and attempts_of(d) <> a.many`,
        [webhooks],
      );
      assert.deepEqual(attempted, [], 'attempts are numbered without a gap');
      const { rows: limiters } = await database.pool.query<{ waiting: number; holding: number }>(
        `select (l.reserved - l.taken)::int as waiting,
                (select count(*) from webhook_deliveries d where d.webhook_id = l.webhook_id and d.holds_token and d.token_epoch = l.epoch)::int as holding
           from webhook_limiters l where l.webhook_id = any($1)`,
        [webhooks],
      );
      for (const { waiting, holding } of limiters) assert.equal(waiting, holding, 'reserved = taken + holders');
      const { rows: ahead } = await database.pool.query<{ counted: number; actual: number }>(
        `select (requeued - delivered - failed)::int as counted,
                (select count(*) from webhook_deliveries d where d.recovery_id = r.id and d.status in ('pending', 'held'))::int as actual
           from webhook_recoveries r where webhook_id = any($1)`,
        [webhooks],
      );
      for (const { counted, actual } of ahead) assert.equal(counted, actual, "a recovery's deliveries on their way");
      const { rows: health } = await database.pool.query<{ is_disabled: boolean; state: string | null }>(
        `select w.disabled_reason is not null as is_disabled, h.state from webhooks w left join webhook_health h on h.webhook_id = w.id
          where w.id = any($1) and w.deleted_at is null`,
        [webhooks],
      );
      for (const { is_disabled, state } of health) assert.equal(state === 'disabled', is_disabled);
    }
    return { run, check, checkFits, settleAll, drain };
  }
});

const everything = {
  statuses: ['failed' as const, 'cancelled' as const, 'delivered' as const],
  eventTypes: null,
  since: null,
  until: null,
  includeMissing: true,
};

/** What the receivers know: which events of each webhook they were sent, in which batch, and which they accepted. */
function createModel() {
  const known = new Map<string, { batch: string | null; isDelivered: boolean }>();
  const received = new Set<string>();
  const keyOf = (webhookId: number, eventId: string) => `${webhookId} ${eventId}`;
  const eventsIn = (webhookId: number, body: string) => {
    const {
      event_id,
      events,
      batch_id: batch = null,
    } = JSON.parse(body) as {
      event_id: string;
      batch_id?: string;
      events?: { event_id: string }[];
    };
    const ids = events ? events.map((event) => event.event_id) : [event_id];
    return ids.map((id) => ({ key: keyOf(webhookId, id), batch }));
  };
  return {
    send(webhookId: number, body: string) {
      for (const { key, batch } of eventsIn(webhookId, body)) {
        const before = known.get(key);
        assert.ok(!before?.isDelivered, `sent again after it was delivered: ${key}`);
        assert.ok(!before || before.batch === batch, `sent in two batches: ${key}`);
        known.set(key, { batch, isDelivered: false });
      }
    },
    deliver(webhookId: number, body: string) {
      for (const { key, batch } of eventsIn(webhookId, body)) {
        known.set(key, { batch, isDelivered: true });
        received.add(key);
      }
    },
    /** Somebody asked for it: it may be sent again, in another batch. */
    forget: (webhookId: number, eventId: string) => void known.delete(keyOf(webhookId, eventId)),
    isDelivered: (webhookId: number, eventId: string) => received.has(keyOf(webhookId, eventId)),
  };
}

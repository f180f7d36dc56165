import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { planAttempt, recordAttempt, takeAttempt, type AttemptVerdict } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { requestRetry, settleDelivery } from '../../../src/db/deliveries.js';
import { insertEvent } from '../../../src/db/events.js';
import { updateWebhook } from '../../../src/db/webhooks.js';
import { ConflictError } from '../../../src/errors.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

type Step =
  | { kind: 'trigger' }
  | { kind: 'plan' | 'take' | 'retry' | 'cancel'; delivery: number }
  | { kind: 'record'; verdict: AttemptVerdict }
  | { kind: 'pause' | 'resume' }
  | { kind: 'limit'; perMinute: number | null }
  | { kind: 'timePasses'; seconds: number };

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
      verdict: fc.constantFrom<AttemptVerdict>('delivered', 'retry', 'retry', 'final', 'gone'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('limit' as const), perMinute: fc.constantFrom(null, 1, 3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('timePasses' as const), seconds: fc.constantFrom(5, 61) }) },
);

describe('deliveries in Postgres, whatever happens in whatever order', function () {
  this.timeout(180_000);
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 8 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  it('keep counters equal to the rows, and reservations equal to those who wait', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const world = await createWorld();
        for (const each of steps) {
          await world.run(each);
          await world.check();
        }
      }),
      { numRuns: 40 },
    ));

  it('never deadlock, and keep that also when many happen at once', () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 80 }), async (steps) => {
        const world = await createWorld();
        for (let i = 0; i < 6; i++) await world.run({ kind: 'trigger' });
        for (let i = 0; i < steps.length; i += 8) {
          await Promise.all(steps.slice(i, i + 8).map(world.run));
          await world.check();
        }
      }),
      { numRuns: 30, endOnFailure: true },
    ));

  async function createWorld() {
    const tenantId = await insertTenant(database.pool);
    const webhooks = [
      await insertWebhook(database.pool, tenantId, { rateLimitPerMinute: 2, maxRetries: 2 }),
      await insertWebhook(database.pool, tenantId, { rateLimitPerMinute: null, rateLimitPerHour: null, maxRetries: 1 }),
    ];
    const deliveries: { id: string; webhookId: number }[] = [];
    const taken: { deliveryId: string; number: number; token: number | null }[] = [];
    const pick = (n: number) => deliveries[n % Math.max(1, deliveries.length)];

    async function run(each: Step): Promise<void> {
      switch (each.kind) {
        case 'trigger': {
          const event = await insertEvent(db, {
            tenantId,
            eventType: 'call.completed',
            eventId: randomUUID(),
            occurredAt: new Date(),
            body: '{}',
          });
          deliveries.push(...event!.deliveries);
          return;
        }
        case 'plan': {
          const delivery = pick(each.delivery);
          if (delivery) await planAttempt(db, delivery.id);
          return;
        }
        case 'take': {
          const delivery = pick(each.delivery);
          if (!delivery) return;
          const answer = await takeAttempt(db, delivery.id, { timeoutMs: 30_000, ifEasy: Math.random() < 0.5 });
          if (answer.answer === 'send')
            taken.push({ deliveryId: delivery.id, number: answer.attempt.number, token: answer.attempt.token });
          return;
        }
        case 'record': {
          const attempt = taken.shift();
          if (!attempt) return;
          const record = { ...attempt, ...finished(each.verdict) };
          const first = await recordAttempt(db, record);
          assert.deepEqual((await recordAttempt(db, record))?.number, first?.number, 'recording again changes nothing');
          return;
        }
        case 'retry': {
          const delivery = pick(each.delivery);
          if (!delivery) return;
          await db
            .transaction((tx) => requestRetry(tx, delivery.webhookId, delivery.id, { force: each.delivery % 2 === 0 }))
            .catch((error: unknown) => assert.ok(error instanceof ConflictError, String(error)));
          return;
        }
        case 'cancel': {
          const delivery = pick(each.delivery);
          if (delivery) await settleDelivery(db, delivery.id, 'cancelled');
          return;
        }
        case 'pause':
        case 'resume':
          await db.transaction((tx) => updateWebhook(tx, tenantId, webhooks[0]!, { enabled: each.kind === 'resume' }));
          return;
        case 'limit':
          await db.transaction((tx) =>
            updateWebhook(tx, tenantId, webhooks[0]!, { rateLimitPerMinute: each.perMinute }),
          );
          return;
        case 'timePasses':
          // In the order in which the product takes its locks, so that only the product can deadlock.
          await db.transaction(async (tx) => {
            await tx.query('select 1 from webhooks where id = any($1) order by id for no key update', [webhooks]);
            await tx.query(
              'select 1 from webhook_limiters where webhook_id = any($1) order by webhook_id for no key update',
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

    async function check(): Promise<void> {
      const { rows: counted } = await database.pool.query(
        `select w.id, coalesce(sum(c.pending), 0)::int as pending, coalesce(sum(c.held), 0)::int as held,
                coalesce(sum(c.delivered), 0)::int as delivered, coalesce(sum(c.failed), 0)::int as failed, coalesce(sum(c.attempts), 0)::int as attempts
           from webhooks w left join webhook_counters c on c.webhook_id = w.id where w.id = any($1) group by w.id order by w.id`,
        [webhooks],
      );
      const { rows: actual } = await database.pool.query(
        `select w.id, (count(*) filter (where d.status = 'pending'))::int as pending, (count(*) filter (where d.status = 'held'))::int as held,
                (count(*) filter (where d.status = 'delivered'))::int as delivered, (count(*) filter (where d.status = 'failed'))::int as failed,
                coalesce(sum(d.attempt_count), 0)::int as attempts
           from webhooks w left join webhook_deliveries d on d.webhook_id = w.id where w.id = any($1) group by w.id order by w.id`,
        [webhooks],
      );
      assert.deepEqual(counted, actual);
      const { rows: limiters } = await database.pool.query<{ waiting: number; holding: number }>(
        `select (l.reserved - l.taken)::int as waiting,
                (select count(*) from webhook_deliveries d where d.webhook_id = l.webhook_id and d.holds_token)::int as holding
           from webhook_limiters l where l.webhook_id = any($1)`,
        [webhooks],
      );
      for (const { waiting, holding } of limiters) assert.equal(waiting, holding, 'reserved = taken + holders');
    }
    return { run, check };
  }
});

const finished = (verdict: AttemptVerdict) => ({
  requestId: randomUUID(),
  startedAt: new Date().toISOString(),
  durationMs: 3,
  statusCode: verdict === 'delivered' ? 200 : 500,
  requestHeaders: {},
  responseHeaders: {},
  responseBody: '',
  responseTruncated: false,
  error: verdict === 'delivered' ? null : { class: 'http_status' as const, message: 'HTTP 500' },
  verdict,
  retryWaitMs: 1000,
  disabledReason: verdict === 'gone' ? '410' : null,
  elapsedMs: 4,
});

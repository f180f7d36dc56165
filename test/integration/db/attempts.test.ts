import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { planAttempt } from '../../../src/db/attempt-plan.js';
import { recordAttempt, takeAttempt, type AttemptVerdict, type TakenAttempt } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { DatabaseUnavailableError } from '../../../src/db/unavailable.js';
import { requestRetry } from '../../../src/db/deliveries.js';
import { insertEvent } from '../../../src/db/events.js';
import { databaseTime } from '../../../src/db/clock.js';
import { beat } from '../../../src/db/sender-processes.js';
import { updateWebhook } from '../../../src/db/webhooks.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook, type WebhookRow } from '../../support/rows.js';
import { finishedRecord } from '../../support/finished-record.js';

describe('attempts in Postgres', function () {
  this.timeout(120_000);
  const processId = randomUUID();
  const keyIds = ['a-key'];
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 4 });
  });
  beforeEach(async () => {
    tenantId = await insertTenant(database.pool);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  async function newDelivery(row: Partial<WebhookRow> = {}): Promise<{ id: string; webhookId: number }> {
    const webhookId = await insertWebhook(database.pool, tenantId, row);
    return { id: await trigger(webhookId), webhookId };
  }

  async function trigger(webhookId: number): Promise<string> {
    const event = await insertEvent(db, {
      tenantId,
      eventType: 'call.completed',
      eventId: randomUUID(),
      occurredAt: new Date(),
      body: '{}',
    });
    return event!.deliveries.find((delivery) => delivery.webhookId === webhookId)!.id;
  }

  async function take(deliveryId: string, by = processId): Promise<TakenAttempt> {
    const taken = await takeAttempt(db, deliveryId, { timeoutMs: 30_000, processId: by, keyIds });
    if (taken.answer !== 'send') assert.fail(`answered ${JSON.stringify(taken)}`);
    return taken.attempt;
  }

  const record = (
    deliveryId: string,
    attempt: TakenAttempt,
    verdict: AttemptVerdict,
    startedAt = new Date().toISOString(),
  ) => recordAttempt(db, { ...finishedRecord(deliveryId, attempt, verdict), startedAt });

  const stateOf = async (deliveryId: string) => {
    const { rows } = await database.pool.query<{
      status: string;
      attempt_count: number;
      in_flight_request: string | null;
    }>('select status, attempt_count, in_flight_request from webhook_deliveries where id = $1', [deliveryId]);
    return rows[0]!;
  };

  const isEnabled = async (webhookId: number) => {
    const { rows } = await database.pool.query<{ enabled: boolean }>('select enabled from webhooks where id = $1', [
      webhookId,
    ]);
    return rows[0]!.enabled;
  };

  /** Makes the request's lease run out, as if its time had passed. */
  const requestEnds = (deliveryId: string) =>
    database.pool.query(
      `update webhook_deliveries set in_flight_until = clock_timestamp() - interval '1 ms' where id = $1`,
      [deliveryId],
    );

  describe('a final verdict', () => {
    it('issue 8.2: counts only for the url that gave it', async () => {
      const { id, webhookId } = await newDelivery();
      const attempt = await take(id);
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { url: 'http://127.0.0.1:9/new' }));
      const recorded = await record(id, attempt, 'gone');
      assert.equal(recorded!.status, 'pending', 'the new url gets its own attempts');
      assert.equal(recorded!.newHealth, null);
      assert.equal(await isEnabled(webhookId), true);
    });

    it('issue 8.2: does not disable a webhook that its tenant enabled meanwhile', async () => {
      const { id, webhookId } = await newDelivery();
      const other = await trigger(webhookId);
      const [first, late] = [await take(id), await take(other)];
      assert.equal((await record(id, first, 'gone'))!.newHealth, 'disabled');
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { enabled: true }));
      assert.equal((await record(other, late, 'gone'))!.newHealth, null);
      assert.equal(await isEnabled(webhookId), true);
    });

    it('counts even though other settings changed', async () => {
      const { id, webhookId } = await newDelivery();
      const attempt = await take(id);
      await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { description: 'x', timeoutMs: 5_000 }));
      assert.equal((await record(id, attempt, 'gone'))!.newHealth, 'disabled');
      assert.equal(await isEnabled(webhookId), false);
    });
  });

  describe('a retry by hand', () => {
    for (const skewMs of [-60_000, -300, 60_000])
      it(`issue 8.3: is honoured once by a worker whose clock is ${skewMs} ms off`, async () => {
        const { id, webhookId } = await newDelivery({ maxRetries: 0 });
        const attempt = await take(id);
        await db.transaction((tx) => requestRetry(tx, webhookId, id, { force: false }));
        const startedAt = new Date(Date.now() + skewMs).toISOString();
        assert.equal((await record(id, attempt, 'retry', startedAt))!.status, 'pending', 'one more');
        const second = await take(id);
        assert.equal((await record(id, second, 'retry', startedAt))!.status, 'failed', 'and no other');
      });

    it('issue 8.3: requested between two requests does not restart the schedule', async () => {
      const { id, webhookId } = await newDelivery({ maxRetries: 1 });
      await record(id, await take(id), 'retry');
      await db.transaction((tx) => requestRetry(tx, webhookId, id, { force: false }));
      assert.equal((await record(id, await take(id), 'retry'))!.status, 'failed');
    });
  });

  describe('a request without a record', () => {
    it('issue 8.6: is given up by others only once its process has beaten again without recording it', async () => {
      const { id } = await newDelivery();
      const [owner, other] = [randomUUID(), randomUUID()];
      const begun = await databaseTime(db);
      await beat(db, owner, begun);
      await take(id, owner);
      await requestEnds(id);
      const refused = await takeAttempt(db, id, { timeoutMs: 30_000, processId: other, keyIds });
      assert.equal(refused.answer, 'wait', 'its process may have the answer');
      // The owner is alive, and has recorded all its results.
      await beat(db, owner, await databaseTime(db));
      await take(id, other);
    });

    it('issue 8.6: is given up when its process is gone, but not after an outage that stopped all processes', async () => {
      const { id } = await newDelivery();
      const [owner, other] = [randomUUID(), randomUUID()];
      const ago = async (seconds: number) => {
        const { rows } = await database.pool.query<{ at: Date }>(
          `select clock_timestamp() - $1 * interval '1 s' as at`,
          [seconds],
        );
        return rows[0]!.at;
      };
      await beat(db, owner, await ago(60));
      await take(id, owner);
      await requestEnds(id);
      // Postgres was away for both; the other has only just begun to beat again.
      await beat(db, other, await ago(60));
      await beat(db, other, await ago(0));
      assert.equal((await takeAttempt(db, id, { timeoutMs: 30_000, processId: other, keyIds })).answer, 'wait');
      // The other has now beaten for long enough to count the owner as gone.
      await database.pool.query(
        `update sender_processes set continuous_since = clock_timestamp() - interval '16 s' where id = $1`,
        [other],
      );
      await take(id, other);
    });

    it("does not disturb the delivery's next request when its record comes late", async () => {
      const { id } = await newDelivery();
      const lost = await take(id);
      await requestEnds(id);
      const next = await take(id);
      await record(id, lost, 'retry');
      const state = await stateOf(id);
      assert.equal(state.in_flight_request, next.requestId, 'it is still open');
      assert.equal((await takeAttempt(db, id, { timeoutMs: 30_000, processId, keyIds })).answer, 'wait');
      await record(id, next, 'delivered');
      assert.deepEqual(await stateOf(id), { status: 'delivered', attempt_count: 2, in_flight_request: null });
    });
  });

  describe("a tenant's quota of requests", () => {
    const setQuota = (quota: number) =>
      database.pool.query('update tenants set quota_requests_per_minute = $2 where id = $1', [tenantId, quota]);

    it('issue 8.11: holds over all its webhooks, and spreads refused requests over the next windows', async () => {
      await setQuota(2);
      const unlimited = { rateLimitPerMinute: null, rateLimitPerHour: null };
      const ids = [];
      for (let i = 0; i < 7; i++) ids.push((await newDelivery(unlimited)).id);
      const answers = [];
      for (const id of ids) answers.push(await takeAttempt(db, id, { timeoutMs: 30_000, processId, keyIds }));
      assert.deepEqual(
        answers.map((taken) => (taken.answer === 'wait' ? Math.ceil(taken.waitMs! / 60_000) : taken.answer)),
        ['send', 'send', 1, 1, 2, 2, 3],
      );
      // One minute later.
      await database.pool.query(`update tenant_request_windows set began_at = began_at - interval '60 s'`);
      const next = [];
      for (const id of ids.slice(2)) next.push(await takeAttempt(db, id, { timeoutMs: 30_000, processId, keyIds }));
      assert.deepEqual(
        next.map(({ answer }) => answer),
        ['send', 'send', 'wait', 'wait', 'wait'],
      );
    });

    it('is not used up by requests that are refused for another reason', async () => {
      await setQuota(1);
      const { id, webhookId } = await newDelivery({ rateLimitPerMinute: 1 });
      await record(id, await take(id), 'delivered');
      await database.pool.query(`update tenant_request_windows set began_at = began_at - interval '60 s'`);
      const second = await trigger(webhookId);
      assert.equal((await takeAttempt(db, second, { timeoutMs: 30_000, processId, keyIds })).answer, 'wait');
      await take((await newDelivery()).id);
    });
  });

  it('field case 80: are not considered ended on a read-only server, which may lack rows of the primary', async () => {
    const url = new URL(database.url);
    url.searchParams.set('options', '-c default_transaction_read_only=on');
    const standby = openDatabase({ url: url.href, poolSize: 1 });
    try {
      const unknown = randomUUID();
      const isReadOnly = (error: unknown) => error instanceof DatabaseUnavailableError && error.reason === 'read-only';
      await assert.rejects(takeAttempt(standby, unknown, { timeoutMs: 30_000, processId, keyIds }), isReadOnly);
      await assert.rejects(planAttempt(standby, unknown), isReadOnly);
    } finally {
      await standby.close();
    }
    assert.equal(await planAttempt(db, randomUUID()), null);
  });

  it('issue 8.4: takes no token for a webhook whose secret this process cannot open', async () => {
    const { id, webhookId } = await newDelivery({ rateLimitPerMinute: 1 });
    const sealed = Buffer.concat([Buffer.of(2, 3), Buffer.from('new'), Buffer.alloc(40)]);
    await database.pool.query('update webhooks set secret_sealed = $2 where id = $1', [webhookId, sealed]);
    const refused = await takeAttempt(db, id, { timeoutMs: 30_000, processId, keyIds: ['old'] });
    assert.equal(refused.answer, 'sealed');
    const taken = await takeAttempt(db, id, { timeoutMs: 30_000, processId, keyIds: ['new', 'old'] });
    assert.equal(taken.answer, 'send', 'the only token of this minute is still there');
  });

  it('issue 8.18: that break on a reused connection are repeated up to three times without using up the schedule', async () => {
    const { id } = await newDelivery({ maxRetries: 1 });
    for (const expected of ['pending', 'pending', 'pending', 'pending', 'failed']) {
      const recorded = await record(id, await take(id), 'again');
      assert.equal(recorded!.status, expected);
      if (recorded!.number <= 3) assert.equal(recorded!.waitMs, 0);
      await database.pool.query('update webhook_deliveries set due_at = clock_timestamp() where id = $1', [id]);
    }
    assert.equal((await stateOf(id)).attempt_count, 5, 'each is in the log');
  });

  it('issue 8.7: are made in the order in which the deliveries became due, in whatever order they ask', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }),
        async (perMinute, asking, waking) => {
          const webhookId = await insertWebhook(database.pool, tenantId, { rateLimitPerMinute: perMinute });
          const ids: string[] = [];
          for (let i = 0; i < perMinute; i++) await record(...(await sent(await trigger(webhookId))));
          for (let i = 0; i < 8; i++) ids.push(await trigger(webhookId));
          for (const i of asking) await planAttempt(db, ids[i]!);
          const { rows } = await database.pool.query<{ id: string }>(
            'select id from webhook_deliveries where webhook_id = $1 and holds_token order by next_attempt_at',
            [webhookId],
          );
          assert.deepEqual(
            rows.map(({ id }) => ids.indexOf(id)),
            [0, 1, 2, 3, 4, 5, 6, 7],
            'planned in order',
          );
          const order: number[] = [];
          while (order.length < 8) {
            // One minute later. Deliveries ask in the order in which they wake; those that are refused ask again.
            await minutePasses(webhookId);
            for (const i of [...waking, ...waking, ...waking]) {
              if (order.includes(i)) continue;
              const taken = await takeAttempt(db, ids[i]!, { timeoutMs: 30_000, processId, keyIds });
              if (taken.answer === 'send') order.push(i);
            }
          }
          assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7]);
        },
      ),
      { numRuns: 25 },
    ));

  const sent = async (id: string): Promise<[string, TakenAttempt, AttemptVerdict]> => [id, await take(id), 'delivered'];

  const minutePasses = async (webhookId: number) => {
    await database.pool.query(`update webhook_tokens set at = at - interval '60 s' where webhook_id = $1`, [webhookId]);
    await database.pool.query(
      `update webhook_deliveries set next_attempt_at = next_attempt_at - interval '60 s' where webhook_id = $1 and holds_token`,
      [webhookId],
    );
  };
});

import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { sweep } from '../../../activities/maintenance/sweep.js';
import { recordAttempt } from '../../../src/db/attempts.js';
import { createRecovery, requeueBatch } from '../../../src/db/recoveries.js';
import { expireDue } from '../../../src/db/unstarted-deliveries.js';
import { getStatistics } from '../../../src/db/statistics.js';
import { ConflictError } from '../../../src/errors.js';
import { createLogger } from '../../../src/log.js';
import { insertBacklog } from '../../support/insert-backlog.js';
import { assertInvariants } from '../../support/invariants.js';
import { openAttempts, recordOf, type Attempts } from './attempt-fixture.js';

describe('a delivery with a time to live', function () {
  this.timeout(120_000);
  let attempts: Attempts;
  before(async () => void (attempts = await openAttempts()));
  after(() => attempts.close());

  async function newDelivery(settings: Parameters<Attempts['newWebhook']>[0] = {}) {
    const webhookId = await attempts.newWebhook({ ttlSeconds: { '*': 900 }, retrySchedule: [20], ...settings });
    return { webhookId, id: await attempts.trigger(webhookId) };
  }

  const statusOf = async (id: string) => (await attempts.read(id)).status;
  const lifeOf = async (id: string) => {
    const { rows } = await attempts.database.pool.query<{ seconds: number | null }>(
      'select extract(epoch from expires_at - created_at)::float as seconds from webhook_deliveries where id = $1',
      [id],
    );
    return rows[0]!.seconds;
  };
  const sweepOnce = () =>
    new MockActivityEnvironment().run(() =>
      sweep(
        {
          db: attempts.db,
          log: createLogger({ level: 'silent', format: 'json' }),
          startInTurn: () => Promise.resolve({ started: true }),
          workflows: {
            start: () => undefined,
            settle: () => undefined,
            verify: () => undefined,
            collect: () => undefined,
            recover: () => undefined,
          },
        },
        0,
      ),
    );
  const recover = async (webhookId: number) => {
    const { db, tenantId } = attempts;
    const request = { webhookId, tenantId, eventTypes: null, since: null, until: null, includeMissing: false };
    const { id } = await db.transaction((tx) => createRecovery(tx, { ...request, statuses: ['expired'] }));
    await requeueBatch(db, id, { limit: 10, ahead: 10 });
  };

  it('has that of its event type, else that of *, from when its event was accepted', async () => {
    const webhookId = await attempts.newWebhook({ ttlSeconds: { '*': 60, 'call.dtmf': 5 } });
    assert.equal(await lifeOf(await attempts.trigger(webhookId, 'call.dtmf')), 5);
    assert.equal(await lifeOf(await attempts.trigger(webhookId, 'sms.sent')), 60);
    const onlyOne = await attempts.newWebhook({ ttlSeconds: { 'call.dtmf': 7 } });
    assert.equal(await lifeOf(await attempts.trigger(onlyOne, 'call.dtmf')), 7);
    assert.equal(await lifeOf(await attempts.trigger(onlyOne, 'sms.sent')), null);
    await attempts.change(onlyOne, { ttlSeconds: null });
    assert.equal(await lifeOf(await attempts.trigger(onlyOne, 'call.dtmf')), null);
  });

  it('is expired by the plan of its first attempt', async () => {
    const { id, webhookId } = await newDelivery();
    await attempts.pass(880, id);
    assert.equal((await attempts.plan(id)).status, 'pending');
    await attempts.pass(21, id);
    assert.equal((await attempts.plan(id)).status, 'expired');
    await assertInvariants(attempts.database.pool, webhookId);
  });

  it('is expired where it would have been sent, and by no request', async () => {
    const { id, webhookId } = await newDelivery();
    await attempts.attempt(id, 500);
    await attempts.pass(901, id);
    assert.deepEqual(await attempts.take(id), {
      answer: 'ended',
      status: 'expired',
      attemptCount: 1,
      releases: false,
      deliveries: 1,
    });
    await assertInvariants(attempts.database.pool, webhookId);
  });

  it('waits no longer than it lives: not for its retry, nor for a token, nor for the quota', async () => {
    const { id } = await newDelivery({ retrySchedule: [6_000] });
    const about900s = (waitMs: number | null) => assert.ok(waitMs! > 890_000 && waitMs! <= 900_000, `${waitMs} ms`);
    about900s((await attempts.attempt(id, 500)).waitMs);
    about900s((await attempts.plan(id)).waitMs);
    const refused = await attempts.take(id);
    about900s(refused.answer === 'wait' ? refused.waitMs : null);

    const limited = await newDelivery({ rateLimitPerHour: 1 });
    await attempts.attempt(limited.id, 200);
    const [next, last] = [await attempts.trigger(limited.webhookId), await attempts.trigger(limited.webhookId)];
    const { waitMs, waitsFor } = await attempts.plan(next);
    assert.equal(waitsFor, 'token');
    about900s(waitMs);
    const planned = await attempts.take(next);
    about900s(planned.answer === 'wait' ? planned.waitMs : null);
    await attempts.plan(last);
    await attempts.pass(901, next);
    assert.equal((await attempts.plan(next)).status, 'expired');
    await assertInvariants(attempts.database.pool, limited.webhookId);

    const other = await newDelivery();
    const { pool } = attempts.database;
    await pool.query('update tenants set quota_requests_per_minute = 1 where id = $1', [attempts.tenantId]);
    try {
      await pool.query('delete from tenant_request_windows');
      await attempts.attempt(other.id, 500);
      await attempts.pass(870, other.id);
      const overQuota = await attempts.take(other.id);
      assert.ok(overQuota.answer === 'wait' && overQuota.waitsFor === 'quota');
      assert.ok(overQuota.waitMs! > 20_000 && overQuota.waitMs! <= 30_000, `${overQuota.waitMs} ms`);
    } finally {
      await pool.query('update tenants set quota_requests_per_minute = null where id = $1', [attempts.tenantId]);
    }
  });

  it('is expired by the sweep while it waits, while it is held, and while nobody starts it', async () => {
    const waiting = await newDelivery();
    await attempts.attempt(waiting.id, 500);
    const held = await newDelivery({ enabled: false });
    const unstarted = await newDelivery();
    const young = await newDelivery();
    const ids = [waiting, held, unstarted].map(({ id }) => id);
    assert.equal(await expireDue(attempts.db, 10), 0);
    for (const id of ids) await attempts.pass(901, id);
    assert.equal(await expireDue(attempts.db, 2), 2, 'at most so many');
    assert.equal(await expireDue(attempts.db, 2), 1);
    for (const id of ids) assert.equal(await statusOf(id), 'expired');
    assert.equal(await statusOf(young.id), 'pending');
    for (const { webhookId } of [waiting, held, unstarted]) await assertInvariants(attempts.database.pool, webhookId);
  });

  it('is expired by one sweep with all others, however many', async () => {
    const webhookId = await attempts.newWebhook({ ttlSeconds: { '*': 900 }, enabled: false });
    const { pool } = attempts.database;
    await insertBacklog(pool, { tenantId: attempts.tenantId, webhookId, status: 'held', count: 450 });
    await pool.query(`update webhook_deliveries set expires_at = now() - interval '1 s' where webhook_id = $1`, [
      webhookId,
    ]);
    await sweepOnce();
    assert.equal((await getStatistics(attempts.db, [webhookId]))(webhookId).expired, 450);
    await assertInvariants(attempts.database.pool, webhookId);
  });

  it('is expired, not sent, when its webhook is resumed too late', async () => {
    const { id, webhookId } = await newDelivery({ enabled: false });
    await attempts.pass(901, id);
    await attempts.change(webhookId, { enabled: true });
    await attempts.settle(webhookId);
    assert.equal((await attempts.plan(id)).status, 'expired');
  });

  it('does not expire while a request is open, and then by its record', async () => {
    const { id } = await newDelivery({ maxRetries: 5 });
    const attempt = await attempts.takeToSend(id);
    const { pool } = attempts.database;
    await pool.query(`update webhook_deliveries set expires_at = now() - interval '1 s' where id = $1`, [id]);
    assert.equal((await attempts.plan(id)).status, 'pending');
    assert.equal((await attempts.take(id)).answer, 'wait');
    await sweepOnce();
    assert.equal(await statusOf(id), 'pending');
    assert.equal((await attempts.record(id, attempt, 500)).waitMs, 0, 'nothing to wait for');
    assert.equal((await attempts.take(id)).answer, 'ended');
    assert.equal(await statusOf(id), 'expired');
  });

  it('counts as delivered when the success of a request becomes known afterwards, and stays expired after a failure', async () => {
    for (const [answer, status] of [
      [200, 'delivered'],
      [500, 'expired'],
    ] as const) {
      const { id, webhookId } = await newDelivery();
      const late = await attempts.takeToSend(id);
      await attempts.pass(901, id);
      await sweepOnce();
      assert.equal(await statusOf(id), 'expired');
      assert.equal((await attempts.record(id, late, answer)).status, status);
      assert.deepEqual([await statusOf(id), (await attempts.read(id)).attempt_count], [status, 1]);
      await assertInvariants(attempts.database.pool, webhookId);
    }
  });

  it('is counted as expired, apart from those that failed', async () => {
    const { id, webhookId } = await newDelivery({ maxRetries: 0 });
    await attempts.attempt(await attempts.trigger(webhookId), 500);
    await attempts.pass(901, id);
    await attempts.plan(id);
    const { expired, failed, pending } = (await getStatistics(attempts.db, [webhookId]))(webhookId);
    assert.deepEqual([expired, failed, pending], [1, 1, 0]);
  });

  describe('that is asked for again', () => {
    const expired = async () => {
      const { id, webhookId } = await newDelivery();
      await attempts.pass(901, id);
      await attempts.plan(id);
      assert.equal(await statusOf(id), 'expired');
      return { id, webhookId };
    };
    const assertLives = async ({ id, webhookId }: { id: string; webhookId: number }) => {
      assert.equal((await attempts.read(id)).expires_at, null);
      await sweepOnce();
      await attempts.attempt(id, 500);
      await attempts.pass(3_000, id);
      assert.equal((await attempts.attempt(id, 200)).status, 'delivered');
      await assertInvariants(attempts.database.pool, webhookId);
    };

    it('by hand after it expired, does not expire any more', async () => {
      const delivery = await expired();
      await attempts.retry(delivery.webhookId, delivery.id);
      await assertLives(delivery);
    });

    it('by hand while it waits, does not expire either', async () => {
      const delivery = await newDelivery();
      await attempts.attempt(delivery.id, 500);
      await attempts.pass(901, delivery.id);
      await attempts.retry(delivery.webhookId, delivery.id);
      await assertLives(delivery);
    });

    it('by a recovery, does not either', async () => {
      const delivery = await expired();
      await recover(delivery.webhookId);
      await assertLives(delivery);
    });

    it('by a recovery while its webhook is paused, is held until it is resumed', async () => {
      const delivery = await expired();
      await attempts.change(delivery.webhookId, { enabled: false });
      await recover(delivery.webhookId);
      await sweepOnce();
      assert.equal(await statusOf(delivery.id), 'held');
      await attempts.change(delivery.webhookId, { enabled: true });
      await attempts.settle(delivery.webhookId);
      await assertLives(delivery);
    });
  });

  it('never deadlocks, is never sent too late, and is counted once, whatever happens at the same time', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            what: fc.constantFrom('trigger', 'plan', 'take', 'record', 'sweep', 'retry', 'pass', 'pause', 'resume'),
            which: fc.nat(9),
          }),
          { minLength: 40, maxLength: 80 },
        ),
        async (steps) => {
          const settings = {
            ttlSeconds: { '*': 60 },
            rateLimitPerMinute: 3,
            maxRetries: 1,
            fallbackUrl: 'https://b.example/',
          };
          const webhookId = await attempts.newWebhook(settings);
          const ids = [await attempts.trigger(webhookId), await attempts.trigger(webhookId)];
          const open: (() => Promise<unknown>)[] = [];
          const run = async ({ what, which }: (typeof steps)[number]): Promise<unknown> => {
            const id = ids[which % ids.length]!;
            switch (what) {
              case 'trigger':
                return ids.push(await attempts.trigger(webhookId));
              case 'plan':
                return attempts.plan(id);
              case 'take': {
                const { rows } = await attempts.database.pool.query<{ is_late: boolean | null }>(
                  'select expires_at < clock_timestamp() as is_late from webhook_deliveries where id = $1',
                  [id],
                );
                const taken = await attempts.take(id);
                if (taken.answer !== 'send') return;
                // A retry by hand may have come in between.
                if (rows[0]!.is_late) assert.equal((await attempts.read(id)).expires_at, null, 'sent too late');
                const answer = ([200, 500, 500, 'blocked'] as const)[which % 4]!;
                return open.push(() => recordAttempt(attempts.db, recordOf(id, taken.attempt, answer)));
              }
              case 'record':
                return open.shift()?.();
              case 'sweep':
                return expireDue(attempts.db, 3);
              case 'retry':
                return attempts
                  .retry(webhookId, id)
                  .catch((error: unknown) => assert.ok(error instanceof ConflictError, String(error)));
              case 'pass':
                return attempts.pass(40, id);
              default:
                await attempts.change(webhookId, { enabled: what === 'resume' });
                return attempts.settle(webhookId);
            }
          };
          for (let i = 0; i < steps.length; i += 8) {
            await Promise.all(steps.slice(i, i + 8).map(run));
            await assertInvariants(attempts.database.pool, webhookId);
          }
        },
      ),
      { numRuns: 25, endOnFailure: true },
    ));
});

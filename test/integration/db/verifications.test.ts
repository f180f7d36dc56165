import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { planAttempt } from '../../../src/db/attempt-plan.js';
import { recordAttempt, takeAttempt } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { createRecovery, requeueBatch } from '../../../src/db/recoveries.js';
import { markUnsettledWebhooks, pageOfWebhooks } from '../../../src/db/settling.js';
import { listUnattendedVerifications, recordVerification, takeVerification } from '../../../src/db/verifications.js';
import { deleteWebhook, updateWebhook, type WebhookSettings } from '../../../src/db/webhooks.js';
import { createLogger } from '../../../src/log.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertBacklog } from '../../support/insert-backlog.js';
import { assertInvariants } from '../../support/invariants.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

const log = createLogger({ level: 'silent', format: 'json' });
const processId = randomUUID();
const keyIds = ['a-key'];

describe('verifications in Postgres', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 8 });
  });
  beforeEach(async () => void (tenantId = await insertTenant(database.pool)));
  after(async () => {
    await db.close();
    await database.drop();
  });

  /** As version 1 of our seals, which names no key. */
  const sealedSecret = Buffer.alloc(40, 1);
  const webhook = () => insertWebhook(database.pool, tenantId, { sealedSecret });
  async function unverified(columns = ''): Promise<number> {
    const id = await webhook();
    await database.pool.query(`update webhooks set verification = 'pending' ${columns} where id = $1`, [id]);
    return id;
  }
  const answerTo = async (webhookId: number) => (await takeVerification(db, webhookId, keyIds)).answer;
  const take = async (webhookId: number) => {
    const taken = await takeVerification(db, webhookId, keyIds);
    return taken.answer === 'send' ? taken : assert.fail(JSON.stringify(taken));
  };
  const record = (webhookId: number, targetVersion: number, error: string | null = null) =>
    recordVerification(db, log, { webhookId, tenantId, targetVersion, error });
  const change = (webhookId: number, settings: WebhookSettings) =>
    db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, settings));

  describe('a result', () => {
    it('counts once, and only for the target that was asked', async () => {
      const id = await unverified();
      const { targetVersion } = await take(id);
      for (const settings of [{ url: 'https://a.example.com/' }, { fallbackUrl: 'https://b.example.com/' }]) {
        const before = await take(id);
        await change(id, settings);
        assert.equal(await record(id, before.targetVersion), false, JSON.stringify(settings));
      }
      const now = await take(id);
      assert.deepEqual([now.url, now.fallbackUrl], ['https://a.example.com/', 'https://b.example.com/']);
      assert.equal(await record(id, now.targetVersion), true);
      assert.equal(await record(id, now.targetVersion), false);
      assert.equal(await record(id, targetVersion, 'late'), false);
      assert.equal(await answerTo(id), 'ended');
    });

    it('counts once if two come at the same time', async () => {
      const id = await unverified();
      const { targetVersion } = await take(id);
      const recorded = await Promise.all([record(id, targetVersion), record(id, targetVersion, 'no')]);
      assert.deepEqual(recorded.sort(), [false, true]);
    });

    it('that is wrong is final, and one for a deleted webhook is nothing', async () => {
      const [wrong, deleted] = [await unverified(), await unverified()];
      assert.equal(await record(wrong, (await take(wrong)).targetVersion, 'no'), true);
      assert.equal(await answerTo(wrong), 'ended');
      const { targetVersion } = await take(deleted);
      await db.transaction((tx) => deleteWebhook(tx, tenantId, deleted));
      assert.equal(await record(deleted, targetVersion), false);
      assert.equal(await answerTo(deleted), 'ended');
      assert.equal(await answerTo(2 ** 31 - 1), 'ended');
    });
  });

  describe('the limit of a tenant', () => {
    it('lets 60 requests go at once, exactly, whatever webhooks they are for', async () => {
      const ids = await Promise.all(Array.from({ length: 70 }, () => unverified()));
      await db.transaction((tx) => deleteWebhook(tx, tenantId, ids[69]!));
      const taken = await Promise.all(ids.slice(0, 69).map((id) => takeVerification(db, id, keyIds)));
      assert.equal(taken.filter(({ answer }) => answer === 'send').length, 60);
      const waits = taken.flatMap((each) => (each.answer === 'wait' ? [each.waitMs] : []));
      assert.equal(waits.length, 9);
      for (const waitMs of waits) assert.ok(waitMs > 3_000 && waitMs <= 5_000, `${waitMs} ms`);
      tenantId = await insertTenant(database.pool);
      assert.equal(await answerTo(await unverified()), 'send', 'of another tenant');
    });

    it('counts the fallback url too, and one request more every five seconds', async () => {
      const both = await unverified(`, fallback_url = 'https://b.example.com/'`);
      for (let n = 0; n < 30; n++) assert.equal(await answerTo(both), 'send');
      const one = await unverified();
      assert.equal(await answerTo(one), 'wait');
      await database.pool.query(
        `update tenants set verifications_until = verifications_until - interval '5 s' where id = $1`,
        [tenantId],
      );
      assert.equal(await answerTo(both), 'wait');
      assert.equal(await answerTo(one), 'send');
      assert.equal(await answerTo(one), 'wait');
    });

    it('is not used by a process that cannot sign', async () => {
      const id = await unverified(`, secret_sealed = '\\x020161'::bytea || secret_sealed`);
      for (let n = 0; n < 61; n++) assert.equal(await answerTo(id), 'sealed');
      assert.equal(await answerTo(await unverified()), 'send');
    });
  });

  it('are listed for the sweeper if nobody has asked for a minute, and an answer is awaited', async () => {
    const old = `, verification_checked_at = now() - interval '2 min'`;
    const forgotten = await unverified(old);
    await unverified();
    await unverified(`${old}, verification_error = 'no'`);
    await unverified(`${old}, deleted_at = now()`);
    const verified = await unverified(old);
    await record(verified, 0);
    const listed = await listUnattendedVerifications(db);
    assert.deepEqual(
      listed.filter((each) => each.tenantId === tenantId),
      [{ webhookId: forgotten, tenantId }],
    );
    await takeVerification(db, forgotten, keyIds);
    assert.deepEqual(await listUnattendedVerifications(db), []);
  });

  describe('an unverified webhook', () => {
    const close = async (webhookId: number) => {
      // As a change of the url does, before its deliveries follow.
      await database.pool.query(`update webhooks set verification = 'pending' where id = $1`, [webhookId]);
    };
    const backlog = async (status: 'pending' | 'failed', { test = false } = {}) => {
      const webhookId = await webhook();
      await insertBacklog(database.pool, { tenantId, webhookId, status, count: 1 });
      const { rows } = await database.pool.query<{ id: string }>(
        `update webhook_deliveries set test = $2 where webhook_id = $1 returning id`,
        [webhookId, test],
      );
      return { webhookId, id: rows[0]!.id };
    };
    const statusOf = async (id: string) =>
      (await database.pool.query<{ status: string }>('select status from webhook_deliveries where id = $1', [id]))
        .rows[0]!.status;

    for (const test of [false, true]) {
      it(`gets no attempt of a ${test ? 'test' : 'delivery'} that was pending`, async () => {
        const [taken, planned] = [await backlog('pending', { test }), await backlog('pending', { test })];
        await close(taken.webhookId);
        await close(planned.webhookId);
        const options = { timeoutMs: 30_000, processId, keyIds };
        assert.deepEqual(
          await takeAttempt(db, taken.id, { ...options, ifEasy: true }).then(({ answer }) => answer),
          'ended',
        );
        assert.equal((await planAttempt(db, planned.id))!.status, 'held');
        assert.deepEqual([await statusOf(taken.id), await statusOf(planned.id)], ['held', 'held']);
      });

      it(`is repaired if a ${test ? 'test' : 'delivery'} is pending and nobody settles it`, async () => {
        const { webhookId, id } = await backlog('pending', { test });
        await close(webhookId);
        assert.deepEqual(await markUnsettledWebhooks(db, await pageOfWebhooks(db, 0)), [{ webhookId, tenantId }]);
        await database.pool.query('select settle_batch($1, 10)', [webhookId]);
        assert.equal(await statusOf(id), 'held');
        await database.pool.query('update webhooks set settling_since = null');
        assert.deepEqual(await markUnsettledWebhooks(db, await pageOfWebhooks(db, 0)), []);
      });
    }

    it('gets nothing from a recovery, which waits', async () => {
      const { webhookId, id } = await backlog('failed');
      await close(webhookId);
      const request = {
        statuses: ['failed' as const],
        eventTypes: null,
        since: null,
        until: null,
        includeMissing: false,
      };
      const recovery = await db.transaction((tx) => createRecovery(tx, { webhookId, tenantId, ...request }));
      assert.deepEqual(await requeueBatch(db, recovery.id, { limit: 10, ahead: 10 }), []);
      assert.equal(await statusOf(id), 'held');
      assert.deepEqual(await record(webhookId, 0), true);
      await database.pool.query('select settle_batch($1, 10)', [webhookId]);
      assert.equal(await statusOf(id), 'pending');
      await assertInvariants(database.pool, webhookId);
    });

    it('shows no health by a request that was open when its url was changed', async () => {
      const { webhookId, id } = await backlog('pending');
      const taken = await takeAttempt(db, id, { timeoutMs: 30_000, processId, keyIds });
      assert.ok(taken.answer === 'send');
      await close(webhookId);
      const { attempt } = taken;
      await recordAttempt(db, {
        ...{ deliveryId: id, requestId: attempt.requestId, number: 1, targetVersion: 0, token: attempt.token },
        ...{ startedAt: new Date().toISOString(), durationMs: 5, elapsedMs: 5, statusCode: 500, target: 'primary' },
        ...{ requestHeaders: {}, responseHeaders: {}, responseBody: '', responseTruncated: false },
        ...{ error: { class: 'http_status', message: '500' }, verdict: 'retry', retryWaitMs: 0, disabledReason: null },
      });
      const { rows } = await database.pool.query('select from webhook_health where webhook_id = $1', [webhookId]);
      assert.equal(rows.length, 0);
    });
  });
});

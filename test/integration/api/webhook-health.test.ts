import assert from 'node:assert/strict';
import type { Database } from '../../../src/db/database.js';
import { settleDelivery } from '../../../src/db/deliveries.js';
import { updateWebhook } from '../../../src/db/webhooks.js';
import { assertInvariants } from '../../support/invariants.js';
import { waitFor } from '../../support/wait-for.js';
import { recordAnswer, startApi, type Api } from './fixture.js';
import { createJudgedWebhook, openHealthDatabase, type JudgedWebhook } from './health-fixture.js';

describe('the health of a webhook', () => {
  let api: Api;
  let db: Database;
  let hook: JudgedWebhook;
  before(async () => {
    api = await startApi();
    db = openHealthDatabase(api);
  });
  beforeEach(async () => void (hook = await createJudgedWebhook(api, db)));
  after(async () => {
    await db.close();
    await api.close();
  });

  it('is failing after five failed deliveries in a row, and healthy again at the first success', async () => {
    const { created_at: createdAt } = await hook.read();
    await hook.failTimes(4);
    assert.deepEqual(await hook.health(), {
      state: 'healthy',
      since: createdAt,
      consecutive_failures: 4,
      last_error: 'the receiver answered 503',
    });
    await hook.succeed();
    await hook.failTimes(4);
    assert.equal((await hook.health()).state, 'healthy', 'a success came between');
    await hook.fail();
    const failing = await hook.health();
    assert.deepEqual([failing.state, failing.consecutive_failures], ['failing', 5]);
    assert.ok(failing.since > createdAt);
    await hook.failTimes(2);
    assert.deepEqual(await hook.health(), { ...failing, consecutive_failures: 7 });
    await hook.succeed();
    const recovered = await hook.health();
    assert.deepEqual([recovered.state, recovered.consecutive_failures, recovered.last_error], ['healthy', 0, null]);
    assert.ok(recovered.since > failing.since);
    await hook.succeed();
    assert.deepEqual(await hook.health(), recovered);
  });

  it('is written by failures, and by a success only after three or more of them', async () => {
    const written = async () =>
      (await api.pool.query('select xmin from webhook_health where webhook_id = $1', [hook.id])).rows;
    const seen = async () => {
      const { state, consecutive_failures: failures, last_error: error } = await hook.health();
      return [state, failures, error];
    };
    await hook.succeed();
    assert.deepEqual(await written(), []);
    for (const [failures, isWritten] of [
      [1, false],
      [2, false],
      [3, true],
      [4, true],
    ] as const) {
      await hook.failTimes(failures);
      assert.deepEqual(await seen(), ['healthy', failures, 'the receiver answered 503'], 'only those in a row count');
      const before = await written();
      assert.equal(before.length, 1);
      await hook.succeed();
      const after = await written();
      assert.equal(String(after[0].xmin) !== String(before[0].xmin), isWritten, `after ${failures}`);
      assert.deepEqual(await seen(), ['healthy', 0, null]);
      await hook.succeed();
      assert.deepEqual(await written(), after);
    }
    assert.deepEqual(await hook.events(), []);
  });

  it('counts only failures since the last success in what is announced and shown of a paused or disabled webhook', async () => {
    await hook.failTimes(2);
    await hook.succeed();
    await hook.patch({ enabled: false });
    const paused = await hook.health();
    assert.deepEqual([paused.consecutive_failures, paused.last_error], [0, null]);
    const other = await createJudgedWebhook(api, db);
    await other.failTimes(2);
    await other.succeed();
    // Of an event about another webhook: no evidence, but it disables.
    const { body } = await api.call('POST', '/v1/events', {
      body: {
        tenant_id: other.tenant.id,
        event_type: 'webhook.recovered',
        event_id: 'about-another',
        payload: {
          webhook_id: 1,
          url: 'https://e.com',
          since: '2025-10-29T12:00:00Z',
          reason: 'x',
          consecutive_failures: 0,
        },
      },
    });
    await recordAnswer(api, body.deliveries[0].id, { statusCode: 410, verdict: 'gone' });
    const disabled = await other.health();
    assert.deepEqual([disabled.state, disabled.consecutive_failures], ['disabled', 0]);
  });

  it('is failing only after five failures since a success that came at the same time as one of them', async () => {
    // The last failure did not see this success, which was not committed yet.
    const succeededMeanwhile = () =>
      api.pool.query(
        `update webhook_counters c set healthy_at = h.failed_at[1] - interval '1 us'
           from webhook_health h where h.webhook_id = c.webhook_id and c.webhook_id = $1`,
        [hook.id],
      );
    await hook.succeed();
    await hook.failTimes(3);
    await succeededMeanwhile();
    await hook.failTimes(4);
    assert.equal((await hook.health()).state, 'healthy');
    await hook.fail();
    const failing = await hook.health();
    assert.equal(failing.state, 'failing');
    await succeededMeanwhile();
    assert.deepEqual(await hook.health(), failing, 'until the next success');
  });

  describe('while deliveries have attempts left', () => {
    beforeEach(() => hook.patch({ max_retries: 20 }));

    it('is failing when all attempts of ten minutes failed, and there were ten', async () => {
      const deliveries = [await hook.newDelivery(), await hook.newDelivery()];
      for (let i = 0; i < 9; i++) await hook.fail(deliveries[i % 2]);
      assert.equal((await hook.health()).state, 'healthy');
      await hook.fail(deliveries[0]);
      assert.deepEqual([(await hook.health()).state, (await hook.health()).consecutive_failures], ['failing', 0]);
      assert.deepEqual(await hook.events(), ['webhook.failing']);
    });

    it('is healthy when the last success was nine minutes ago, and failing at the next failure after ten', async () => {
      await hook.succeed();
      await hook.minutesPass(9);
      const delivery = await hook.newDelivery();
      for (let i = 0; i < 12; i++) await hook.fail(delivery);
      assert.equal((await hook.health()).state, 'healthy');
      await hook.minutesPass(1.01);
      assert.equal((await hook.health()).state, 'healthy', 'no evidence, no change');
      await hook.fail(delivery);
      assert.equal((await hook.health()).state, 'failing');
    });

    it('is healthy when ten attempts failed in more than ten minutes', async () => {
      const delivery = await hook.newDelivery();
      await hook.fail(delivery);
      await hook.minutesPass(10.01);
      for (let i = 0; i < 9; i++) await hook.fail(delivery);
      assert.equal((await hook.health()).state, 'healthy');
    });
  });

  describe('disable_after_hours', () => {
    it('disables the webhook at the 20th failure in a row, once the first was so long ago', async () => {
      await hook.patch({ disable_after_hours: 24 });
      await hook.failTimes(18);
      await hook.minutesPass(24.1 * 60);
      await hook.fail();
      assert.equal((await hook.health()).state, 'failing', 'only 19 failed');
      const waits = await hook.newDelivery();
      await hook.fail();
      const { enabled, disabled_reason: reason, disabled_at: at, health: shown } = await hook.read();
      assert.equal(enabled, false);
      assert.match(
        reason,
        /^No delivery has succeeded for 24 hours, and 20 have failed since 20.*Z\. The last error: the receiver answered 503/,
      );
      assert.deepEqual([shown.state, shown.since, shown.consecutive_failures], ['disabled', at, 20]);
      assert.deepEqual(await hook.events(), ['webhook.failing', 'webhook.disabled']);
      const { rows } = await api.pool.query("select id from webhook_deliveries where status = 'pending' and id = $1", [
        waits,
      ]);
      assert.equal(rows.length, 1, 'settling holds it');
      const { rows: settling } = await api.pool.query('select settling_since from webhooks where id = $1', [hook.id]);
      assert.notEqual(settling[0].settling_since, null);
      await assertInvariants(api.pool, hook.id);
    });

    it('does not disable it before that, after a success, or if it is null', async () => {
      await hook.failTimes(25);
      await hook.minutesPass(119.9 * 60);
      await hook.fail();
      assert.equal((await hook.health()).state, 'failing', 'six minutes too early');
      await hook.minutesPass(60);
      await hook.patch({ disable_after_hours: null });
      await hook.fail();
      assert.equal((await hook.health()).state, 'failing', 'never');
      await hook.patch({ disable_after_hours: 120 });
      await hook.succeed();
      await hook.failTimes(25);
      assert.equal((await hook.health()).state, 'failing', 'it succeeded a moment ago');
    });

    it('counts as it is once a change of it that comes at the same time is committed', async () => {
      await hook.failTimes(19);
      await hook.minutesPass(121 * 60);
      let failed!: Promise<void>;
      await db.transaction(async (tx) => {
        await updateWebhook(tx, hook.tenant.id, hook.id, { disableAfterHours: null });
        const delivery = await hook.newDelivery();
        failed = hook.fail(delivery);
        await waitFor(
          async () =>
            (
              await api.pool.query(
                `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
              )
            ).rowCount,
          { what: 'the record to wait for the webhook' },
        );
      });
      await failed;
      const { state, consecutive_failures: failures } = await hook.health();
      assert.deepEqual([state, failures], ['failing', 20]);
    });

    it('is a whole number of hours up to a year, or null', async () => {
      for (const hours of [1, 8760, null])
        assert.equal((await hook.patch({ disable_after_hours: hours })).body.webhook.disable_after_hours, hours);
      for (const hours of [0, 8761, 1.5, '120']) {
        const { status, body } = await hook.patch({ disable_after_hours: hours });
        assert.deepEqual([status, body.errors[0].path], [400, 'disable_after_hours']);
        assert.match(body.errors[0].message, /expected a whole number from 1 to 8760, or null for never/);
      }
    });
  });

  describe('after it was enabled again', () => {
    it('is healthy, and begins anew', async () => {
      await hook.failTimes(4);
      await recordAnswer(api, await hook.newDelivery(), { statusCode: 410, verdict: 'gone' });
      const disabled = await hook.read();
      assert.deepEqual([disabled.health.state, disabled.health.since], ['disabled', disabled.disabled_at]);
      const { health: shown } = (await hook.patch({ enabled: true })).body.webhook;
      assert.deepEqual([shown.state, shown.consecutive_failures, shown.last_error], ['healthy', 0, null]);
      assert.ok(shown.since > disabled.disabled_at);
      // The fifth failure came with the 410: one change.
      assert.deepEqual(await hook.events(), ['webhook.disabled', 'webhook.recovered']);
      await hook.failTimes(4);
      assert.equal((await hook.health()).state, 'healthy');
    });

    it('announces that at once', async () => {
      const changes = () => api.pool.query('select from webhook_health_changes where webhook_id = $1', [hook.id]);
      await hook.failTimes(5);
      await hook.patch({ enabled: false });
      assert.equal((await changes()).rowCount, 1);
      await hook.patch({ enabled: true });
      assert.equal((await changes()).rowCount, 0);
      assert.deepEqual(await hook.events(), ['webhook.failing', 'webhook.recovered']);
    });

    it('is healthy since then, without an event, if it was only paused', async () => {
      await hook.failTimes(2);
      await hook.patch({ enabled: false });
      const { health } = (await hook.patch({ enabled: true })).body.webhook;
      assert.deepEqual([health.state, health.consecutive_failures], ['healthy', 0]);
      assert.ok(health.since > (await hook.read()).created_at);
      assert.deepEqual(await hook.events(), []);
    });

    it('stays as it is when a webhook that is enabled is enabled', async () => {
      await hook.failTimes(5);
      const failing = await hook.health();
      assert.deepEqual((await hook.patch({ enabled: true })).body.webhook.health, failing);
    });
  });

  describe('does not depend on', () => {
    it('tests, whatever comes of them', async () => {
      const test = async () => {
        const { body } = await hook.tenant.call('POST', `/v1/webhooks/${hook.id}/test`, { body: {} });
        return body.delivery.id as string;
      };
      for (let i = 0; i < 6; i++) await hook.fail(await test());
      assert.equal((await hook.health()).last_error, null);
      await hook.failTimes(5);
      await hook.succeed(await test());
      assert.equal((await hook.health()).state, 'failing');
    });

    it('deliveries that were cancelled or expired, or failed without an attempt', async () => {
      await hook.failTimes(4);
      for (const status of ['cancelled', 'expired', 'failed'] as const)
        await settleDelivery(db, await hook.newDelivery(), status);
      assert.equal((await hook.health()).consecutive_failures, 4);
    });

    it('requests that end while it is paused', async () => {
      await hook.failTimes(4);
      const [first, second] = [await hook.newDelivery(), await hook.newDelivery()];
      await hook.patch({ enabled: false });
      await hook.fail(first);
      assert.deepEqual([(await hook.health()).state, (await hook.health()).consecutive_failures], ['healthy', 4]);
      await hook.succeed(second);
      assert.equal((await hook.health()).consecutive_failures, 4);
    });
  });

  it('counts a retry by hand that fails once more', async () => {
    const delivery = await hook.newDelivery();
    await hook.fail(delivery);
    const { status } = await hook.tenant.call('POST', `/v1/webhooks/${hook.id}/deliveries/${delivery}/retry`, {
      body: {},
    });
    assert.equal(status, 202);
    await hook.fail(delivery);
    assert.equal((await hook.health()).consecutive_failures, 2);
  });
});

import assert from 'node:assert/strict';
import type { Database } from '../../../src/db/database.js';
import { announceHealth, announceLeftOver } from '../../../src/sources/webhooks/announce-health.js';
import { assertInvariants } from '../../support/invariants.js';
import { createTenant, createWebhook, recordAnswer, startApi, triggerDtmf, type Api } from './fixture.js';
import { createJudgedWebhook, healthEvents, openHealthDatabase, type JudgedWebhook } from './health-fixture.js';

describe("a change of a webhook's health", () => {
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

  it('happens once, and every failure is counted, when many requests end at the same time', async () => {
    const deliveries = await Promise.all(Array.from({ length: 24 }, () => hook.newDelivery()));
    await Promise.all(deliveries.map((delivery) => hook.fail(delivery)));
    assert.equal((await hook.health()).consecutive_failures, 24);
    await Promise.all([announceLeftOver(hook.deps), announceLeftOver(hook.deps), announceHealth(hook.deps, hook.id)]);
    assert.deepEqual(await hook.events(), ['webhook.failing']);
    const others = await Promise.all(Array.from({ length: 10 }, () => hook.newDelivery()));
    await Promise.all(others.map((delivery) => hook.succeed(delivery)));
    assert.deepEqual(await hook.events(), ['webhook.failing', 'webhook.recovered']);
  });

  it('is announced to the other webhooks of the tenant that subscribe to it, and not to itself', async () => {
    const other = await createWebhook(hook.tenant, { events: ['webhook.failing'] });
    await createWebhook(hook.tenant, { events: ['call.completed'] });
    const stranger = await createTenant(api);
    const foreign = await createWebhook(stranger);
    await hook.failTimes(5);
    await announceLeftOver(hook.deps);
    const { body } = await hook.tenant.call('GET', '/v1/deliveries?event_type=webhook.failing');
    assert.deepEqual(
      (body.deliveries as { webhook_id: number }[]).map(({ webhook_id }) => webhook_id),
      [other],
    );
    assert.deepEqual((await stranger.call('GET', `/v1/webhooks/${foreign}/deliveries`)).body.deliveries, []);
    const started = api.workflows.started.filter(({ webhookId: id }) => id === other);
    assert.deepEqual(
      started.map(({ id }) => id),
      [body.deliveries[0].id],
      'without waiting for a sweep',
    );
    const { delivery } = (await hook.tenant.call('GET', `/v1/webhooks/${other}/deliveries/${body.deliveries[0].id}`))
      .body;
    const { since } = await hook.health();
    const sent = JSON.parse(delivery.body);
    assert.match(sent.event_id, new RegExp(`^webhook_${hook.id}_health_[0-9a-f-]{36}$`));
    assert.deepEqual(sent, {
      event: 'webhook.failing',
      event_id: sent.event_id,
      timestamp: since,
      data: {
        webhook_id: hook.id,
        url: 'https://hooks.example.com/irisx',
        since,
        reason: 'The last 5 deliveries failed. The last error: the receiver answered 503',
        consecutive_failures: 5,
      },
    });
    await assertInvariants(api.pool, other);
  });

  it('is announced even if nobody did it at the time, and once if an acceptance was rolled back', async () => {
    await hook.failTimes(5);
    const failsToCommit: Database = {
      ...db,
      transaction: (work) =>
        db.transaction(async (tx) => {
          await work(tx);
          throw new Error('killed before the commit');
        }),
    };
    await announceHealth({ ...hook.deps, db: failsToCommit }, hook.id);
    assert.deepEqual((await hook.tenant.call('GET', '/v1/events?event_type=webhook.failing')).body.events, []);
    assert.deepEqual(await hook.events(), ['webhook.failing']);
    await announceLeftOver(hook.deps);
    assert.deepEqual(await hook.events(), ['webhook.failing']);
  });

  it('holds up no other change if it cannot be announced', async () => {
    await hook.failTimes(5);
    await api.pool.query('update webhook_health_changes set consecutive_failures = -1 where webhook_id = $1', [
      hook.id,
    ]);
    const other = await createJudgedWebhook(api, db);
    await other.failTimes(5);
    assert.deepEqual(await other.events(), ['webhook.failing']);
    assert.deepEqual(await hook.events(), []);
    await api.pool.query('update webhook_health_changes set consecutive_failures = 5 where webhook_id = $1', [hook.id]);
    assert.deepEqual(await hook.events(), ['webhook.failing'], 'it is kept until it can be');
  });

  it('is announced among webhooks that notify each other only as often as other deliveries are the cause', async () => {
    const settings = { events: ['call.dtmf', ...healthEvents], max_retries: 0 };
    const all = [hook.id, ...(await Promise.all([1, 2, 3, 4, 5].map(() => createWebhook(hook.tenant, settings))))];
    for (let i = 0; i < 5; i++)
      await Promise.all((await triggerDtmf(api, hook.tenant)).map((delivery) => hook.fail(delivery)));
    for (const id of all) assert.equal((await hook.health(id)).state, 'failing');
    // Each receiver now succeeds once and fails five times, in turn: its health would change as often as possible, and
    // each change makes five deliveries.
    const ended = new Map(all.map((id) => [id, 0]));
    for (let round = 0; round < 8; round++) {
      await announceLeftOver(hook.deps);
      const { body } = await hook.tenant.call('GET', '/v1/deliveries?status=pending&limit=200');
      for (const { id, webhook_id: to } of (body.deliveries as { id: string; webhook_id: number }[]).reverse()) {
        await (ended.get(to)! % 6 === 0 ? hook.succeed(id) : hook.fail(id));
        ended.set(to, ended.get(to)! + 1);
      }
    }
    assert.deepEqual((await hook.tenant.call('GET', '/v1/deliveries?status=pending')).body.deliveries, []);
    const expected = [...all.map(() => 'webhook.failing'), ...all.map(() => 'webhook.recovered')];
    assert.deepEqual((await hook.events()).sort(), expected.sort());
  });

  it('is no evidence for the webhooks that it cannot be delivered to, but is for those that take it', async () => {
    const send = async () => {
      const payload = { webhook_id: 1, url: 'https://e.com', since: '2025-10-29T12:00:00Z', reason: 'x' };
      const { body } = await api.call('POST', '/v1/events', {
        body: {
          tenant_id: hook.tenant.id,
          event_type: 'webhook.failing',
          event_id: `e-${Math.random()}`,
          payload: { ...payload, consecutive_failures: 5 },
        },
      });
      return body.deliveries[0].id as string;
    };
    for (let i = 0; i < 12; i++) await hook.fail(await send());
    assert.deepEqual([(await hook.health()).state, (await hook.health()).consecutive_failures], ['healthy', 0]);
    await hook.failTimes(5);
    await hook.succeed(await send());
    assert.equal((await hook.health()).state, 'healthy');
    await recordAnswer(api, await send(), { statusCode: 410, verdict: 'gone' });
    assert.equal((await hook.health()).state, 'disabled');
  });
});

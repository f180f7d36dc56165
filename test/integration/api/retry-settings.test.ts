import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { recordAttempt } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { expireDue } from '../../../src/db/unstarted-deliveries.js';
import { createTenant, createWebhook, startApi, triggerDtmf, type Api, type TestTenant } from './fixture.js';

describe('settings of retries, expiry and fallback', () => {
  let api: Api;
  let db: Database;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    db = openDatabase({ url: api.databaseUrl, poolSize: 2 });
  });
  beforeEach(async () => void (tenant = await createTenant(api)));
  after(async () => {
    await db.close();
    await api.close();
  });

  const url = 'https://hooks.example.com/irisx';
  const create = (settings: Record<string, unknown>) =>
    tenant.call('POST', '/v1/webhooks', { body: { url, events: ['*'], ...settings } });
  const patch = (id: number, body: Record<string, unknown>) => tenant.call('PATCH', `/v1/webhooks/${id}`, { body });
  const guide = [1, 2, 4, 8, 16];
  const patient = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

  it('retry_schedule is a name or a list, and is shown as a list; without max_retries it sets that', async () => {
    for (const [retry_schedule, shown] of [
      ['guide', guide],
      ['patient', patient],
      [[1], [1]],
      [
        [86_400, 1, 60],
        [86_400, 1, 60],
      ],
      [Array(20).fill(30), Array(20).fill(30)],
    ] as const) {
      const { body } = await create({ retry_schedule });
      assert.deepEqual([body.webhook.retry_schedule, body.webhook.max_retries], [shown, shown.length]);
    }
    const { body } = await create({ retry_schedule: [10, 60], max_retries: 7 });
    assert.deepEqual([body.webhook.retry_schedule, body.webhook.max_retries], [[10, 60], 7]);
  });

  it('retry_schedule can be changed, with and without max_retries, and back to the guide', async () => {
    const id = await createWebhook(tenant, { max_retries: 2 });
    const change = async (settings: Record<string, unknown>) => {
      const { webhook } = (await patch(id, settings)).body;
      return [webhook.retry_schedule, webhook.max_retries];
    };
    assert.deepEqual(await change({ retry_schedule: 'patient' }), [patient, 9]);
    assert.deepEqual(await change({ max_retries: 3 }), [patient, 3]);
    assert.deepEqual(await change({ retry_schedule: [7, 8], max_retries: 0 }), [[7, 8], 0]);
    assert.deepEqual(await change({ description: 'x' }), [[7, 8], 0]);
    assert.deepEqual(await change({ retry_schedule: 'guide' }), [guide, 5]);
  });

  it('ttl_seconds and fallback_url are kept as given, can be changed, and taken away', async () => {
    const settings = {
      ttl_seconds: { '*': 604_800, 'call.dtmf': 1 },
      fallback_url: 'HTTPS://Standby.example.com:443/x',
    };
    const { webhook } = (await create(settings)).body;
    assert.deepEqual(webhook.ttl_seconds, settings.ttl_seconds);
    assert.equal(webhook.fallback_url, 'https://standby.example.com/x', 'in normalised form');
    const changed = (await patch(webhook.id, { ttl_seconds: { 'sms.sent': 60 } })).body.webhook;
    assert.deepEqual([changed.ttl_seconds, changed.fallback_url], [{ 'sms.sent': 60 }, webhook.fallback_url]);
    const none = (await patch(webhook.id, { ttl_seconds: {}, fallback_url: null })).body.webhook;
    assert.deepEqual([none.ttl_seconds, none.fallback_url], [null, null]);
    await patch(webhook.id, { ttl_seconds: { '*': 5 } });
    assert.equal((await patch(webhook.id, { ttl_seconds: null })).body.webhook.ttl_seconds, null);
  });

  describe('with a wrong value are refused with its path, what came and what is expected:', () => {
    const schedule =
      /^expected "guide", "patient", or a list of 1 to 20 whole numbers of seconds, each from 1 to 86400, like \[10, 60, 600\]/;
    const seconds = /^expected a whole number from 1 to 604800, got/;
    const object = /^expected an object of event types \(or "\*"\) and seconds, like \{"call.dtmf": 30\}, or null/;
    const wrong: [settings: Record<string, unknown>, path: string, message: RegExp][] = [
      [{ retry_schedule: 'eager' }, 'retry_schedule', schedule],
      [{ retry_schedule: null }, 'retry_schedule', schedule],
      [{ retry_schedule: 60 }, 'retry_schedule', schedule],
      [{ retry_schedule: {} }, 'retry_schedule', schedule],
      [{ retry_schedule: [] }, 'retry_schedule', /^expected a list of 1 to 20 numbers, got \[\]/],
      [{ retry_schedule: Array(21).fill(1) }, 'retry_schedule', schedule],
      [{ retry_schedule: [1, 0] }, 'retry_schedule.1', /^expected a whole number from 1 to 86400, got 0/],
      [{ retry_schedule: [86_401] }, 'retry_schedule.0', /^expected a whole number from 1 to 86400, got 86401/],
      [{ retry_schedule: [1.5] }, 'retry_schedule', schedule],
      [{ retry_schedule: ['10'] }, 'retry_schedule', schedule],
      [{ retry_schedule: [null] }, 'retry_schedule', schedule],
      [{ ttl_seconds: 30 }, 'ttl_seconds', object],
      [{ ttl_seconds: [30] }, 'ttl_seconds', object],
      [{ ttl_seconds: 'call.dtmf' }, 'ttl_seconds', object],
      [{ ttl_seconds: { 'call.dtmf': 0 } }, 'ttl_seconds.call.dtmf', seconds],
      [{ ttl_seconds: { '*': 604_801 } }, 'ttl_seconds.*', seconds],
      [{ ttl_seconds: { '*': 2.5 } }, 'ttl_seconds.*', seconds],
      [{ ttl_seconds: { '*': '30' } }, 'ttl_seconds.*', seconds],
      [{ ttl_seconds: { '*': null } }, 'ttl_seconds.*', seconds],
      [
        { ttl_seconds: { 'call.exploded': 30 } },
        'ttl_seconds.call.exploded',
        /^expected an event type or "\*"; known types are call\.initiated, .*"call.exploded"/,
      ],
      [{ fallback_url: 7 }, 'fallback_url', /^expected text: an https:\/\/ url, or null, got 7/],
      [{ fallback_url: '' }, 'fallback_url', /./],
      [{ fallback_url: 'http://standby.example.com/' }, 'fallback_url', /https/],
      [{ fallback_url: 'https://127.0.0.1/' }, 'fallback_url', /./],
      [{ fallback_url: 'https://user:hush@standby.example.com/' }, 'fallback_url', /./],
    ];
    for (const [settings, path, message] of wrong)
      it(JSON.stringify(settings), async () => {
        const id = await createWebhook(tenant);
        for (const { status, body } of [await create(settings), await patch(id, settings)]) {
          assert.equal(status, 400);
          assert.deepEqual(
            body.errors.map((error: { path: string }) => error.path),
            [path],
          );
          assert.match(body.errors[0].message, message);
          assert.doesNotMatch(JSON.stringify(body), /hush/);
        }
      });
  });

  it('are in the audit log, with old and new values', async () => {
    const { webhook } = (await create({ ttl_seconds: { '*': 60 } })).body;
    await patch(webhook.id, {
      retry_schedule: [10],
      ttl_seconds: { 'call.dtmf': 30 },
      fallback_url: 'https://standby.example.com/',
    });
    const { entries } = (await tenant.call('GET', '/v1/audit-log')).body;
    const { changes } = entries.find((entry: { action: string }) => entry.action === 'webhook.updated');
    assert.deepEqual(changes, {
      retry_schedule: { old: guide, new: [10] },
      max_retries: { old: 5, new: 1 },
      ttl_seconds: { old: { '*': 60 }, new: { 'call.dtmf': 30 } },
      fallback_url: { old: null, new: 'https://standby.example.com/' },
    });
  });

  describe('of a delivery', () => {
    const read = async (webhookId: number, id: string) =>
      (await tenant.call('GET', `/v1/webhooks/${webhookId}/deliveries/${id}`)).body.delivery;

    it('show when it expires, and count it as expired', async () => {
      const webhookId = await createWebhook(tenant, { ttl_seconds: { 'call.dtmf': 30 } });
      const [id = ''] = await triggerDtmf(api, tenant);
      const { created_at: createdAt, expires_at: expiresAt } = await read(webhookId, id);
      assert.equal(Date.parse(expiresAt) - Date.parse(createdAt), 30_000);
      await api.pool.query(`update webhook_deliveries set expires_at = now() - interval '1 s' where id = $1`, [id]);
      assert.equal(await expireDue(db, 10), 1);
      const expired = await read(webhookId, id);
      assert.deepEqual([expired.status, expired.next_attempt_at, expired.attempt_count], ['expired', null, 0]);
      assert.notEqual(expired.finished_at, null);
      const { webhook, statistics } = (await tenant.call('GET', `/v1/webhooks/${webhookId}`)).body;
      assert.deepEqual([webhook.expired_deliveries, webhook.failed_deliveries, webhook.total_deliveries], [1, 0, 0]);
      assert.deepEqual([statistics.expired_deliveries, statistics.failed_deliveries], ['1', '0']);
      const { deliveries } = (await tenant.call('GET', `/v1/webhooks/${webhookId}/deliveries?status=expired`)).body;
      assert.deepEqual(
        deliveries.map((delivery: { id: string }) => delivery.id),
        [id],
      );
      const retried = await tenant.call('POST', `/v1/webhooks/${webhookId}/deliveries/${id}/retry`);
      assert.deepEqual(
        [retried.status, retried.body.delivery.status, retried.body.delivery.expires_at],
        [202, 'pending', null],
      );
    });

    it("show each attempt's target, and the last attempt's error", async () => {
      const webhookId = await createWebhook(tenant, { max_retries: 0, fallback_url: 'https://standby.example.com/' });
      const [id = ''] = await triggerDtmf(api, tenant);
      for (const [i, statusCode] of [500, 501, 502, 503].entries())
        await recordAttempt(db, {
          deliveryId: id,
          requestId: randomUUID(),
          number: i + 1,
          targetVersion: 0,
          startedAt: new Date().toISOString(),
          durationMs: 5,
          statusCode,
          requestHeaders: {},
          responseHeaders: {},
          responseBody: '',
          responseTruncated: false,
          error: { class: 'http_status', message: `the receiver answered ${statusCode}` },
          verdict: 'retry',
          retryWaitMs: 0,
          disabledReason: null,
          token: null,
          elapsedMs: 0,
          target: i === 0 ? 'primary' : 'fallback',
        });
      const delivery = await read(webhookId, id);
      assert.deepEqual(
        delivery.attempts.map(({ target, status_code }: Record<string, unknown>) => [target, status_code]),
        [
          ['primary', 500],
          ['fallback', 501],
          ['fallback', 502],
          ['fallback', 503],
        ],
      );
      assert.deepEqual(
        [delivery.status, delivery.status_code, delivery.error.message],
        ['failed', 503, 'the receiver answered 503'],
      );
    });
  });
});

import assert from 'node:assert/strict';
import { createTenant, createWebhook, startApi, triggerDtmf, type Api, type TestTenant } from './fixture.js';

describe('tenants', () => {
  let api: Api;
  let own: TestTenant;
  let other: TestTenant;
  let ownWebhook: number;
  let ownSecondWebhook: number;
  let othersWebhook: number;
  let ownDelivery: string;
  let othersDelivery: string;
  let othersRecovery: string;

  before(async () => {
    api = await startApi();
    own = await createTenant(api);
    other = await createTenant(api);
    ownWebhook = await createWebhook(own);
    ownSecondWebhook = await createWebhook(own);
    othersWebhook = await createWebhook(other);
    [ownDelivery = ''] = await triggerDtmf(api, own);
    [othersDelivery = ''] = await triggerDtmf(api, other);
    const recovery = await other.call('POST', `/v1/webhooks/${othersWebhook}/recoveries`, {
      body: { statuses: ['failed'] },
    });
    othersRecovery = recovery.body.recovery.id as string;
  });
  after(() => api.close());

  const stateOfOther = async () => {
    const { rows } = await api.pool.query(
      `select (select json_agg(w) from webhooks w where tenant_id = $1) as webhooks,
              (select json_agg(e) from webhook_events e where tenant_id = $1) as events,
              (select json_agg(d) from webhook_deliveries d where tenant_id = $1) as deliveries,
              (select json_agg(r) from webhook_recoveries r where tenant_id = $1) as recoveries,
              (select json_agg(c) from webhook_counters c join webhooks w on w.id = c.webhook_id where w.tenant_id = $1) as counters`,
      [other.id],
    );
    return rows;
  };

  const missing = { webhook: 2147483647, delivery: '00000000-0000-7000-8000-000000000000' };
  const withoutIds = (body: { detail: string }) => {
    const ids = [othersDelivery, missing.delivery, othersWebhook, missing.webhook].map(String);
    return {
      ...body,
      detail: ids.reduce((text, id) => text.replaceAll(new RegExp(`\\b${id}\\b`, 'g'), '<id>'), body.detail),
    };
  };

  it("field case 34: never see or change each other's webhooks and deliveries, nor learn that they exist", async () => {
    const before = await stateOfOther();
    const started = [api.workflows.started.length, api.workflows.woken.length];
    const calls: [method: string, path: (webhook: number, delivery: string) => string, body?: unknown][] = [
      ['GET', (webhook) => `/v1/webhooks/${webhook}`],
      ['PATCH', (webhook) => `/v1/webhooks/${webhook}`, { enabled: false }],
      ['DELETE', (webhook) => `/v1/webhooks/${webhook}`],
      ['POST', (webhook) => `/v1/webhooks/${webhook}/test`],
      ['POST', (webhook) => `/v1/webhooks/${webhook}/rotate-secret`],
      ['POST', (webhook) => `/v1/webhooks/${webhook}/verify`],
      ['GET', (webhook) => `/v1/webhooks/${webhook}/stream`],
      ['GET', (webhook) => `/v1/webhooks/${webhook}/deliveries`],
      ['GET', (webhook) => `/v1/webhooks/${webhook}/statistics`],
      ['GET', (webhook, delivery) => `/v1/webhooks/${webhook}/deliveries/${delivery}`],
      ['POST', (webhook, delivery) => `/v1/webhooks/${webhook}/deliveries/${delivery}/retry`, { force: true }],
      ['POST', (webhook) => `/v1/webhooks/${webhook}/recoveries`, { statuses: ['failed'] }],
      ['POST', (webhook) => `/v1/webhooks/${webhook}/recoveries`, { statuses: ['failed'], dry_run: true }],
      ['GET', (webhook) => `/v1/webhooks/${webhook}/recoveries`],
      ['GET', (webhook) => `/v1/webhooks/${webhook}/recoveries/${othersRecovery}`],
      ['DELETE', (webhook) => `/v1/webhooks/${webhook}/recoveries/${othersRecovery}`],
      ['GET', () => `/v1/webhooks/${ownWebhook}/recoveries/${othersRecovery}`],
      ['DELETE', () => `/v1/webhooks/${ownWebhook}/recoveries/${othersRecovery}`],
      ['GET', (_, delivery) => `/v1/webhooks/${ownWebhook}/deliveries/${delivery}`],
      ['POST', (_, delivery) => `/v1/webhooks/${ownWebhook}/deliveries/${delivery}/retry`, { force: true }],
    ];
    for (const [method, path, body] of calls) {
      const others = await own.call(method, path(othersWebhook, othersDelivery), { body });
      const unowned = await own.call(method, path(missing.webhook, missing.delivery), { body });
      assert.equal(others.status, 404, `${method} ${path(othersWebhook, othersDelivery)}`);
      // Each repeats the id that was asked for, and nothing else differs.
      assert.deepEqual(withoutIds(others.body), withoutIds(unowned.body));
    }
    assert.deepEqual(await stateOfOther(), before);
    assert.deepEqual([api.workflows.started.length, api.workflows.woken.length], started);
  });

  it('field case 34: find a delivery under its own webhook only', async () => {
    const path = `/v1/webhooks/${ownSecondWebhook}/deliveries/${ownDelivery}`;
    assert.equal((await own.call('GET', path)).status, 404);
    assert.equal((await own.call('POST', `${path}/retry`)).status, 404);
    assert.equal((await own.call('GET', `/v1/webhooks/${ownWebhook}/deliveries/${ownDelivery}`)).status, 200);
  });

  it('field case 34: list nothing of each other, whatever the filter or cursor', async () => {
    const refused = await own.call('GET', `/v1/webhooks/${ownWebhook}/deliveries?webhook_id=${othersWebhook}`);
    assert.equal(refused.status, 400);
    const listed = await own.call('GET', '/v1/webhooks');
    assert.deepEqual(
      listed.body.webhooks.map(({ id }: { id: number }) => id),
      [ownSecondWebhook, ownWebhook],
    );
    const moreOfOther = await createWebhook(other);
    const { next_cursor: cursor } = (await other.call('GET', '/v1/webhooks?limit=1')).body as { next_cursor: string };
    const byOthersCursor = await own.call('GET', `/v1/webhooks?cursor=${cursor}`);
    for (const { id } of byOthersCursor.body.webhooks as { id: number }[])
      assert.ok(id !== othersWebhook && id !== moreOfOther);
  });

  it('get only the events that were triggered for them', async () => {
    const { body } = await own.call('GET', `/v1/webhooks/${ownWebhook}/deliveries`);
    assert.equal(body.deliveries.length, 1);
    assert.equal(body.deliveries[0].id, ownDelivery);
  });
});

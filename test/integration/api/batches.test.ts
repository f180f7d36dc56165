import assert from 'node:assert/strict';
import { formBatches } from '../../../activities/deliveries/form-batches.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { removeAttempts, removeBodies } from '../../../src/db/retention.js';
import { createLogger } from '../../../src/log.js';
import {
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

const log = createLogger({ level: 'silent', format: 'json' });

describe('the setting batch', () => {
  let api: Api;
  let db: Database;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    db = openDatabase({ url: api.databaseUrl, poolSize: 2 });
  });
  beforeEach(async () => {
    api.workflows.started.length = 0;
    api.workflows.collected.length = 0;
    tenant = await createTenant(api);
  });
  after(async () => {
    await db.close();
    await api.close();
  });

  const batch = { max_events: 2, max_wait_seconds: 300 };
  const patch = (id: number, body: Record<string, unknown>) => tenant.call('PATCH', `/v1/webhooks/${id}`, { body });
  const show = async (webhookId: number, id: string) =>
    (await tenant.call('GET', `/v1/webhooks/${webhookId}/deliveries/${id}`)).body.delivery;
  /** As its workflow does; answers the batches that were started. */
  const form = async (webhookId: number) => {
    api.workflows.started.length = 0;
    const formed = await formBatches({ db, log, workflows: api.workflows }, { webhookId, tenantId: tenant.id });
    return { ...formed, started: api.workflows.started.splice(0) };
  };

  it('is kept as given, can be changed, and taken away', async () => {
    const id = await createWebhook(tenant, { batch });
    const shown = await tenant.call('GET', `/v1/webhooks/${id}`);
    assert.deepEqual(shown.body.webhook.batch, batch);
    const other = { max_events: 500, max_wait_seconds: 1 };
    assert.deepEqual((await patch(id, { batch: other })).body.webhook.batch, other);
    assert.deepEqual((await patch(id, { description: 'x' })).body.webhook.batch, other);
    assert.equal((await patch(id, { batch: null })).body.webhook.batch, null);
    const { body } = await tenant.call('GET', '/v1/audit-log?limit=1');
    assert.deepEqual(body.entries[0].changes, { batch: { old: other, new: null } });
  });

  for (const [wrong, path] of [
    [5, 'batch'],
    [{ max_events: 2 }, 'batch.max_wait_seconds'],
    [{ max_wait_seconds: 2 }, 'batch.max_events'],
    [{ max_events: 1, max_wait_seconds: 2 }, 'batch.max_events'],
    [{ max_events: 501, max_wait_seconds: 2 }, 'batch.max_events'],
    [{ max_events: 2, max_wait_seconds: 0 }, 'batch.max_wait_seconds'],
    [{ max_events: 2, max_wait_seconds: 301 }, 'batch.max_wait_seconds'],
    [{ max_events: 2.5, max_wait_seconds: 2 }, 'batch.max_events'],
  ] as const)
    it(`is refused with the path ${path}: ${JSON.stringify(wrong)}`, async () => {
      const body = { url: 'https://hooks.example.com/', events: ['*'], batch: wrong };
      const refused = await tenant.call('POST', '/v1/webhooks', { body });
      assert.equal(refused.status, 400);
      assert.deepEqual(
        refused.body.errors.map((error: { path: string }) => error.path),
        [path],
      );
    });

  it('is refused with a transform, in whatever order they are set, and if both are set at once', async () => {
    const transform = 'data';
    const isRefused = ({ status, body }: Awaited<ReturnType<typeof patch>>) => {
      assert.equal(status, 400);
      assert.match(body.errors[0].message, /cannot be combined with a transform/);
    };
    const url = 'https://hooks.example.com/';
    isRefused(await tenant.call('POST', '/v1/webhooks', { body: { url, events: ['*'], transform, batch } }));
    isRefused(await patch(await createWebhook(tenant, { batch }), { transform }));
    isRefused(await patch(await createWebhook(tenant, { transform }), { batch }));
    const id = await createWebhook(tenant);
    const answers = await Promise.all([patch(id, { batch }), patch(id, { transform })]);
    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 400]);
    const swapped = await patch(await createWebhook(tenant, { transform }), { transform: null, batch });
    assert.equal(swapped.status, 200);
  });

  it('lets events wait for a batch, and shows their deliveries with it', async () => {
    const webhookId = await createWebhook(tenant, { batch });
    const [a] = await triggerDtmf(api, tenant);
    assert.deepEqual(api.workflows.started, [], 'it has no workflow of its own');
    assert.deepEqual(api.workflows.collected, [{ webhookId, tenantId: tenant.id }]);
    const { formed, waitMs } = await form(webhookId);
    assert.ok(formed === 0 && waitMs! > 290_000, `${waitMs}`);
    const waiting = await show(webhookId, a!);
    assert.deepEqual([waiting.status, waiting.batch_id, waiting.attempt_count], ['pending', null, 0]);
    assert.ok(Date.parse(waiting.next_attempt_at) > Date.parse(waiting.created_at) + 290_000);

    const [b] = await triggerDtmf(api, tenant);
    const { started } = await form(webhookId);
    const [sent] = started;
    assert.deepEqual(started, [
      {
        id: sent!.id,
        eventRowId: sent!.id,
        eventType: 'batch',
        eventId: sent!.id,
        webhookId,
        tenantId: tenant.id,
        batchSize: 2,
      },
    ]);
    await recordAnswer(api, sent!.id, { statusCode: 500, verdict: 'retry' });
    for (const id of [a!, b!]) {
      const delivery = await show(webhookId, id);
      assert.deepEqual(
        [delivery.batch_id, delivery.attempt_count, delivery.status_code, delivery.request_body_differs],
        [sent!.id, 1, 500, true],
      );
      assert.equal(delivery.attempts.length, 1);
      const { events } = JSON.parse(delivery.body) as { events: { event: string }[] };
      assert.deepEqual(
        events.map(({ event }) => event),
        ['call.dtmf', 'call.dtmf'],
      );
    }
    const list = (await tenant.call('GET', `/v1/webhooks/${webhookId}/deliveries`)).body.deliveries;
    assert.deepEqual(
      list.map(({ id, status_code }: { id: string; status_code: number }) => [id, status_code]),
      [
        [b, 500],
        [a, 500],
      ],
    );
    const all = (await tenant.call('GET', '/v1/deliveries')).body.deliveries;
    assert.deepEqual(
      all.map(({ id }: { id: string }) => id),
      [b, a],
    );
    for (const call of [
      ['GET', ''],
      ['POST', '/retry'],
    ] as const) {
      const path = `/v1/webhooks/${webhookId}/deliveries/${sent!.id}${call[1]}`;
      assert.equal((await tenant.call(call[0], path)).status, 404, 'a batch is no delivery');
    }

    await recordAnswer(api, sent!.id, { statusCode: 200, verdict: 'delivered' });
    const { statistics } = (await tenant.call('GET', `/v1/webhooks/${webhookId}`)).body;
    assert.deepEqual([statistics.successful_deliveries, statistics.attempts], ['2', '2']);
  });

  it('makes the batch due when one of its deliveries is retried by hand, and wakes the batch', async () => {
    const webhookId = await createWebhook(tenant, { batch });
    const [[a]] = [await triggerDtmf(api, tenant), await triggerDtmf(api, tenant)];
    const [sent] = (await form(webhookId)).started;
    api.workflows.woken.length = 0;
    assert.equal((await tenant.call('POST', `/v1/webhooks/${webhookId}/deliveries/${a}/retry`)).status, 202);
    assert.deepEqual(
      api.workflows.woken.map(({ id, eventType }) => ({ id, eventType })),
      [{ id: sent!.id, eventType: 'batch' }],
    );
  });

  it('lets the deliveries that wait go by themselves when it is taken away', async () => {
    const webhookId = await createWebhook(tenant, { batch });
    const [a] = await triggerDtmf(api, tenant);
    api.workflows.woken.length = 0;
    await patch(webhookId, { batch: null });
    assert.deepEqual(
      api.workflows.woken.map(({ id }) => id),
      [a],
    );
  });

  it('has what waited collected when the webhook is resumed', async () => {
    const webhookId = await createWebhook(tenant, { batch, enabled: false });
    await triggerDtmf(api, tenant);
    assert.deepEqual(api.workflows.collected, []);
    await patch(webhookId, { enabled: true });
    assert.deepEqual(api.workflows.collected, [{ webhookId, tenantId: tenant.id }]);
  });

  it('has what waited collected when it is paused and resumed before anything followed', async () => {
    const webhookId = await createWebhook(tenant, { batch });
    await triggerDtmf(api, tenant);
    await api.pool.query('update webhooks set enabled = false where id = $1', [webhookId]);
    assert.deepEqual((await form(webhookId)).waitMs, null, 'it ends');
    api.workflows.collected.length = 0;
    await patch(webhookId, { enabled: true });
    assert.deepEqual(api.workflows.collected, [{ webhookId, tenantId: tenant.id }]);
  });

  it('exports batches with their attempts, and their deliveries with the batch', async () => {
    const webhookId = await createWebhook(tenant, { batch });
    await triggerDtmf(api, tenant);
    await triggerDtmf(api, tenant);
    const [sent] = (await form(webhookId)).started;
    await recordAnswer(api, sent!.id, { statusCode: 200, verdict: 'delivered' });
    const { body } = await api.call('GET', `/v1/tenants/${tenant.id}/export`);
    const lines = body as { type: string; [field: string]: unknown }[];
    const deliveries = lines.filter(({ type }) => type === 'delivery');
    assert.deepEqual(
      deliveries.map((line) => [line['batch_id'], line['batch_size']]),
      [
        [sent!.id, null],
        [sent!.id, null],
        [null, 2],
      ],
    );
    assert.deepEqual(
      lines.filter(({ type }) => type === 'attempt').map((line) => line['delivery_id']),
      [sent!.id],
    );
  });

  it('has the attempts of batches removed and bodies erased with those of their deliveries', async () => {
    const webhookId = await createWebhook(tenant, { batch });
    const [[a]] = [await triggerDtmf(api, tenant), await triggerDtmf(api, tenant)];
    const [sent] = (await form(webhookId)).started;
    await recordAnswer(api, sent!.id, { statusCode: 200, verdict: 'delivered' });
    // What statistics have not counted is kept.
    await api.pool.query(`update statistics_progress set rolled_up_until = now() + interval '1 hour'`);
    const days = { bodies: 1, attempts: 1, deliveries: 1, events: 1, calls: 1, messages: 1 };
    // Negative days lie in the future.
    const keptWith = (shorter: Partial<typeof days>) => [
      { tenantId: tenant.id, days: { ...days, ...shorter }, unsent: 1 },
    ];
    await removeBodies(db, keptWith({ bodies: -1 }), 100);
    const withoutBodies = await show(webhookId, a!);
    assert.deepEqual([withoutBodies.body, withoutBodies.attempts[0].response_body], [null, null]);
    await removeAttempts(db, keptWith({ attempts: -1 }), 100);
    assert.deepEqual((await show(webhookId, a!)).attempts, []);
  });

  it('has a number erased from what a receiver answered to a batch, and nothing else of it', async () => {
    const webhookId = await createWebhook(tenant, { batch });
    const [[a], [b]] = [await triggerDtmf(api, tenant), await triggerDtmf(api, tenant)];
    const [sent] = (await form(webhookId)).started;
    const responseHeaders = { 'x-caller': '+15551239999' };
    await recordAnswer(api, sent!.id, { statusCode: 200, verdict: 'delivered', responseHeaders });
    const headersOf = async (id: string) => (await show(webhookId, id)).attempts[0].response_headers;
    assert.deepEqual(await headersOf(a!), responseHeaders);
    await api.call('POST', '/v1/events/expunge', { body: { tenant_id: tenant.id, phone_number: '+15551239999' } });
    assert.equal(await headersOf(b!), null);
    assert.ok((await show(webhookId, a!)).body, 'the events did not hold it');
  });
});

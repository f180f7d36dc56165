import assert from 'node:assert/strict';
import { recordVerification, takeVerification } from '../../../src/db/verifications.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';
import { createTenant, createWebhook, startApi, triggerDtmf, type Api, type TestTenant } from './fixture.js';

const pending = { status: 'pending', verified_at: null, last_error: null };
const [url, fallback_url] = ['https://hooks.example.com/irisx', 'https://fallback.example.com/'];
const log = createLogger({ level: 'silent', format: 'json' });

describe('verification', () => {
  let api: Api;
  let db: Database;
  let tenant: TestTenant;
  before(async () => {
    api = await startApi();
    db = openDatabase({ url: api.databaseUrl, poolSize: 2 });
  });
  after(async () => {
    await db.close();
    await api.close();
  });
  beforeEach(async () => {
    tenant = await createTenant(api);
    api.workflows.verified.length = 0;
  });

  const show = async (id: number) => (await tenant.call('GET', `/v1/webhooks/${id}`)).body.webhook;
  const change = async (id: number, body: unknown) => (await tenant.call('PATCH', `/v1/webhooks/${id}`, { body })).body;
  const verify = (id: number) => tenant.call('POST', `/v1/webhooks/${id}/verify`);
  /** As the worker records what the receivers answered. */
  async function answer(webhookId: number, error: string | null = null): Promise<boolean> {
    const taken = await takeVerification(db, webhookId, api.sealer.keyIds);
    assert.ok(taken.answer === 'send', taken.answer);
    return recordVerification(db, log, { webhookId, tenantId: tenant.id, targetVersion: taken.targetVersion, error });
  }

  const useUpLimit = () =>
    api.pool.query(`update tenants set verifications_until = now() + interval '5 min' where id = $1`, [tenant.id]);

  it('is asked for at creation, and only there', async () => {
    const created = await tenant.call('POST', '/v1/webhooks', { body: { url, events: ['*'], verify: true } });
    assert.equal(created.status, 201);
    const { id, verification } = created.body.webhook;
    assert.deepEqual(verification, pending);
    assert.deepEqual(api.workflows.verified, [{ webhookId: id, tenantId: tenant.id }]);
    const refused = await tenant.call('PATCH', `/v1/webhooks/${id}`, { body: { verify: false } });
    assert.equal(refused.status, 400);
    assert.match(refused.body.detail as string, /verify/);
    assert.equal(refused.body.errors[0].path, 'verify');
    const wrong = await tenant.call('POST', '/v1/webhooks', { body: { url, events: ['*'], verify: 'yes' } });
    assert.deepEqual([wrong.status, wrong.body.errors[0].path], [400, 'verify']);
  });

  it('is not asked for without it', async () => {
    for (const settings of [{}, { verify: false }]) {
      const id = await createWebhook(tenant, settings);
      assert.deepEqual((await show(id)).verification, { ...pending, status: 'none' });
      await change(id, { url: 'https://new.example.com/', fallback_url });
      assert.equal((await show(id)).verification.status, 'none');
    }
    assert.deepEqual(api.workflows.verified, []);
  });

  it('is asked for again when the url or the fallback url changes, and not by other changes', async () => {
    const id = await createWebhook(tenant, { url, verify: true });
    await answer(id);
    const { verification } = await show(id);
    assert.equal(verification.status, 'verified');
    assert.ok(Date.parse(verification.verified_at as string) <= Date.now());
    api.workflows.verified.length = 0;
    for (const same of [{ url }, { fallback_url: null }, { max_retries: 1 }, { enabled: false }, { enabled: true }])
      assert.deepEqual((await change(id, same)).webhook.verification, verification, JSON.stringify(same));
    assert.deepEqual(api.workflows.verified, []);
    for (const other of [{ url: 'https://new.example.com/' }, { fallback_url }]) {
      assert.deepEqual((await change(id, other)).webhook.verification, pending, JSON.stringify(other));
      assert.equal(api.workflows.verified.length, 1);
      await answer(id);
      api.workflows.verified.length = 0;
    }
    assert.equal((await change(id, { fallback_url: null })).webhook.verification.status, 'verified');
    assert.deepEqual(api.workflows.verified, []);
  });

  it('is asked for again when the fallback url that did not answer is removed', async () => {
    const id = await createWebhook(tenant, { verify: true, fallback_url });
    await answer(id, 'fallback_url: no');
    api.workflows.verified.length = 0;
    assert.deepEqual((await change(id, { fallback_url: null })).webhook.verification, pending);
    assert.equal(api.workflows.verified.length, 1);
  });

  it('holds deliveries until then, from the first one on, and settles them', async () => {
    const id = await createWebhook(tenant, { verify: true });
    const [first] = await triggerDtmf(api, tenant);
    const status = async (delivery: string) =>
      (await tenant.call('GET', `/v1/webhooks/${id}/deliveries/${delivery}`)).body.delivery.status as string;
    assert.equal(await status(first!), 'held');
    await answer(id);
    assert.notEqual((await show(id)).settling_since, null, 'they are settled by the worker');
    await api.pool.query('select settle_batch($1, 10)', [id]);
    assert.equal(await status(first!), 'pending');
    const tested = await tenant.call('POST', `/v1/webhooks/${id}/test`);
    assert.equal(tested.status, 202);
    await api.pool.query('update webhooks set settling_since = null where id = $1', [id]);
    // A change of the url holds what waits, tests too.
    assert.equal((await change(id, { url: 'https://new.example.com/' })).webhook.settling_since, null);
    assert.equal(await status(first!), 'held');
    assert.equal(await status(tested.body.delivery.id as string), 'held');
    await answer(id);
    await api.pool.query('select settle_batch($1, 10)', [id]);
    assert.equal(await status(tested.body.delivery.id as string), 'pending');
  });

  it('allows no test and no retry by hand until then, even of a paused webhook', async () => {
    const id = await createWebhook(tenant, { verify: true });
    const [delivery] = await triggerDtmf(api, tenant);
    for (const enabled of [true, false]) {
      await change(id, { enabled });
      const test = await tenant.call('POST', `/v1/webhooks/${id}/test`);
      const retry = await tenant.call('POST', `/v1/webhooks/${id}/deliveries/${delivery}/retry`);
      for (const { status, body } of [test, retry]) {
        assert.equal(status, 409);
        assert.match(body.detail as string, new RegExp(`not verified.*POST /v1/webhooks/${id}/verify`));
      }
    }
    assert.deepEqual((await tenant.call('GET', '/v1/events')).body.events.length, 1, 'no test event');
  });

  describe('POST …/verify', () => {
    it('has the receiver asked again after a wrong answer, and is in the audit log', async () => {
      const id = await createWebhook(tenant, { verify: true });
      await answer(id, 'url: no.');
      assert.deepEqual((await show(id)).verification, { ...pending, last_error: 'url: no.' });
      api.workflows.verified.length = 0;
      const { status, body } = await verify(id);
      assert.deepEqual([status, body], [202, { verification: pending }]);
      assert.deepEqual(api.workflows.verified, [{ webhookId: id, tenantId: tenant.id }]);
      const { entries } = (await tenant.call('GET', '/v1/audit-log?limit=2')).body;
      assert.deepEqual(
        [entries[0].action, entries[0].changes],
        [
          'webhook.verification_requested',
          { verification: { old: { ...pending, last_error: 'url: no.' }, new: pending } },
        ],
      );
      assert.deepEqual([entries[1].action, entries[1].actor.type], ['webhook.verification_failed', 'system']);
    });

    it('changes nothing while the receiver is being asked', async () => {
      const id = await createWebhook(tenant, { verify: true });
      await useUpLimit();
      assert.deepEqual((await verify(id)).body, { verification: pending });
      assert.equal(api.workflows.verified.length, 2, 'its workflow may have been lost');
      assert.equal((await tenant.call('GET', '/v1/audit-log?limit=1')).body.entries[0].action, 'webhook.created');
    });

    it('is refused where there is nothing to verify', async () => {
      const [none, verified, deleted] = [
        await createWebhook(tenant),
        await createWebhook(tenant, { verify: true }),
        await createWebhook(tenant, { verify: true }),
      ];
      await answer(verified);
      await tenant.call('DELETE', `/v1/webhooks/${deleted}`);
      const refused = [await verify(none), await verify(verified), await verify(deleted), await verify(999_999)];
      assert.deepEqual(
        refused.map(({ status }) => status),
        [409, 409, 404, 404],
      );
      assert.match(refused[0]!.body.detail as string, /needs no verification/);
      assert.match(refused[1]!.body.detail as string, /is verified already/);
    });

    it('is refused while the tenant had too many receivers asked, and says for how long', async () => {
      const id = await createWebhook(tenant, { verify: true });
      await answer(id, 'no');
      await useUpLimit();
      const { status, headers, body } = await verify(id);
      assert.deepEqual([status, headers.get('retry-after')], [429, '5']);
      assert.match(body.detail as string, /try again in 5 seconds/);
      assert.equal((await show(id)).verification.last_error, 'no');
    });
  });

  it('cannot be triggered or subscribed to as an event', async () => {
    const event = {
      tenant_id: tenant.id,
      event_type: 'webhook.verification',
      event_id: 'x',
      payload: { challenge: 'x' },
    };
    assert.equal((await api.call('POST', '/v1/events', { body: event })).status, 400);
    const subscribing = { url, events: ['webhook.verification'] };
    assert.equal((await tenant.call('POST', '/v1/webhooks', { body: subscribing })).status, 400);
    const id = await createWebhook(tenant);
    const test = { event_type: 'webhook.verification' };
    assert.equal((await tenant.call('POST', `/v1/webhooks/${id}/test`, { body: test })).status, 400);
  });

  it('is required of every new url with WEBHOOK_VERIFICATION=required, and closes no existing webhook', async () => {
    const existing = await createWebhook(tenant);
    const strict = await startApi({ databaseUrl: api.databaseUrl, requireVerification: true });
    const call = (method: string, path: string, body: unknown) => strict.call(method, path, { key: tenant.key, body });
    try {
      for (const verify of [undefined, false, true]) {
        const { body } = await call('POST', '/v1/webhooks', { url, events: ['*'], verify });
        assert.deepEqual(body.webhook.verification, pending, String(verify));
      }
      assert.equal(strict.workflows.verified.length, 3);
      const paused = await call('PATCH', `/v1/webhooks/${existing}`, { description: 'old' });
      assert.equal(paused.body.webhook.verification.status, 'none');
      const [delivery] = await triggerDtmf(api, tenant);
      const { body } = await tenant.call('GET', `/v1/webhooks/${existing}/deliveries/${delivery}`);
      assert.equal(body.delivery.status, 'pending');
      const moved = await call('PATCH', `/v1/webhooks/${existing}`, { url: 'https://new.example.com/' });
      assert.deepEqual(moved.body.webhook.verification, pending);
    } finally {
      await strict.close();
    }
  });
});

import assert from 'node:assert/strict';
import { requeueBatch } from '../../../src/db/recoveries.js';
import { insertBacklog } from '../../support/insert-backlog.js';
import {
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

const missing = '00000000-0000-7000-8000-000000000000';

describe('recoveries of a webhook', () => {
  let api: Api;
  let tenant: TestTenant;
  let webhook: number;
  let path: string;
  before(async () => void (api = await startApi()));
  beforeEach(async () => {
    tenant = await createTenant(api);
    webhook = await createWebhook(tenant);
    path = `/v1/webhooks/${webhook}/recoveries`;
  });
  after(() => api.close());

  const failed = (count: number) =>
    insertBacklog(api.pool, { tenantId: tenant.id, webhookId: webhook, status: 'failed', count });
  const recover = (body: unknown) => tenant.call('POST', path, { body });
  const statuses = ['failed'];

  it('count with dry_run, and send nothing', async () => {
    await failed(3);
    const { status, body } = await recover({ statuses, dry_run: true });
    assert.deepEqual([status, body], [200, { recovery: { total: 3, total_is_exact: true } }]);
    assert.deepEqual((await tenant.call('GET', path)).body, { recoveries: [], next_cursor: null });
    assert.deepEqual(api.workflows.recovered, []);
  });

  it('start, show their progress, and end', async () => {
    await failed(3);
    const range = { since: '2025-10-29T12:00:00.000Z', until: '2999-10-29T12:00:00.000Z' };
    const { status, body } = await recover({
      statuses: ['failed', 'expired', 'failed'],
      event_types: ['call.completed'],
      ...range,
    });
    assert.equal(status, 202);
    const { id, created_at, ...rest } = body.recovery;
    assert.deepEqual(rest, {
      status: 'running',
      statuses: ['failed', 'expired'],
      event_types: ['call.completed'],
      ...range,
      include_missing: false,
      total: 3,
      total_is_exact: true,
      requeued: 0,
      delivered: 0,
      failed: 0,
      finished_at: null,
    });
    assert.deepEqual(api.workflows.recovered, [{ recoveryId: id, webhookId: webhook, tenantId: tenant.id }]);
    const [entry] = (await tenant.call('GET', '/v1/audit-log?limit=1')).body.entries;
    assert.equal(entry.action, 'recovery.created');
    assert.deepEqual(entry.subject, { type: 'recovery', id, webhook_id: webhook });
    assert.deepEqual(entry.changes.total, { old: null, new: 3 });

    const started = (await requeueBatch(api.pool, id as string, { limit: 10, ahead: 10 }))!;
    await recordAnswer(api, started[0]!.id, { statusCode: 200, verdict: 'delivered' });
    await recordAnswer(api, started[1]!.id, { statusCode: 400, verdict: 'final' });
    const shown = (await tenant.call('GET', `${path}/${id}`)).body.recovery;
    assert.deepEqual(shown, { ...body.recovery, requeued: 3, delivered: 1, failed: 1 });
    await recordAnswer(api, started[2]!.id, { statusCode: 200, verdict: 'delivered' });
    await requeueBatch(api.pool, id as string, { limit: 10, ahead: 10 });
    const ended = (await tenant.call('GET', `${path}/${id}`)).body.recovery;
    assert.deepEqual([ended.status, ended.delivered, ended.failed], ['completed', 2, 1]);
    assert.ok(ended.finished_at >= created_at);
    const late = await tenant.call('DELETE', `${path}/${id}`);
    assert.equal(late.status, 409);
    assert.match(late.body.detail, /has completed/);
  });

  it('continue the numbers of attempts, as a retry by hand does', async () => {
    const [delivery = ''] = await triggerDtmf(api, tenant);
    await recordAnswer(api, delivery, { statusCode: 400, verdict: 'final' });
    const { body } = await recover({ statuses });
    await requeueBatch(api.pool, body.recovery.id as string, { limit: 10, ahead: 10 });
    await recordAnswer(api, delivery, { statusCode: 200, verdict: 'delivered' });
    const shown = await tenant.call('GET', `/v1/webhooks/${webhook}/deliveries/${delivery}`);
    assert.deepEqual([shown.body.delivery.status, shown.body.delivery.attempt_count], ['delivered', 2]);
  });

  it('run one at a time: the refusal names the one that runs, until it is cancelled', async () => {
    await failed(1);
    const first = (await recover({ statuses })).body.recovery;
    const refused = await recover({ statuses });
    assert.equal(refused.status, 409);
    assert.ok(refused.body.detail.includes(first.id), refused.body.detail);
    assert.equal((await recover({ statuses, dry_run: true })).status, 200, 'counting is no recovery');
    api.workflows.recovered.length = 0;
    const cancelled = await tenant.call('DELETE', `${path}/${first.id}`);
    assert.equal(cancelled.status, 202);
    const { finished_at: finishedAt } = cancelled.body.recovery;
    assert.deepEqual(cancelled.body.recovery, { ...first, status: 'cancelled', finished_at: finishedAt });
    assert.equal(api.workflows.recovered.length, 1, 'its workflow is told');
    assert.deepEqual((await tenant.call('DELETE', `${path}/${first.id}`)).body, cancelled.body, 'again');
    assert.equal(api.workflows.recovered.length, 1);
    assert.equal((await recover({ statuses })).status, 202);
  });

  it('are listed newest first, a page at a time', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      const { id } = (await recover({ statuses })).body.recovery;
      ids.unshift(id as string);
      await tenant.call('DELETE', `${path}/${id}`);
    }
    const page = (await tenant.call('GET', `${path}?limit=2`)).body;
    const next = (await tenant.call('GET', `${path}?limit=2&cursor=${page.next_cursor}`)).body;
    const listed = [...page.recoveries, ...next.recoveries].map(({ id }: { id: string }) => id);
    assert.deepEqual(listed, ids);
    assert.equal(next.next_cursor, null);
  });

  it('of a deleted webhook stay readable, and none begins', async () => {
    const { id } = (await recover({ statuses })).body.recovery;
    await tenant.call('DELETE', `/v1/webhooks/${webhook}`);
    assert.equal((await tenant.call('GET', `${path}/${id}`)).body.recovery.status, 'cancelled');
    for (const body of [{ statuses }, { statuses, dry_run: true }]) {
      const refused = await recover(body);
      assert.equal(refused.status, 409);
      assert.match(refused.body.detail, /was deleted/);
    }
  });

  it('may be only of what is missing', async () => {
    const late = await createTenant(api);
    await triggerDtmf(api, late);
    const lateWebhook = await createWebhook(late);
    const body = { statuses: [], include_missing: true };
    const created = await late.call('POST', `/v1/webhooks/${lateWebhook}/recoveries`, { body });
    assert.deepEqual([created.status, created.body.recovery.total], [202, 1]);
  });

  it('refuse what cannot be recovered, by field', async () => {
    for (const [body, field] of [
      [{}, 'statuses'],
      [{ statuses: [] }, 'statuses'],
      [{ statuses: 'failed' }, 'statuses'],
      [{ statuses: ['pending'] }, 'statuses.0'],
      [{ statuses, event_types: [] }, 'event_types'],
      [{ statuses, event_types: ['call.unknown'] }, 'event_types.0'],
      [{ statuses, since: 'yesterday' }, 'since'],
      [{ statuses, dry_run: 'yes' }, 'dry_run'],
      [{ statuses, limit: 5 }, 'limit'],
    ] as const) {
      const refused = await recover(body);
      assert.equal(refused.status, 400, JSON.stringify(body));
      assert.deepEqual(
        refused.body.errors.map(({ path }: { path: string }) => path),
        [field],
        JSON.stringify(body),
      );
    }
  });

  it('are not found under another webhook, and need the scope', async () => {
    const { id } = (await recover({ statuses })).body.recovery;
    const other = await createWebhook(tenant);
    for (const method of ['GET', 'DELETE'])
      for (const one of [`/v1/webhooks/${other}/recoveries/${id}`, `${path}/${missing}`])
        assert.equal((await tenant.call(method, one)).status, 404, `${method} ${one}`);
    const reader = await createTenant(api, ['webhooks:read']);
    assert.equal((await reader.call('POST', path, { body: { statuses } })).status, 403);
    assert.equal((await reader.call('DELETE', `${path}/${id}`)).status, 403);
    assert.equal((await reader.call('GET', path)).status, 404, 'of another tenant');
  });

  it('are made by an admin key for the tenant that the query names', async () => {
    const query = `?tenant_id=${tenant.id}`;
    const { body } = await api.call('POST', `${path}${query}`, { body: { statuses } });
    const shown = await api.call('GET', `${path}/${body.recovery.id}${query}`);
    assert.equal(shown.body.recovery.id, body.recovery.id);
    assert.equal((await api.call('POST', path, { body: { statuses } })).status, 400);
  });
});

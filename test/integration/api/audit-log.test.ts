import assert from 'node:assert/strict';
import {
  createTenant,
  createWebhook,
  recordAnswer,
  startApi,
  triggerDtmf,
  type Api,
  type TestTenant,
} from './fixture.js';

interface Entry {
  id: string;
  at: string;
  actor: { type: string; id: string | null; name: string };
  action: string;
  subject: { type: string; id: string; webhook_id: number | null };
  changes: Record<string, { old: unknown; new: unknown }>;
}

const number = '+15557654321';

describe('the audit log', () => {
  let api: Api;
  let tenant: TestTenant;
  let webhook: number;
  before(async () => void (api = await startApi()));
  after(() => api.close());
  beforeEach(async () => {
    tenant = await createTenant(api);
    webhook = await createWebhook(tenant);
  });

  /** Entries of the tenant, oldest first, also those of the same millisecond. */
  const entries = async (query = ''): Promise<Entry[]> => {
    const { status, body } = await tenant.call('GET', `/v1/audit-log${query}`);
    assert.equal(status, 200);
    const { rows } = await api.pool.query<{ id: string }>('select id from audit_entries order by created_at');
    const order = new Map(rows.map(({ id }, index) => [id, index]));
    return (body.entries as Entry[]).sort((a, b) => order.get(a.id)! - order.get(b.id)!);
  };
  /** What `work` adds to it. */
  const added = async (work: () => Promise<unknown>) => {
    const before = (await entries()).length;
    await work();
    return (await entries()).slice(before).map(({ action, subject, changes }) => ({ action, subject, changes }));
  };
  const patch = (body: unknown) => tenant.call('PATCH', `/v1/webhooks/${webhook}`, { body });
  const admin = (method: string, path: string, body?: unknown) => api.call(method, path, { body });
  const ofWebhook = (action: string, changes: Entry['changes']) => ({
    action,
    subject: { type: 'webhook', id: String(webhook), webhook_id: null },
    changes,
  });
  const auditLines = () =>
    api.logLines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => msg === 'audit');

  it('says who created a tenant, its key and its webhook', async () => {
    const [created, key, made] = await entries();
    assert.deepEqual(created!.actor, { type: 'api_key', id: null, name: 'IRISX_ADMIN_KEY' });
    assert.deepEqual(created!.subject, { type: 'tenant', id: tenant.id, webhook_id: null });
    assert.deepEqual([created!.action, created!.changes], ['tenant.created', { name: { old: null, new: 'Acme' } }]);
    assert.equal(key!.action, 'api_key.created');
    assert.deepEqual(key!.changes['scopes'], { old: null, new: ['webhooks:read', 'webhooks:write'] });
    assert.deepEqual(made!.actor, { type: 'api_key', id: key!.subject.id, name: 'test' });
    assert.deepEqual([made!.action, made!.subject.id], ['webhook.created', String(webhook)]);
    assert.deepEqual(made!.changes, {
      url: { old: null, new: 'https://hooks.example.com/irisx' },
      events: { old: null, new: ['*'] },
      headers: { old: null, new: {} },
      rate_limit_per_minute: { old: null, new: 60 },
      rate_limit_per_hour: { old: null, new: 1000 },
      max_retries: { old: null, new: 5 },
      timeout_ms: { old: null, new: 10000 },
      disable_after_hours: { old: null, new: 120 },
      ordering: { old: null, new: 'none' },
      retry_schedule: { old: null, new: [1, 2, 4, 8, 16] },
      enabled: { old: null, new: true },
    });
    assert.ok(Math.abs(Date.now() - Date.parse(made!.at)) < 60_000);
  });

  it('has old and new value of each setting that changed; pausing and resuming stand apart', async () => {
    const found = await added(async () => {
      await patch({ max_retries: 7, description: 'x', timeout_ms: 10_000 });
      await patch({ enabled: false, rate_limit_per_hour: null });
      await patch({ enabled: true });
      await tenant.call('DELETE', `/v1/webhooks/${webhook}`);
    });
    const deleted = found.pop()!;
    assert.deepEqual(found, [
      ofWebhook('webhook.updated', { max_retries: { old: 5, new: 7 }, description: { old: null, new: 'x' } }),
      ofWebhook('webhook.updated', { rate_limit_per_hour: { old: 1000, new: null } }),
      ofWebhook('webhook.paused', { enabled: { old: true, new: false } }),
      ofWebhook('webhook.resumed', { enabled: { old: false, new: true } }),
    ]);
    assert.deepEqual([deleted.action, deleted.changes['max_retries']], ['webhook.deleted', { old: 7, new: null }]);
  });

  it('shows that secrets and headers changed, and never their values', async () => {
    const found = await added(async () => {
      await patch({ headers: { Authorization: 'Bearer s3cret-1', 'X-Shop': 'shop-1' } });
      await patch({ headers: { Authorization: 'Bearer s3cret-2', 'X-Shop': 'shop-1' } });
      await tenant.call('POST', `/v1/webhooks/${webhook}/rotate-secret`, { body: { overlap_seconds: 0 } });
    });
    const masked = { Authorization: '[masked]', 'X-Shop': '[masked]' };
    assert.deepEqual(found, [
      ofWebhook('webhook.updated', { headers: { old: {}, new: masked } }),
      ofWebhook('webhook.updated', { headers: { old: masked, new: masked } }),
      ofWebhook('webhook.secret_rotated', { secret: { old: '[masked]', new: '[masked]' } }),
    ]);
    const { rows } = await api.pool.query<{ text: string }>('select e::text as text from audit_entries e');
    const text = rows.map((row) => row.text).join('\n') + api.logLines.join('\n');
    for (const secret of ['s3cret', 'shop-1', tenant.key]) assert.ok(!text.includes(secret), secret);
  });

  it('has quotas, limits, numbers and keys that the platform changes for a tenant', async () => {
    const path = `/v1/tenants/${tenant.id}`;
    const own = (await admin('GET', `${path}/api-keys`)).body.api_keys[0];
    const found = await added(async () => {
      await admin('PUT', `${path}/quotas`, { webhooks: 7, events_per_minute: null });
      await admin('PUT', `${path}/limits`, { call_minutes: 10.5 });
      const { body } = await admin('POST', '/v1/phone-numbers', { tenant_id: tenant.id, phone_number: number });
      await admin('DELETE', `/v1/phone-numbers/${body.phone_number.id}`);
      await admin('POST', `${path}/api-keys`, { name: 'x', scopes: ['webhooks:read'] });
    });
    const subject = { type: 'tenant', id: tenant.id, webhook_id: null };
    assert.deepEqual(found.slice(0, 2), [
      { action: 'tenant.quotas_set', subject, changes: { webhooks: { old: 100, new: 7 } } },
      { action: 'tenant.limits_set', subject, changes: { call_minutes: { old: null, new: 10.5 } } },
    ]);
    assert.deepEqual(
      found.slice(2).map(({ action, changes }) => [action, changes['ends_in'] ?? changes['name']]),
      [
        ['phone_number.assigned', { old: null, new: '4321' }],
        ['phone_number.released', { old: '4321', new: null }],
        ['api_key.created', { old: null, new: 'x' }],
      ],
    );
    await admin('DELETE', `${path}/api-keys/${own.id}`);
    const { entries: all } = (await admin('GET', `/v1/audit-log?tenant_id=${tenant.id}&limit=1`)).body;
    assert.deepEqual([all[0].action, all[0].subject.id, all[0].changes.name], ['api_key.deleted', own.id, { old: 'test', new: null }]); // prettier-ignore
  });

  it('has retries by hand, each of them', async () => {
    const [id = ''] = await triggerDtmf(api, tenant);
    const path = `/v1/webhooks/${webhook}/deliveries/${id}/retry`;
    await recordAnswer(api, id, { statusCode: 500, verdict: 'final' });
    const found = await added(async () => {
      await tenant.call('POST', path);
      await tenant.call('POST', path);
      await recordAnswer(api, id, { statusCode: 200, verdict: 'delivered' });
      assert.equal((await tenant.call('POST', path)).status, 409);
      await tenant.call('POST', path, { body: { force: true } });
    });
    const retried = (changes: Entry['changes']) => ({
      action: 'delivery.retried',
      subject: { type: 'delivery', id, webhook_id: webhook },
      changes,
    });
    assert.deepEqual(found, [
      retried({ status: { old: 'failed', new: 'pending' } }),
      retried({}),
      retried({ status: { old: 'delivered', new: 'pending' } }),
    ]);
  });

  it('says that the service disabled a webhook, once, and that its tenant resumed it', async () => {
    const [first = ''] = await triggerDtmf(api, tenant);
    const [second = ''] = await triggerDtmf(api, tenant);
    const found = await added(async () => {
      await recordAnswer(api, first, { statusCode: 410, verdict: 'gone' });
      await recordAnswer(api, second, { statusCode: 410, verdict: 'gone' });
      await patch({ enabled: true });
    });
    const reason = 'the receiver answered 410 Gone';
    assert.deepEqual(found, [
      ofWebhook('webhook.disabled', {
        enabled: { old: true, new: false },
        disabled_reason: { old: null, new: reason },
      }),
      ofWebhook('webhook.resumed', {
        enabled: { old: false, new: true },
        disabled_reason: { old: reason, new: null },
      }),
    ]);
    const [entry] = await entries('?action=webhook.disabled');
    assert.deepEqual(entry!.actor, { type: 'system', id: null, name: 'service' });
  });

  it('has nothing of what changed nothing', async () => {
    await patch({ headers: { 'X-A': 'b' } });
    await admin('POST', '/v1/phone-numbers', { tenant_id: tenant.id, phone_number: '+15557654322' });
    await admin('PUT', `/v1/tenants/${tenant.id}/limits`, { sms_segments: 3 });
    const found = await added(async () => {
      const repeats = [
        await patch({ headers: { 'X-A': 'b' }, max_retries: 5, enabled: true }),
        await admin('PUT', `/v1/tenants/${tenant.id}/quotas`, { webhooks: 100 }),
        await admin('PUT', `/v1/tenants/${tenant.id}/limits`, { sms_segments: 3 }),
        await admin('POST', '/v1/phone-numbers', { tenant_id: tenant.id, phone_number: '+15557654322' }),
        await tenant.call('POST', `/v1/webhooks/${webhook}/test`),
      ];
      assert.ok(repeats.every(({ status }) => status < 300));
      assert.equal((await admin('POST', '/v1/tenants', { name: '' })).status, 400);
      assert.equal((await admin('DELETE', '/v1/phone-numbers/+15550000000')).status, 404);
    });
    assert.deepEqual(found, []);
  });

  it('has an entry exactly if the change is made', async () => {
    const lines = auditLines().length;
    await api.pool.query("alter table audit_entries add check (action <> 'webhook.updated') not valid");
    try {
      assert.equal((await patch({ max_retries: 9 })).status, 500);
    } finally {
      await api.pool.query('alter table audit_entries drop constraint audit_entries_action_check1');
    }
    assert.equal((await tenant.call('GET', `/v1/webhooks/${webhook}`)).body.webhook.max_retries, 5);
    assert.equal(auditLines().length, lines, 'nothing is logged that was not committed');

    const [id = ''] = await triggerDtmf(api, tenant);
    const path = `/v1/webhooks/${webhook}/deliveries/${id}/retry`;
    const statuses: number[] = [];
    const found = await added(async () => {
      for (let i = 0; i < 12; i++) statuses.push((await tenant.call('POST', path)).status);
    });
    assert.deepEqual(statuses, [...Array<number>(10).fill(202), 429, 429]);
    assert.equal(found.length, 10);
  });

  it('has the right old value when several change the same thing at once', async () => {
    const values = [1, 2, 3, 4, 5, 6];
    const chainOf = async (action: string, field: string) =>
      (await entries(`?action=${action}`)).map(({ changes }) => changes[field]!);
    const assertChain = (chain: { old: unknown; new: unknown }[], first: unknown, last: unknown) => {
      assert.deepEqual([...chain.map((change) => change.old), last], [first, ...chain.map((change) => change.new)]);
      assert.equal(chain.length, values.length);
    };
    await Promise.all(values.map((max_retries) => patch({ max_retries })));
    const { body } = await tenant.call('GET', `/v1/webhooks/${webhook}`);
    assertChain(await chainOf('webhook.updated', 'max_retries'), 5, body.webhook.max_retries);

    const path = `/v1/tenants/${tenant.id}`;
    await Promise.all(values.map((webhooks) => admin('PUT', `${path}/quotas`, { webhooks })));
    const { quotas } = (await admin('GET', path)).body.tenant;
    assertChain(await chainOf('tenant.quotas_set', 'webhooks'), 100, quotas.webhooks);

    await Promise.all(values.map((call_minutes) => admin('PUT', `${path}/limits`, { call_minutes })));
    const { limits } = (await admin('GET', `${path}/limits`)).body;
    assertChain(await chainOf('tenant.limits_set', 'call_minutes'), null, limits.call_minutes);
  });

  it('is logged, one line for each entry, with the request', async () => {
    const before = auditLines().length;
    const headers = { 'X-Request-Id': `request-${webhook}` };
    await tenant.call('PATCH', `/v1/webhooks/${webhook}`, { body: { enabled: false }, headers });
    const [line, ...more] = auditLines().slice(before);
    const { level, time, ...fields } = line!;
    const [{ actor } = { actor: { id: '' } }] = await entries('?action=webhook.paused');
    assert.deepEqual([level, typeof time, more], ['info', 'string', []]);
    assert.deepEqual(fields, {
      request: `request-${webhook}`,
      tenant: tenant.id,
      actorType: 'api_key',
      actorId: actor.id,
      action: 'webhook.paused',
      subjectType: 'webhook',
      subjectId: String(webhook),
      msg: 'audit',
    });
  });
});

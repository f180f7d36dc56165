import assert from 'node:assert/strict';
import { createTenant, createWebhook, startApi, triggerDtmf, type Api } from './fixture.js';

describe('log lines of calls that change something', () => {
  let api: Api;
  before(async () => void (api = await startApi()));
  after(() => api.close());

  /** The log line of the request, without the fields that every line has. */
  const lineOf = (requestId: string, msg: string) => {
    const lines = api.logLines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const found = lines.filter((line) => line['request'] === requestId && line['msg'] === msg);
    assert.equal(found.length, 1, `${msg} of ${requestId}`);
    const { level, time, msg: _, ...fields } = found[0]!;
    assert.equal(level, 'info');
    assert.ok(time);
    return fields;
  };

  it('name the tenant, the webhook, the key and the request, one line each, and no secret', async () => {
    const tenant = await createTenant(api);
    const { id: keyId } = (await api.call('GET', `/v1/tenants/${tenant.id}/api-keys`)).body.api_keys[0];
    const webhook = await createWebhook(tenant);
    const path = `/v1/webhooks/${webhook}`;
    const fields = { keyId, tenant: tenant.id, webhook };
    const calls = [
      ['PATCH', path, { enabled: false }, 'webhook.paused', fields],
      ['PATCH', path, { enabled: true }, 'webhook.resumed', fields],
      [
        'POST',
        `${path}/rotate-secret`,
        { overlap_seconds: 60 },
        'webhook.secret_rotated',
        { ...fields, overlapSeconds: 60 },
      ],
      ['DELETE', path, undefined, 'webhook.deleted', fields],
    ] as const;
    for (const [method, at, body, msg, expected] of calls) {
      const headers = { 'X-Request-Id': `request-${msg}` };
      const response = await tenant.call(method, at, { headers, ...(body && { body }) });
      assert.ok(response.status < 300, msg);
      assert.deepEqual(lineOf(`request-${msg}`, msg), { request: `request-${msg}`, ...expected });
      if (response.body?.secret) assert.ok(!api.logLines.join('').includes(response.body.secret));
    }
    const refused = await tenant.call('DELETE', path, { headers: { 'X-Request-Id': 'again' } });
    assert.equal(refused.status, 404);
    assert.ok(!api.logLines.some((line) => line.includes('"again"') && line.includes('webhook.deleted')));
  });

  it('report keys that are created and deleted, and by whom, but never the key', async () => {
    const { id: tenantId } = await createTenant(api);
    const path = `/v1/tenants/${tenantId}/api-keys`;
    const made = await api.call('POST', path, {
      body: { name: 'x', scopes: ['webhooks:read'] },
      headers: { 'X-Request-Id': 'made' },
    });
    const apiKeyId = made.body.api_key.id as string;
    await api.call('DELETE', `${path}/${apiKeyId}`, { headers: { 'X-Request-Id': 'deleted' } });
    const line = { keyId: null, tenant: tenantId, apiKeyId };
    assert.deepEqual(lineOf('made', 'api_key.created'), { request: 'made', ...line, scopes: ['webhooks:read'] });
    assert.deepEqual(lineOf('deleted', 'api_key.deleted'), { request: 'deleted', ...line });
    assert.ok(!api.logLines.join('').includes(made.body.key));
  });

  it('link the request that triggered an event to the event', async () => {
    const tenant = await createTenant(api);
    await createWebhook(tenant);
    await triggerDtmf(api, tenant, 'logged');
    const line = api.logLines
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find(({ msg, tenant: of }) => msg === 'event.accepted' && of === tenant.id);
    const { rows } = await api.pool.query<{ id: string }>('select id from webhook_events where tenant_id = $1', [
      tenant.id,
    ]);
    assert.deepEqual(
      [line?.['eventRow'], line?.['event'], line?.['eventType'], line?.['deliveries']],
      [rows[0]!.id, 'call.dtmf logged', 'call.dtmf', 1],
    );
    assert.match(String(line?.['request']), /^[0-9a-f-]{36}$/);
  });
});

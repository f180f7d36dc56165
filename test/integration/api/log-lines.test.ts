import assert from 'node:assert/strict';
import { createTenant, createWebhook, startApi, triggerDtmf, type Api } from './fixture.js';

describe('log lines of calls that trigger events', () => {
  let api: Api;
  before(async () => void (api = await startApi()));
  after(() => api.close());

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

import assert from 'node:assert/strict';
import { createTenant, createWebhook, startApi, triggerDtmf, type Api } from './fixture.js';

describe('log lines of calls that trigger events', () => {
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
      [line?.['event'], line?.['eventType'], line?.['eventId'], line?.['deliveries']],
      [rows[0]!.id, 'call.dtmf', 'logged', 1],
    );
    assert.match(String(line?.['request']), /^[0-9a-f-]{36}$/);
  });

  it('link the request that sent a test event to the event', async () => {
    const tenant = await createTenant(api);
    const webhook = await createWebhook(tenant);
    const { body } = await tenant.call('POST', `/v1/webhooks/${webhook}/test`, {
      headers: { 'X-Request-Id': 'tested' },
    });
    const { keyId, sessionId, ...line } = lineOf('tested', 'event.accepted');
    assert.ok(keyId);
    assert.equal(sessionId, null);
    assert.deepEqual(line, {
      request: 'tested',
      tenant: tenant.id,
      event: api.workflows.started.at(-1)!.eventRowId,
      eventType: 'webhook.test',
      eventId: body.delivery.event_id,
      deliveries: 1,
      test: true,
    });
  });
});

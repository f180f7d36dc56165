import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { startPlayedSwitch, type PlayedSwitch } from '../../src/dev/demo/played-switch.js';
import { createApiClient, type ApiClient } from '../support/api-client.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('numbers and usage, from the API and the switch to the receiver', function () {
  this.timeout(60_000);
  let played: PlayedSwitch;
  let stack: Stack;
  let platform: ApiClient;
  let receiver: Receiver;
  let secret: string;
  let tenantId: string;
  before(async () => {
    played = await startPlayedSwitch();
    receiver = await startReceiver();
    stack = await startStack({
      parts: { api: true, worker: true, listener: true },
      config: {
        freeswitch: {
          switches: [{ host: '127.0.0.1', port: played.port, password: 'ClueCon' }],
          tenantVariable: 'tenant_id',
        },
      },
    });
    platform = createApiClient(stack);
    const { body } = await platform.post('/v1/tenants', { name: 'Acme', external_id: '42' });
    tenantId = body.tenant.id as string;
    const events = ['phone_number.assigned', 'tenant.limit.warning', 'tenant.limit.reached'];
    ({ secret } = await stack.insertWebhook(tenantId, { url: receiver.url, events }));
    await waitFor(() => played.subscribers === 1, { what: 'the listener to subscribe' });
  });
  after(async () => {
    await stack.close();
    await receiver.close();
    await played.close();
  });

  /** Resolves with the next `count` deliveries, verified, by event type. */
  function next(count: number) {
    const seen = receiver.requests.length;
    return async () => {
      await receiver.waitForRequests(seen + count);
      const bodies = receiver.requests.slice(seen).map((request) => {
        new Webhook(secret).verify(request.body.toString(), request.headers as Record<string, string>);
        return JSON.parse(request.body.toString()) as {
          event: string;
          event_id: string;
          data: Record<string, unknown>;
        };
      });
      return new Map(bodies.map((body) => [body.event, body]));
    };
  }

  it('deliver phone_number.assigned, signed', async () => {
    const delivered = next(1);
    const { body } = await platform.post('/v1/phone-numbers', { tenant_id: tenantId, phone_number: '+12025550101' });
    const event = (await delivered()).get('phone_number.assigned')!;
    assert.deepEqual(event.data, { phone_number: '+12025550101', assigned_at: body.phone_number.assigned_at });
  });

  it('deliver a warning when a call brings the usage to 80 percent of the limit, signed', async () => {
    await platform.put(`/v1/tenants/${tenantId}/limits`, { call_minutes: 0.06 });
    const warned = next(1);
    // 3 seconds from the call's answer to its end.
    await played.play(readFileSync('test/fixtures/freeswitch/40-record_session.json.esl'));
    const warning = (await warned()).get('tenant.limit.warning')!;
    const { resource, current, limit, percent_used } = warning.data;
    assert.deepEqual([resource, limit], ['call_minutes', 0.06]);
    assert.ok(Number(current) >= 0.048 && Number(current) < 0.06, `${String(current)} minutes`);
    assert.ok(Number(percent_used) >= 80 && Number(percent_used) < 100, `${String(percent_used)} percent`);

    const month = String(warning.data['month']);
    const { body } = await platform.get(`/v1/tenants/${tenantId}/usage?month=${month}`);
    assert.equal(body.usage.call_minutes, current);
  });

  it('deliver warning and limit events when a limit is set below the usage, signed', async () => {
    // The recorded call's usage counts in its own month, not in this one.
    await stack.database.pool.query(
      "insert into tenant_usage (tenant_id, month, resource, used) values ($1, $2, 'sms_segments', 90)",
      [tenantId, new Date().toISOString().slice(0, 7)],
    );
    const delivered = next(2);
    await platform.put(`/v1/tenants/${tenantId}/limits`, { sms_segments: 50 });
    const events = await delivered();
    assert.equal(events.get('tenant.limit.warning')?.data['percent_used'], 180);
    const { timestamp, ...reached } = events.get('tenant.limit.reached')!.data;
    assert.equal(typeof timestamp, 'string');
    assert.deepEqual(reached, {
      resource: 'sms_segments',
      current: 90,
      limit: 50,
      month: new Date().toISOString().slice(0, 7),
    });
  });
});

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pc from 'picocolors';
import { createApiClient } from './api-client.js';
import { playCall } from './played-call.js';
import type { DemoSources } from './sources.js';
import { print, type Story, type StoryDeps } from './story.js';

const number = '+12025550100';
const customer = '+13035550143';

/** A tenant's day in which calls, messages and usage make the events. Rejects if anything does not go as described. */
export async function runSourcesStory({
  apiUrl,
  adminKey,
  receiver,
  sources,
}: StoryDeps & { sources: DemoSources }): Promise<Story> {
  const { played, twilio } = sources;
  const admin = createApiClient(apiUrl, adminKey);

  print('1  A tenant with one webhook, for every event');
  const { tenant } = await admin.post<{ tenant: { id: string } }>('/v1/tenants', { name: 'Acme', external_id: 'acme' });
  const { key } = await admin.post<{ key: string }>(`/v1/tenants/${tenant.id}/api-keys`, {
    name: 'demo',
    scopes: ['webhooks:read', 'webhooks:write', 'messages:write'],
  });
  const acme = createApiClient(apiUrl, key);
  const path = '/events';
  const { webhook, secret } = await acme.post<{ webhook: { id: number }; secret: string }>('/v1/webhooks', {
    url: `${receiver.url}${path}`,
    events: ['*'],
  });
  receiver.secrets.set(path, secret);
  console.log(`   webhook ${webhook.id}  ${path}`);

  const received = () => receiver.received.map(({ event }) => event);
  /** Waits until exactly these have arrived, in addition to those before. */
  const arrived = async (...events: string[]) => {
    const wanted = [...before, ...events].sort();
    for (const deadline = Date.now() + 60_000; ;) {
      if (received().sort().join() === wanted.join()) break;
      if (Date.now() > deadline) throw new Error(`waited for ${wanted.join(', ')}; received ${received().join(', ')}`);
      await delay(50);
    }
    before.push(...events);
  };
  const before: string[] = [];

  print(`2  It gets the number ${number}, and limits: 10 minutes of calls and 4 segments of SMS a month`);
  await admin.post('/v1/phone-numbers', { tenant_id: tenant.id, phone_number: number });
  await admin.put(`/v1/tenants/${tenant.id}/limits`, { call_minutes: 10, sms_segments: 4 });
  await arrived('phone_number.assigned');

  print('3  A call of 8.5 minutes comes in at the switch: two keys, a recording, and 85 % of the minutes');
  for (let waitedMs = 0; played.subscribers === 0; waitedMs += 20) {
    if (waitedMs > 30_000) throw new Error('the listener did not subscribe to the switch within 30 s');
    await delay(20);
  }
  await playCall(played, { uuid: randomUUID(), tenant: 'acme', from: customer, to: number, seconds: 510 });
  await arrived(
    'call.initiated',
    'call.answered',
    'call.dtmf',
    'call.dtmf',
    'call.recording.completed',
    'call.completed',
    'tenant.limit.warning',
  );

  print(`4  An SMS from ${customer} comes in at Twilio`);
  const response = await twilio.receive(`${apiUrl}/twilio/sms`, {
    from: customer,
    to: number,
    body: 'Are you open today?',
  });
  if (response?.status !== 200) throw new Error(`the inbound callback got ${response?.status ?? 'no response'}`);
  await arrived('sms.received');

  print('5  The tenant replies in three segments, which reaches its limit. Twilio accepts it and reports its delivery');
  await acme.post('/v1/messages', { to: customer, from: number, body: 'Yes, until six. '.repeat(25) });
  await arrived('sms.sent', 'tenant.limit.warning', 'tenant.limit.reached');
  const sent = twilio.messages.find(({ direction }) => direction === 'outbound-api');
  if (!sent) throw new Error('Twilio has no message of ours');
  await twilio.report(sent.sid, 'sent');
  await twilio.report(sent.sid, 'delivered');
  await arrived('sms.delivered');

  print('The result');
  const { deliveries } = await acme.get<{ deliveries: { status: string }[] }>(`/v1/webhooks/${webhook.id}/deliveries`);
  const { usage } = await admin.get<{ usage: unknown }>(`/v1/tenants/${tenant.id}/usage`);
  console.log(`   ${deliveries.length} events, each signed and delivered: ${[...new Set(received())].join(', ')}`);
  console.log(`   usage   ${pc.dim(JSON.stringify(usage))}`);
  return { tenantId: tenant.id, tenantKey: key, webhooks: [{ id: webhook.id, path }] };
}

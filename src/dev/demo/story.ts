import { setTimeout as delay } from 'node:timers/promises';
import pc from 'picocolors';
import { createApiClient } from './api-client.js';
import type { DemoReceiver } from './demo-receiver.js';

interface DeliveryJson {
  id: string;
  webhook_id: number;
  event_type: string;
  event_id: string;
  status: string;
  attempt_count: number;
  error: { message: string } | null;
}

export interface Story {
  tenantId: string;
  tenantKey: string;
  webhooks: { id: number; path: string }[];
}

export interface StoryDeps {
  apiUrl: string;
  adminKey: string;
  receiver: DemoReceiver;
}

export const print = (text: string) => console.log(`\n${pc.bold(text)}`);

/** The demo, described as it happens. Rejects if anything does not go as described. */
export async function runStory({ apiUrl, adminKey, receiver }: StoryDeps): Promise<Story> {
  const admin = createApiClient(apiUrl, adminKey);
  const eventTypes = await admin.get<{ event_types: { name: string; example: unknown }[] }>('/v1/event-types');

  const templates = await admin.get<{ webhook_templates: { name: string; transform: string | null }[] }>(
    '/v1/webhook-templates',
  );

  print('1  A tenant registers four webhooks');
  const { tenant } = await admin.post<{ tenant: { id: string } }>('/v1/tenants', { name: 'Acme Telephony' });
  const { key } = await admin.post<{ key: string }>(`/v1/tenants/${tenant.id}/api-keys`, {
    name: 'demo',
    scopes: ['webhooks:read', 'webhooks:write'],
  });
  const acme = createApiClient(apiUrl, key);
  const register = async (path: string, settings: object, note: string) => {
    const { webhook, secret } = await acme.post<{ webhook: { id: number }; secret: string }>('/v1/webhooks', {
      url: `${receiver.url}${path}`,
      ...settings,
    });
    receiver.secrets.set(path, secret);
    console.log(`   webhook ${webhook.id}  ${path.padEnd(10)} ${pc.dim(note)}`);
    return { id: webhook.id, path };
  };
  // /billing is down for its first three requests, /archive until it is repaired.
  let isArchiveUp = false;
  receiver.statuses.set('/billing', (n) => (n <= 3 ? 503 : 200));
  receiver.statuses.set('/archive', () => (isArchiveUp ? 200 : 500));
  const crm = await register('/crm', { events: ['*'] }, 'every event');
  const billing = await register(
    '/billing',
    { events: ['call.completed'] },
    'call.completed; its server is having a bad minute',
  );
  const archive = await register(
    '/archive',
    { events: ['sms.received'], max_retries: 1 },
    'sms.received, one retry; its server is broken',
  );

  // With its real url, `"template": "slack"` is all that it takes.
  const chat = await register(
    '/chat',
    {
      events: ['sms.received'],
      transform: templates.webhook_templates.find(({ name }) => name === 'slack')?.transform,
    },
    'sms.received, as a message for Slack',
  );

  print('2  Four events are triggered; each is accepted when it is committed, then delivered');
  const trigger = async (eventType: string, eventId: string) => {
    const began = performance.now();
    const { deliveries } = await admin.post<{ deliveries: DeliveryJson[] }>('/v1/events', {
      tenant_id: tenant.id,
      event_type: eventType,
      event_id: eventId,
      payload: eventTypes.event_types.find(({ name }) => name === eventType)?.example,
    });
    const ms = (performance.now() - began).toFixed(0);
    console.log(
      `   ${pc.cyan('event')}  ${eventType.padEnd(24)} ${eventId.padEnd(12)} ${pc.dim(`accepted in ${ms} ms, for ${deliveries.length === 1 ? '1 webhook' : `${deliveries.length} webhooks`}`)}`,
    );
  };
  await trigger('call.initiated', 'call-1');
  await trigger('call.answered', 'call-1');
  await trigger('call.completed', 'call-1');
  await trigger('sms.received', 'sms-1');

  const deliveriesOf = async ({ id }: { id: number }) =>
    (await acme.get<{ deliveries: DeliveryJson[] }>(`/v1/webhooks/${id}/deliveries`)).deliveries;
  const settled = async (webhook: { id: number }, count: number) => {
    for (const deadline = Date.now() + 60_000; ;) {
      const deliveries = await deliveriesOf(webhook);
      if (deliveries.length === count && deliveries.every(({ status }) => status !== 'pending')) return deliveries;
      if (Date.now() > deadline) throw new Error(`webhook ${webhook.id} still has pending deliveries after a minute`);
      await delay(100);
    }
  };
  await settled(crm, 4);
  const [failed] = await settled(archive, 1);
  if (failed?.status !== 'failed')
    throw new Error(`expected the delivery to /archive to be failed, it is ${failed?.status}`);

  print('3  The delivery to /archive failed; its server is repaired, and the delivery is retried by hand');
  isArchiveUp = true;
  await acme.post(`/v1/webhooks/${archive.id}/deliveries/${failed.id}/retry`);
  console.log(
    `   ${pc.cyan('retry')}  ${failed.event_type.padEnd(24)} ${failed.event_id.padEnd(12)} ${pc.dim(`POST /v1/webhooks/${archive.id}/deliveries/…/retry`)}`,
  );
  await settled(archive, 1);

  print('4  /billing is retried on schedule: after 1, 2 and 4 s');
  await settled(billing, 1);

  print('5  What /chat got: the text message, as people read it in Slack');
  await settled(chat, 1);
  for (const line of slackLines(receiver.received.find(({ path }) => path === '/chat')?.body ?? '{}'))
    console.log(`   ${pc.dim('│')} ${line}`);

  print('The result');
  for (const webhook of [crm, billing, archive, chat]) {
    for (const delivery of (await deliveriesOf(webhook)).reverse()) {
      const attempts = delivery.attempt_count === 1 ? '1 attempt' : `${delivery.attempt_count} attempts`;
      console.log(
        `   webhook ${webhook.id}  ${webhook.path.padEnd(10)} ${delivery.event_type.padEnd(16)} ${pc.green(delivery.status.padEnd(10))} ${pc.dim(attempts)}`,
      );
      if (delivery.status !== 'delivered')
        throw new Error(
          `delivery ${delivery.id} is ${delivery.status}: ${delivery.error?.message ?? 'it was not sent'}`,
        );
    }
  }
  return { tenantId: tenant.id, tenantKey: key, webhooks: [crm, billing, archive, chat] };
}

/** The texts of a Slack message, block by block. */
function slackLines(body: string): string[] {
  interface Text {
    text: string;
  }
  const { blocks = [] } = JSON.parse(body) as { blocks?: { text?: Text; fields?: Text[] }[] };
  return blocks.flatMap(({ text, fields = [] }) =>
    [text, ...fields].flatMap((each) => each?.text.replace('\n', ' ') ?? []),
  );
}

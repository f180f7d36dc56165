import { createTenantClient, type TenantClient } from './api-client.js';
import { startReceiver } from './receiver.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait-for.js';

export interface PortalDay {
  tenant: TenantClient;
  webhooks: { crm: number; orders: number; archive: number; reports: number; warehouse: number; later: number };
  failedDelivery: string;
  failedEvent: string;
  close(): Promise<void>;
}

/** A tenant with webhooks that work, fail, are slow and wait, a day of statistics, and something of everything else. */
export async function playDay(stack: Stack): Promise<PortalDay> {
  const { pool } = stack.database;
  const receivers = {
    crm: await startReceiver({ body: '{"received":true}', headers: { 'content-type': 'application/json' } }),
    orders: await startReceiver([503, 200, 200, 503, 503, 200]),
    archive: await startReceiver({ status: 500, body: '{"error":"The disk of archive-2 is full."}' }),
    reports: await startReceiver({ delayMs: 3_000 }),
  };
  const tenant = await createTenantClient(stack);
  await pool.query(`update tenants set name = 'Acme Telephony' where id = $1`, [tenant.tenantId]);
  const create = async (url: string, settings: object) => (await tenant.createWebhook({ url, ...settings })).id;
  const webhooks = {
    crm: await create(`${receivers.crm.url}/calls`, { description: 'CRM: every event' }),
    orders: await create(`${receivers.orders.url}/hook`, {
      events: ['call.completed', 'sms.received'],
      description: 'Order desk',
      ordering: 'key',
    }),
    archive: await create(`${receivers.archive.url}/sms`, {
      events: ['sms.received'],
      max_retries: 2,
      description: 'Archive of messages',
    }),
    reports: await create(`${receivers.reports.url}/nightly`, {
      events: ['call.recording.completed'],
      timeout_ms: 1_000,
      max_retries: 1,
      description: 'Recordings for the reports',
    }),
    warehouse: await create(`${receivers.crm.url}/batch`, {
      events: ['call.completed'],
      batch: { max_events: 10, max_wait_seconds: 2 },
      filter: { 'data.direction': 'outbound', 'data.duration_seconds': { $gte: 60 } },
      description: 'Warehouse, in batches',
    }),
    later: await create(`${receivers.crm.url}/later`, {
      events: ['phone_number.assigned'],
      enabled: false,
      description: 'Not in use yet',
    }),
  };
  const { body } = await tenant.get('/v1/event-types');
  const types = (body as { event_types: { name: string; example: unknown }[] }).event_types;
  const names = [
    'call.initiated',
    'call.answered',
    'call.completed',
    'sms.received',
    'sms.sent',
    'call.recording.completed',
  ];
  for (let n = 0; n < 36; n++) {
    const type = types.find(({ name }) => name === names[n % names.length])!;
    await tenant.trigger({ event_type: type.name, event_id: eventId(type.name, n), payload: type.example });
  }
  await waitFor(
    async () => {
      const { rows } = await pool.query(`select 1 from webhook_deliveries where status = 'pending' limit 1`);
      return rows.length === 0;
    },
    { what: 'the deliveries to end', timeoutMs: 60_000 },
  );
  await showPublicUrls(stack, receivers);
  await insertHistory(stack, tenant.tenantId, webhooks);
  const { rows } = await pool.query<{ id: string; event: string }>(
    `select d.id, d.event_row_id as event from webhook_deliveries d where d.webhook_id = $1 and d.status = 'failed' order by d.id desc limit 1`,
    [webhooks.archive],
  );
  return {
    tenant,
    webhooks,
    failedDelivery: rows[0]!.id,
    failedEvent: rows[0]!.event,
    close: async () => {
      for (const receiver of Object.values(receivers)) await receiver.close();
    },
  };
}

const eventId = (type: string, n: number) => `${type.split('.')[0]}-2026-${String(4711 + n * 13)}`;

/** In place of this machine's addresses, as readers know them. */
async function showPublicUrls(stack: Stack, receivers: Record<string, { url: string }>): Promise<void> {
  for (const [name, { url }] of Object.entries(receivers))
    await stack.database.pool.query(`update webhooks set url = replace(url, $1, $2)`, [
      url,
      `https://${name}.acme.example`,
    ]);
}

/** What the roll-up would have counted in the 30 days before, by hour: fewer at night, a bad hour now and then. */
async function insertHistory(stack: Stack, tenantId: string, webhooks: PortalDay['webhooks']): Promise<void> {
  for (const [webhookId, share, failing] of [
    [null, 1, 0.012],
    [webhooks.crm, 0.6, 0.001],
    [webhooks.orders, 0.25, 0.02],
    [webhooks.archive, 0.1, 0.12],
    [webhooks.reports, 0.05, 0.08],
  ] as const)
    await stack.database.pool.query(
      `insert into webhook_statistics (tenant_id, webhook_id, unit, start, events, delivered, failed, expired, outcomes, durations, delays)
       select $1, $2, unit, start, n, n - bad, bad, 0, array[n - bad, 0, 0, bad],
              array_cat(array_fill(0, array[40]), array[n / 3, n / 3, n / 4, n / 8, n / 20, bad]),
              array_cat(array_fill(0, array[32]), array[n / 2, n / 3, n / 9, bad])
         from (select unit, start, n, (n * $4::float8 * case when extract(hour from start)::integer in (9, 15) then 5 else 1 end)::integer as bad
                 from (select unit, start, (each * $3::float8 * (0.25 + abs(sin(pi() * extract(hour from start) / 24)))
                                                 * (0.9 + 0.2 * abs(sin(extract(epoch from start) / 5000))))::integer as n
                         from (select 'hour', g, 420 from generate_series(date_trunc('hour', now()) - interval '31 days', date_trunc('hour', now()) - interval '1 h', interval '1 h') g
                               union all
                               select 'minute', g, 7 from generate_series(date_trunc('minute', now()) - interval '25 h', date_trunc('minute', now()) - interval '5 min', interval '1 min') g
                               union all
                               select 'day', g, 6000 from generate_series(date_trunc('day', now()) - interval '31 days', date_trunc('day', now()) - interval '1 day', interval '1 day') g
                              ) u (unit, start, each)) n) s
       on conflict do nothing`,
      [tenantId, webhookId, share, failing],
    );
}

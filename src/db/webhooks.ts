import { oneRow, type Queryable } from './database.js';
import type { StartableDelivery } from './events.js';
import { toStartable } from './unstarted-deliveries.js';

/** A webhook as stored; headers and secrets are sealed. */
export interface Webhook {
  id: number;
  tenantId: string;
  url: string;
  events: string[];
  description: string | null;
  sealedHeaders: Buffer | null;
  sealedSecret: Buffer;
  previousSecretExpiresAt: Date | null;
  /** Null: no limit. */
  rateLimitPerMinute: number | null;
  rateLimitPerHour: number | null;
  maxRetries: number;
  timeoutMs: number;
  enabled: boolean;
  /** Set when the service disabled it (410 Gone); null when its tenant paused it. */
  disabledReason: string | null;
  disabledAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

/** Test deliveries are left out of all. */
export interface WebhookStatistics {
  pending: number;
  held: number;
  delivered: number;
  failed: number;
  /** Mean duration of an attempt; 0 before the first. */
  averageDurationMs: number;
  /** The last successful and the last failed attempt. */
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
}

interface WebhookRow {
  id: number;
  tenant_id: string;
  url: string;
  events: string[];
  description: string | null;
  headers_sealed: Buffer | null;
  secret_sealed: Buffer;
  previous_secret_expires_at: Date | null;
  rate_limit_per_minute: number | null;
  rate_limit_per_hour: number | null;
  max_retries: number;
  timeout_ms: number;
  enabled: boolean;
  disabled_reason: string | null;
  disabled_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

const columns = `id, tenant_id, url, events, description, headers_sealed, secret_sealed, previous_secret_expires_at,
  rate_limit_per_minute, rate_limit_per_hour, max_retries, timeout_ms, enabled, disabled_reason, disabled_at, created_at, updated_at`;

const toWebhook = (row: WebhookRow): Webhook => ({
  id: row.id,
  tenantId: row.tenant_id,
  url: row.url,
  events: row.events,
  description: row.description,
  sealedHeaders: row.headers_sealed,
  sealedSecret: row.secret_sealed,
  previousSecretExpiresAt: row.previous_secret_expires_at,
  rateLimitPerMinute: row.rate_limit_per_minute,
  rateLimitPerHour: row.rate_limit_per_hour,
  maxRetries: row.max_retries,
  timeoutMs: row.timeout_ms,
  enabled: row.enabled,
  disabledReason: row.disabled_reason,
  disabledAt: row.disabled_at,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

/** The settings a tenant may choose. Absent: the column's default (on insert) or unchanged (on update). */
export interface WebhookSettings {
  url?: string;
  events?: string[];
  description?: string | null;
  sealedHeaders?: Buffer | null;
  rateLimitPerMinute?: number | null;
  rateLimitPerHour?: number | null;
  maxRetries?: number;
  timeoutMs?: number;
  enabled?: boolean;
}

const settingColumns: Record<keyof WebhookSettings, string> = {
  url: 'url',
  events: 'events',
  description: 'description',
  sealedHeaders: 'headers_sealed',
  rateLimitPerMinute: 'rate_limit_per_minute',
  rateLimitPerHour: 'rate_limit_per_hour',
  maxRetries: 'max_retries',
  timeoutMs: 'timeout_ms',
  enabled: 'enabled',
};

function settingsOf(settings: WebhookSettings): [column: string, value: unknown][] {
  return (Object.keys(settingColumns) as (keyof WebhookSettings)[])
    .filter((key) => settings[key] !== undefined)
    .map((key) => [settingColumns[key], settings[key]]);
}

export async function insertWebhook(
  db: Queryable,
  webhook: WebhookSettings & { tenantId: string; url: string; events: string[]; sealedSecret: Buffer },
): Promise<Webhook> {
  const fields: [string, unknown][] = [
    ['tenant_id', webhook.tenantId],
    ['secret_sealed', webhook.sealedSecret],
    ...settingsOf(webhook),
  ];
  const { rows } = await db.query<WebhookRow>(
    `insert into webhooks (${fields.map(([column]) => column).join(', ')})
     values (${fields.map((_, i) => `$${i + 1}`).join(', ')}) returning ${columns}`,
    fields.map(([, value]) => value),
  );
  return toWebhook(oneRow(rows));
}

/** Null when the tenant has no such webhook; a deleted one is found only with `deleted`, for its history. */
export async function findWebhook(
  db: Queryable,
  tenantId: string,
  webhookId: number,
  options: { deleted?: boolean } = {},
): Promise<Webhook | null> {
  const { rows } = await db.query<WebhookRow>(
    `select ${columns} from webhooks where id = $1 and tenant_id = $2 ${options.deleted ? '' : 'and deleted_at is null'}`,
    [webhookId, tenantId],
  );
  return rows[0] ? toWebhook(rows[0]) : null;
}

/** Newest first. */
export async function listWebhooks(
  db: Queryable,
  tenantId: string,
  page: { limit: number; beforeId: number | null },
): Promise<Webhook[]> {
  const { rows } = await db.query<WebhookRow>(
    `select ${columns} from webhooks
      where tenant_id = $1 and deleted_at is null and ($3::integer is null or id < $3) order by id desc limit $2`,
    [tenantId, page.limit, page.beforeId],
  );
  return rows.map(toWebhook);
}

export interface WebhookUpdate {
  webhook: Webhook;
  /** Deliveries whose workflow must start or ask again: resumed ones, and those whose planned token is void. Oldest first. */
  changed: StartableDelivery[];
}

/**
 * Changes settings, in a transaction. Pausing holds what is pending, resuming makes it pending with a new schedule,
 * and other limits make every planned token void. Null when the tenant has no such webhook.
 */
export async function updateWebhook(
  db: Queryable,
  tenantId: string,
  webhookId: number,
  settings: WebhookSettings,
): Promise<WebhookUpdate | null> {
  const { rows: before } = await db.query<WebhookRow>(
    `select ${columns} from webhooks where id = $1 and tenant_id = $2 and deleted_at is null for no key update`,
    [webhookId, tenantId],
  );
  const old = before[0];
  if (!old) return null;
  const fields = settingsOf(settings);
  if (settings.enabled === true) fields.push(['disabled_reason', null], ['disabled_at', null]);
  const { rows } = await db.query<WebhookRow>(
    `update webhooks set ${[...fields.map(([column], i) => `${column} = $${i + 2}`), 'updated_at = now()'].join(', ')}
      where id = $1 returning ${columns}`,
    [webhookId, ...fields.map(([, value]) => value)],
  );
  const webhook = toWebhook(oneRow(rows));
  const limitsChanged =
    webhook.rateLimitPerMinute !== old.rate_limit_per_minute || webhook.rateLimitPerHour !== old.rate_limit_per_hour;
  const changed: StartableDelivery[] = [];
  if (old.enabled && !webhook.enabled) await settlePending(db, webhookId, 'held');
  else if (limitsChanged) changed.push(...(await voidPlannedTokens(db, webhookId)));
  if (!old.enabled && webhook.enabled) changed.push(...(await resumeHeld(db, webhookId)));
  return { webhook, changed };
}

/** Deletes, in a transaction: what is owed is cancelled, history stays readable. False when the tenant has no such webhook. */
export async function deleteWebhook(db: Queryable, tenantId: string, webhookId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    'update webhooks set deleted_at = now(), enabled = false, updated_at = now() where id = $1 and tenant_id = $2 and deleted_at is null',
    [webhookId, tenantId],
  );
  if (rowCount === 0) return false;
  await settlePending(db, webhookId, 'cancelled');
  return true;
}

/** Ends (or holds), in a transaction, all that is pending, and on `cancelled` all that is held, giving every reservation back. Idempotent. */
export async function settlePending(db: Queryable, webhookId: number, status: 'held' | 'cancelled'): Promise<void> {
  // Statements over many deliveries of a webhook follow one another, or they would lock them in different orders.
  await db.query('select 1 from webhooks where id = $1 for no key update', [webhookId]);
  await db.query('select forget_planned_tokens($1)', [webhookId]);
  for (const from of status === 'held' ? ['pending'] : ['pending', 'held']) {
    await db.query(
      `with settled as (
         update webhook_deliveries
            set status = $2, holds_token = false, next_attempt_at = null, pending_since = null,
                finished_at = case when $2 = 'held' then null else clock_timestamp() end
          where webhook_id = $1 and status = $3 and status <> 'delivered' returning test)
       select count_deliveries($1, $3, $2, (select count(*) from settled where not test))`,
      [webhookId, status, from],
    );
  }
}

async function resumeHeld(db: Queryable, webhookId: number): Promise<StartableDelivery[]> {
  const { rows } = await db.query<Parameters<typeof toStartable>[0] & { test: boolean }>(
    `update webhook_deliveries
        set status = 'pending', schedule_base = attempt_count, due_at = clock_timestamp(), next_attempt_at = clock_timestamp(),
            retry_requested_at = null, pending_since = clock_timestamp(), workflow_started_at = null
      where webhook_id = $1 and status = 'held' and status <> 'delivered'
      returning id, tenant_id, webhook_id, event_type, event_id, test`,
    [webhookId],
  );
  await db.query(`select count_deliveries($1, 'held', 'pending', $2)`, [
    webhookId,
    rows.filter((row) => !row.test).length,
  ]);
  return oldestFirst(rows);
}

/** Those that waited for a token count as not started: the sweeper wakes whom the caller does not reach. */
async function voidPlannedTokens(db: Queryable, webhookId: number): Promise<StartableDelivery[]> {
  await db.query('select forget_planned_tokens($1)', [webhookId]);
  const { rows } = await db.query<Parameters<typeof toStartable>[0]>(
    `update webhook_deliveries
        set holds_token = false, next_attempt_at = clock_timestamp(), pending_since = clock_timestamp(), workflow_started_at = null
      where webhook_id = $1 and holds_token
      returning id, tenant_id, webhook_id, event_type, event_id`,
    [webhookId],
  );
  return oldestFirst(rows);
}

const oldestFirst = (rows: Parameters<typeof toStartable>[0][]) =>
  rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map(toStartable);

/** Replaces the secret; the old one stays valid until `previousSecretExpiresAt` (null: ends now). Null when there is no such webhook. */
export async function replaceSecret(
  db: Queryable,
  tenantId: string,
  webhookId: number,
  secret: { sealedSecret: Buffer; previousSecretExpiresAt: Date | null },
): Promise<Webhook | null> {
  const { rows } = await db.query<WebhookRow>(
    `update webhooks
        set secret_sealed = $3, previous_secret_sealed = case when $4::timestamptz is not null then secret_sealed end,
            previous_secret_expires_at = $4, updated_at = now()
      where id = $1 and tenant_id = $2 and deleted_at is null returning ${columns}`,
    [webhookId, tenantId, secret.sealedSecret, secret.previousSecretExpiresAt],
  );
  return rows[0] ? toWebhook(rows[0]) : null;
}

/** Sums eight counter rows, whatever the number of deliveries. */
export async function getStatistics(db: Queryable, webhookIds: number[]): Promise<Map<number, WebhookStatistics>> {
  const { rows } = await db.query<{
    webhook_id: number;
    pending: number;
    held: number;
    delivered: number;
    failed: number;
    average: number;
    last_success_at: Date | null;
    last_failure_at: Date | null;
  }>(
    `select webhook_id, sum(pending)::bigint as pending, sum(held)::bigint as held, sum(delivered)::bigint as delivered,
            sum(failed)::bigint as failed, coalesce(round(sum(duration_ms) / nullif(sum(attempts), 0)), 0)::bigint as average,
            max(last_success_at) as last_success_at, max(last_failure_at) as last_failure_at
       from webhook_counters where webhook_id = any($1) group by webhook_id`,
    [webhookIds],
  );
  const found = new Map(
    rows.map((row): [number, WebhookStatistics] => [
      row.webhook_id,
      {
        pending: row.pending,
        held: row.held,
        delivered: row.delivered,
        failed: row.failed,
        averageDurationMs: row.average,
        lastSuccessAt: row.last_success_at,
        lastFailureAt: row.last_failure_at,
      },
    ]),
  );
  const none: WebhookStatistics = {
    pending: 0,
    held: 0,
    delivered: 0,
    failed: 0,
    averageDurationMs: 0,
    lastSuccessAt: null,
    lastFailureAt: null,
  };
  return new Map(webhookIds.map((id) => [id, found.get(id) ?? none]));
}

import { oneRow, type Queryable } from './database.js';
import { cancelRecoveries } from './recoveries.js';
import { columns, toWebhook, type Webhook, type WebhookRow } from './webhook-row.js';
import { ConflictError } from '../errors.js';

export type { Webhook } from './webhook-row.js';

/** The settings that a tenant may choose. Absent: the column's default (on insert) or unchanged (on update). */
export interface WebhookSettings {
  url?: string;
  events?: string[];
  description?: string | null;
  sealedHeaders?: Buffer | null;
  rateLimitPerMinute?: number | null;
  rateLimitPerHour?: number | null;
  maxRetries?: number;
  timeoutMs?: number;
  disableAfterHours?: number | null;
  ordering?: Webhook['ordering'];
  retrySchedule?: number[] | null;
  ttlSeconds?: Record<string, number> | null;
  transform?: string | null;
  fallbackUrl?: string | null;
  /** Both, or none. */
  batchMaxEvents?: number | null;
  batchMaxWaitSeconds?: number | null;
  filter?: Record<string, unknown> | null;
  /** The filter as Postgres evaluates it: set with it, and null with it. */
  filterPath?: string | null;
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
  disableAfterHours: 'disable_after_hours',
  ordering: 'ordering',
  retrySchedule: 'retry_schedule',
  ttlSeconds: 'ttl_seconds',
  transform: 'transform',
  fallbackUrl: 'fallback_url',
  batchMaxEvents: 'batch_max_events',
  batchMaxWaitSeconds: 'batch_max_wait_seconds',
  filter: 'filter',
  filterPath: 'filter_path',
  enabled: 'enabled',
};

function settingsOf(settings: WebhookSettings): [column: string, value: unknown][] {
  return (Object.keys(settingColumns) as (keyof WebhookSettings)[])
    .filter((key) => settings[key] !== undefined)
    .map((key) => [settingColumns[key], settings[key]]);
}

/** `verify`: nothing is sent until its receivers have echoed a challenge. */
export async function insertWebhook(
  db: Queryable,
  webhook: WebhookSettings & {
    tenantId: string;
    url: string;
    events: string[];
    sealedSecret: Buffer;
    template: string | null;
    verify: boolean;
  },
): Promise<Webhook> {
  const fields: [string, unknown][] = [
    ['tenant_id', webhook.tenantId],
    ['secret_sealed', webhook.sealedSecret],
    ['template', webhook.template],
    ['verification', webhook.verify ? 'pending' : 'none'],
    ...settingsOf(webhook),
  ];
  const { rows } = await db.query<WebhookRow>(
    `insert into webhooks (${fields.map(([column]) => column).join(', ')})
     values (${fields.map((_, i) => `$${i + 1}`).join(', ')}) returning ${columns}`,
    fields.map(([, value]) => value),
  );
  return toWebhook(oneRow(rows));
}

/**
 * Null when the tenant has no such webhook; a deleted one is found only with `deleted`, for its history. `lock`: nobody
 * else changes it until the transaction ends.
 */
export async function findWebhook(
  db: Queryable,
  tenantId: string,
  webhookId: number,
  options: { deleted?: boolean; lock?: boolean } = {},
): Promise<Webhook | null> {
  const { rows } = await db.query<WebhookRow>(
    `select ${columns} from webhooks where id = $1 and tenant_id = $2 ${options.deleted ? '' : 'and deleted_at is null'}
      ${options.lock ? 'for no key update' : ''}`,
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

/**
 * Changes settings; call it in a transaction. They count from the commit on, and deliveries follow in batches
 * (settleBatch): pausing holds pending deliveries, resuming makes held ones pending with a new schedule, and other
 * limits make every planned token void. Resuming also resets the health. A new url of a webhook that is verified, or of
 * any with `requireVerification`, must be verified. Null when the tenant has no such webhook.
 */
export async function updateWebhook(
  db: Queryable,
  tenantId: string,
  webhookId: number,
  settings: WebhookSettings,
  { requireVerification = false }: { requireVerification?: boolean } = {},
): Promise<Webhook | null> {
  const old = await findWebhook(db, tenantId, webhookId, { lock: true });
  if (!old) return null;
  const is = { ...old, ...settings };
  const enabledChanged = is.enabled !== old.enabled;
  const limitsChanged =
    is.rateLimitPerMinute !== old.rateLimitPerMinute || is.rateLimitPerHour !== old.rateLimitPerHour;
  const targetsChanged = is.url !== old.url || is.fallbackUrl !== old.fallbackUrl;
  const isNewUrl = is.url !== old.url || (targetsChanged && is.fallbackUrl !== null);
  const mustVerify = requireVerification || old.verification !== 'none';
  // Also without a new url: the receiver that gave a wrong answer may be the fallback that is gone.
  const asksReceivers = (isNewUrl && mustVerify) || (targetsChanged && old.verification === 'pending');
  const closes = asksReceivers && old.verification !== 'pending';
  const ordersNoLonger = old.ordering === 'key' && is.ordering === 'none';
  const batchesNoLonger = old.batchMaxEvents !== null && is.batchMaxEvents === null;
  const losesFallback = old.fallbackUrl !== null && is.fallbackUrl === null;
  const stops = closes || (enabledChanged && !is.enabled);
  const follows =
    enabledChanged ||
    closes ||
    limitsChanged ||
    ordersNoLonger ||
    batchesNoLonger ||
    losesFallback ||
    is.maxRetries < old.maxRetries;
  const fields = settingsOf(settings);
  if (settings.enabled === true) fields.push(['disabled_reason', null], ['disabled_at', null]);
  const { rows } = await db.query<WebhookRow>(
    `update webhooks set ${[
      ...fields.map(([column], i) => `${column} = $${i + 2}`),
      'updated_at = now()',
      // An earlier permanent failure was for another url, or came before the tenant tried again: it counts no longer.
      ...(targetsChanged || settings.enabled === true ? ['target_version = target_version + 1'] : []),
      ...(asksReceivers ? [unverified] : []),
      ...(follows ? [deliveriesFollow] : []),
    ].join(', ')}
      where id = $1 returning ${columns}`,
    [webhookId, ...fields.map(([, value]) => value)],
  );
  if (limitsChanged || stops) await voidPlannedTokens(db, webhookId);
  // Last: its lock comes after those of the webhook and the limiter.
  if (enabledChanged && is.enabled) await db.query('select reset_health($1)', [webhookId]);
  return toWebhook(oneRow(rows));
}

/** For calls that would have something sent to an unverified webhook. */
export const notVerified = (webhookId: number) =>
  new ConflictError(
    `The url of webhook ${webhookId} is not verified; nothing is sent to it. POST /v1/webhooks/${webhookId}/verify asks its receiver again.`,
  );

/** For the `set` list of an update of a webhook: its receivers are to be asked, see takeVerification. */
const unverified = `verification = 'pending', verified_at = null, verification_error = null, verification_checked_at = now()`;

/** For the `set` list of an update of a webhook: its deliveries follow this change, see settleSoon. */
export const deliveriesFollow =
  'settings_version = settings_version + 1, settling_since = coalesce(settling_since, now())';

const voidPlannedTokens = (db: Queryable, webhookId: number) => db.query('select void_planned_tokens($1)', [webhookId]);

const markDeleted = `deleted_at = now(), enabled = false, updated_at = now(), secret_sealed = '', headers_sealed = null,
  previous_secret_sealed = null, previous_secret_expires_at = null, ${deliveriesFollow}`;

/**
 * Deletes a webhook; call it in a transaction. From the commit on nothing is sent and its secrets are gone. Pending and
 * held deliveries are cancelled in batches (settleBatch), and its running recovery is cancelled too; history stays
 * readable. False when the tenant has no such webhook.
 */
export async function deleteWebhook(db: Queryable, tenantId: string, webhookId: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `update webhooks set ${markDeleted} where id = $1 and tenant_id = $2 and deleted_at is null`,
    [webhookId, tenantId],
  );
  if (rowCount === 0) return false;
  await voidPlannedTokens(db, webhookId);
  // Last: a delivery that ends locks its recovery's row after all others.
  await cancelRecoveries(db, [webhookId]);
  return true;
}

/** Like deleteWebhook, for all webhooks of a tenant. */
export async function deleteWebhooks(db: Queryable, tenantId: string): Promise<void> {
  const { rows } = await db.query<{ id: number }>(
    `update webhooks set ${markDeleted} where tenant_id = $1 and deleted_at is null returning id`,
    [tenantId],
  );
  const ids = rows.map(({ id }) => id);
  await db.query('select void_planned_tokens(id) from unnest($1::integer[]) w (id)', [ids]);
  await cancelRecoveries(db, ids);
}

/**
 * Replaces the secret. The old one stays valid until `previousSecretExpiresAt` (null: it ends now), unless it equals
 * `unreadable`, which nobody can sign with. Null when there is no such webhook.
 */
export async function replaceSecret(
  db: Queryable,
  tenantId: string,
  webhookId: number,
  secret: { sealedSecret: Buffer; previousSecretExpiresAt: Date | null; unreadable?: Buffer | null },
): Promise<Webhook | null> {
  const { rows } = await db.query<WebhookRow>(
    `update webhooks
        set secret_sealed = $3,
            previous_secret_sealed =
              case when $4::timestamptz is not null and secret_sealed is distinct from $5 then secret_sealed end,
            previous_secret_expires_at = case when secret_sealed is distinct from $5 then $4::timestamptz end,
            updated_at = now()
      where id = $1 and tenant_id = $2 and deleted_at is null returning ${columns}`,
    [webhookId, tenantId, secret.sealedSecret, secret.previousSecretExpiresAt, secret.unreadable ?? null],
  );
  return rows[0] ? toWebhook(rows[0]) : null;
}

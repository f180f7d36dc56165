import { oneRow, type Queryable } from './database.js';
import type { DeliveryStatus } from './deliveries.js';
import type { WokenDelivery } from './events.js';
import { toStartable } from './unstarted-deliveries.js';

// A change of a webhook takes effect with its row. Its deliveries follow in batches, however many there are
// (migrations/functions/settle_batch.sql). Nothing here locks more than one batch.

/** Small enough that waiting for one of its rows is not noticed. */
export const settleBatchSize = 500;

/** A webhook whose deliveries follow a change of its settings. */
export interface SettlingWebhook {
  webhookId: number;
  tenantId: string;
}

/** A delivery that was made to fit its webhook's settings. */
export interface SettledDelivery {
  delivery: WokenDelivery;
  /** Its workflow must be started, or woken to plan again. */
  wakes: boolean;
}

/**
 * Makes one batch of a webhook's deliveries fit its current settings, oldest first. Empty: all that do not fit are
 * locked, or all fit.
 */
export async function settleBatch(
  db: Queryable,
  webhookId: number,
  limit = settleBatchSize,
): Promise<SettledDelivery[]> {
  const { rows } = await db.query<Parameters<typeof toStartable>[0] & { was: DeliveryStatus; wakes: boolean }>(
    'select * from settle_batch($1, $2)',
    [webhookId, limit],
  );
  return rows
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((row) => ({
      delivery: { ...toStartable(row), hasWorkflow: row.was === 'pending' },
      wakes: row.wakes,
    }));
}

/** The settings version that the deliveries must fit, and a time after its commit, by Postgres' clock. */
export interface SettlingPoint {
  version: number;
  at: string;
  /** Whether deliveries may wait for a batch: nobody looked after them while it was paused. */
  hasBatches: boolean;
}

/** Null: the webhook does not exist any more. */
export async function settlingPoint(db: Queryable, webhookId: number): Promise<SettlingPoint | null> {
  const { rows } = await db.query<SettlingPoint>(
    'select settings_version as version, clock_timestamp()::text as at, batch_max_events is not null as "hasBatches" from webhooks where id = $1',
    [webhookId],
  );
  return rows[0] ?? null;
}

/**
 * Marks a webhook as settled if it is: every transaction that may have read its settings before `point` has ended,
 * every delivery fits, and the settings have not changed again. False: go on settling.
 */
export async function finishSettling(db: Queryable, webhookId: number, point: SettlingPoint): Promise<boolean> {
  const { rows } = await db.query<{ waits: boolean }>('select has_transactions_before($1) as waits', [point.at]);
  // A separate statement: it must see what those transactions wrote.
  if (oneRow(rows).waits) return false;
  const { rowCount } = await db.query(
    `update webhooks set settling_since = null where id = $1 and settings_version = $2 and not is_unsettled($1)`,
    [webhookId, point.version],
  );
  return rowCount === 1;
}

/** Webhooks that have been settling for over 15 s: their settler may be gone. The hundred that have waited longest. */
export async function listSettlingWebhooks(db: Queryable): Promise<SettlingWebhook[]> {
  const { rows } = await db.query<{ id: number; tenant_id: string }>(
    `select id, tenant_id from webhooks where settling_since < now() - interval '15 s' order by settling_since limit 100`,
  );
  return rows.map((row) => ({ webhookId: row.id, tenantId: row.tenant_id }));
}

/** Webhooks by their ids. */
export interface WebhookPage {
  after: number;
  upTo: number;
  /** After which webhook the next page begins; 0 is the beginning of a new round. */
  next: number;
}

/** So many pages have all webhooks, unless there are few. */
const pages = 18;
const leastPerPage = 1_000;

/** The page of webhooks after this one. */
export async function pageOfWebhooks(db: Queryable, after: number): Promise<WebhookPage> {
  const { rows } = await db.query<{ id: number }>('select id from webhooks order by id desc limit 1');
  const last = rows[0]?.id ?? 0;
  const upTo = after + Math.max(leastPerPage, Math.ceil(last / pages));
  return { after, upTo, next: upTo < last ? upTo : 0 };
}

/**
 * Finds webhooks with deliveries in a status that does not fit, although nobody is settling them, and marks them to be
 * settled. There should be none: each is a bug of ours, which this repairs.
 */
export async function markUnsettledWebhooks(
  db: Queryable,
  { after, upTo }: Pick<WebhookPage, 'after' | 'upTo'>,
): Promise<SettlingWebhook[]> {
  // Postgres would answer `exists` for all webhooks in one pass over all deliveries; with a limit, it asks for each.
  const { rows } = await db.query<{ id: number; tenant_id: string }>(
    `update webhooks w set settling_since = clock_timestamp()
      where w.id > $1 and w.id <= $2 and w.settling_since is null
        and case
          when w.deleted_at is not null then (
            select true from webhook_deliveries d where d.webhook_id = w.id and d.status in ('pending', 'held') limit 1)
          when not w.is_open then (
            select true from webhook_deliveries d
             where d.webhook_id = w.id and d.status = 'pending' and must_be_held(d, w) limit 1)
          else (select true from webhook_deliveries d where d.webhook_id = w.id and d.status = 'held' limit 1) end
      returning id, tenant_id`,
    [after, upTo],
  );
  return rows.map((row) => ({ webhookId: row.id, tenantId: row.tenant_id }));
}

import { oneRow, type Queryable } from './database.js';
import type { StartableDelivery } from './events.js';
import { toStartable } from './unstarted-deliveries.js';

// A change of a webhook takes effect with its row; its deliveries follow in batches, however many there are
// (migrations/functions/settle_batch.sql). Nothing here locks more than one batch.

/** Small enough that nobody who waits for one of its rows notices. */
export const settleBatchSize = 500;

/** A webhook whose deliveries follow a change of its settings. */
export interface SettlingWebhook {
  webhookId: number;
  tenantId: string;
}

/** A delivery that was made to fit its webhook's settings. */
export interface SettledDelivery {
  delivery: StartableDelivery;
  /** Its workflow must start, or ask again. */
  wakes: boolean;
}

/** Makes one batch of a webhook's deliveries fit its settings as they are now, oldest first. Empty: none was found that is not locked. */
export async function settleBatch(
  db: Queryable,
  webhookId: number,
  limit = settleBatchSize,
): Promise<SettledDelivery[]> {
  const { rows } = await db.query<Parameters<typeof toStartable>[0] & { wakes: boolean }>(
    'select * from settle_batch($1, $2)',
    [webhookId, limit],
  );
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map((row) => ({ delivery: toStartable(row), wakes: row.wakes }));
}

/** The change that is being followed, and a moment after it was committed, by Postgres' clock. */
export interface SettlingPoint {
  version: number;
  at: string;
}

/** Null: there is no such webhook any more. */
export async function settlingPoint(db: Queryable, webhookId: number): Promise<SettlingPoint | null> {
  const { rows } = await db.query<SettlingPoint>(
    'select settings_version as version, clock_timestamp()::text as at from webhooks where id = $1',
    [webhookId],
  );
  return rows[0] ?? null;
}

/**
 * Marks a webhook as settled if it is: every transaction that may have read its settings as they were before `point` has
 * ended, no delivery is left that does not fit, and no other change came. False: go on.
 */
export async function finishSettling(db: Queryable, webhookId: number, point: SettlingPoint): Promise<boolean> {
  const { rows } = await db.query<{ waits: boolean }>('select has_transactions_before($1) as waits', [point.at]);
  // A statement of its own: it must see what those transactions wrote.
  if (oneRow(rows).waits) return false;
  const { rowCount } = await db.query(
    `update webhooks set settling_since = null where id = $1 and settings_version = $2 and not is_unsettled($1)`,
    [webhookId, point.version],
  );
  return rowCount === 1;
}

/** Webhooks whose deliveries have followed a change for over 15 s: whoever had to see to it may be gone. The hundred that wait for longest. */
export async function listSettlingWebhooks(db: Queryable): Promise<SettlingWebhook[]> {
  const { rows } = await db.query<{ id: number; tenant_id: string }>(
    `select id, tenant_id from webhooks where settling_since < now() - interval '15 s' order by settling_since limit 100`,
  );
  return rows.map((row) => ({ webhookId: row.id, tenantId: row.tenant_id }));
}

/**
 * Marks webhooks that owe deliveries in a status that does not fit although nobody is settling them. There should be none:
 * each is a fault of ours that is mended hereby.
 */
export async function markUnsettledWebhooks(db: Queryable): Promise<SettlingWebhook[]> {
  const { rows } = await db.query<{ id: number; tenant_id: string }>(
    `update webhooks w set settling_since = clock_timestamp()
      where w.settling_since is null
        and case
          when w.deleted_at is not null then exists (
            select from webhook_deliveries d where d.webhook_id = w.id and d.status in ('pending', 'held'))
          when not w.enabled then exists (
            select from webhook_deliveries d where d.webhook_id = w.id and d.status = 'pending' and not d.test)
          else exists (select from webhook_deliveries d where d.webhook_id = w.id and d.status = 'held') end
      returning id, tenant_id`,
  );
  return rows.map((row) => ({ webhookId: row.id, tenantId: row.tenant_id }));
}

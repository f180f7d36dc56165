import type { Queryable } from './database.js';
import type { StartableDelivery } from './events.js';
import { toStartable } from './unstarted-deliveries.js';

// What happens to all that is owed to a webhook at once. The caller's transaction holds the lock of the webhook, or gets it here.

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

/** Makes all that is held pending, in a transaction, each with a new schedule. Oldest first. */
export async function resumeHeld(db: Queryable, webhookId: number): Promise<StartableDelivery[]> {
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

/**
 * Forgets all planned tokens, in a transaction. Who waited for one counts as not started: the sweeper wakes whom the
 * caller does not reach. Oldest first.
 */
export async function voidPlannedTokens(db: Queryable, webhookId: number): Promise<StartableDelivery[]> {
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

/**
 * Pending deliveries that have used up more than the webhook's retries as they are now, in a transaction: due at once, so
 * that the next look at them gives the verdict, and not the time of an attempt that nobody will make. Oldest first.
 */
export async function endExhausted(db: Queryable, webhookId: number, maxRetries: number): Promise<StartableDelivery[]> {
  const { rows } = await db.query<Parameters<typeof toStartable>[0]>(
    `update webhook_deliveries
        set next_attempt_at = clock_timestamp(), pending_since = clock_timestamp(), workflow_started_at = null
      where webhook_id = $1 and status = 'pending' and attempt_count - schedule_base > $2
        and coalesce(in_flight_until, '-infinity') < clock_timestamp()
      returning id, tenant_id, webhook_id, event_type, event_id`,
    [webhookId, maxRetries],
  );
  return oldestFirst(rows);
}

const oldestFirst = (rows: Parameters<typeof toStartable>[0][]) =>
  rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map(toStartable);

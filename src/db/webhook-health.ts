import type { Queryable } from './database.js';

export type HealthState = 'healthy' | 'failing' | 'disabled';

/** What attempts say of a webhook's receiver (migrations/functions/judge_health.sql). */
export interface WebhookHealth {
  state: HealthState;
  since: Date;
  /** Deliveries that failed since the last success. */
  consecutiveFailures: number;
  /** Null: no failure since the last success. */
  lastError: string | null;
}

/** A change that the tenant's other webhooks have yet to be notified of. */
export interface HealthChange {
  id: string;
  tenantId: string;
  webhookId: number;
  state: HealthState;
  /** The webhook's url at that time. */
  url: string;
  since: Date;
  reason: string;
  consecutiveFailures: number;
}

/** The ids of changes in the order in which they happened, of one webhook or (null) of all. */
export async function listHealthChanges(db: Queryable, webhookId: number | null, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from webhook_health_changes ${webhookId === null ? '' : 'where webhook_id = $2'} order by id limit $1`,
    [limit, ...(webhookId === null ? [] : [webhookId])],
  );
  return rows.map(({ id }) => id);
}

/**
 * Removes a change from the list, for a transaction that accepts its event. Null: another transaction has removed it or
 * is about to.
 */
export async function takeHealthChange(db: Queryable, id: string): Promise<HealthChange | null> {
  const { rows } = await db.query<{
    id: string;
    tenant_id: string;
    webhook_id: number;
    state: HealthState;
    url: string;
    since: Date;
    reason: string;
    consecutive_failures: number;
  }>(
    `delete from webhook_health_changes c using webhooks w
      where c.id = (select id from webhook_health_changes where id = $1 for update skip locked) and w.id = c.webhook_id
      returning c.*, w.tenant_id`,
    [id],
  );
  const row = rows[0];
  return row
    ? {
        id: row.id,
        tenantId: row.tenant_id,
        webhookId: row.webhook_id,
        state: row.state,
        url: row.url,
        since: row.since,
        reason: row.reason,
        consecutiveFailures: row.consecutive_failures,
      }
    : null;
}

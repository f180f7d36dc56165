import type { Queryable } from './database.js';
import type { StartableDelivery } from './events.js';

interface StartableRow {
  id: string;
  tenant_id: string;
  webhook_id: number;
  event_type: string;
  event_id: string;
}

export const toStartable = (row: StartableRow): StartableDelivery => ({
  id: row.id,
  tenantId: row.tenant_id,
  webhookId: row.webhook_id,
  eventType: row.event_type,
  eventId: row.event_id,
});

/**
 * Pending deliveries whose workflow nobody started within 15 s, oldest first, those after `afterId`. Starting one
 * twice is harmless: its workflow is the one of that id, and it asks Postgres what is left to do.
 */
export async function listUnstartedDeliveries(
  db: Queryable,
  limit: number,
  afterId: string | null,
): Promise<StartableDelivery[]> {
  const { rows } = await db.query<StartableRow>(
    `select id, tenant_id, webhook_id, event_type, event_id from webhook_deliveries
      where status = 'pending' and workflow_started_at is null and pending_since < now() - interval '15 s'
        and ($2::uuid is null or id > $2)
      order by id limit $1`,
    [limit, afterId],
  );
  return rows.map(toStartable);
}

/**
 * Pending deliveries that were started and are ten minutes overdue: their workflow was terminated by hand or lost with
 * its server. (A worker that is merely behind makes them overdue too; then the wake-up changes nothing.)
 */
export async function listOverdueDeliveries(db: Queryable, limit: number): Promise<StartableDelivery[]> {
  const { rows } = await db.query<StartableRow>(
    `select id, tenant_id, webhook_id, event_type, event_id from webhook_deliveries
      where status = 'pending' and next_attempt_at < now() - interval '10 min' and workflow_started_at < now() - interval '10 min'
        and coalesce(in_flight_until, '-infinity') < now()
      order by next_attempt_at limit $1`,
    [limit],
  );
  return rows.map(toStartable);
}

/** A workflow that was started or signalled, `ageMs` ago: by this process' clock, since clocks are never compared. */
export interface StartedDelivery {
  id: string;
  ageMs: number;
}

/**
 * Marks deliveries whose workflow has heard of them, so that the sweeper leaves them alone; also those found overdue.
 * One that ended meanwhile is not touched, nor one that became pending anew after the call: its workflow may not know.
 */
export async function markStarted(db: Queryable, started: StartedDelivery[]): Promise<void> {
  await db.query(
    `update webhook_deliveries d set workflow_started_at = now()
       from unnest($1::uuid[], $2::float8[]) as s (id, age_ms)
      where d.id = s.id and d.status = 'pending'
        -- most have marked themselves, when they took a token
        and (d.workflow_started_at is null or d.workflow_started_at < now() - interval '1 min')
        and d.pending_since < clock_timestamp() - s.age_ms * interval '1 ms'`,
    [started.map(({ id }) => id), started.map(({ ageMs }) => ageMs)],
  );
}

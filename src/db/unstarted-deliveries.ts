import type { Queryable } from './database.js';
import type { StartableDelivery } from './events.js';
import { nothingLeftOut, roundValues, tenantsInTurn } from './tenants-in-turn.js';

interface StartableRow {
  id: string;
  /** Null: it is a batch. */
  event_row_id: string | null;
  tenant_id: string;
  webhook_id: number;
  event_type: string;
  event_id: string;
  /** Absent or null: it is no batch. */
  batch_size?: number | null;
}

export const toStartable = (row: StartableRow): StartableDelivery => ({
  id: row.id,
  eventRowId: row.event_row_id ?? row.id,
  tenantId: row.tenant_id,
  webhookId: row.webhook_id,
  eventType: row.event_type,
  eventId: row.event_id,
  ...(row.batch_size && { batchSize: row.batch_size }),
});

const unstarted = tenantsInTurn({
  table: 'webhook_deliveries',
  columns: 'owed.id, event_row_id, tenant_id, webhook_id, event_type, event_id, batch_size',
  where: `status = 'pending' and workflow_started_at is null`,
  since: 'pending_since',
  longerThan: '15 s',
});

/**
 * Pending deliveries whose workflow was not started within 15 s, a few of each tenant and tenants in turn. Starting one
 * twice is harmless: a delivery's workflow always has the same id, and asks Postgres what is left to do.
 */
export async function listUnstartedDeliveries(db: Queryable, leftOut = nothingLeftOut): Promise<StartableDelivery[]> {
  const { rows } = await db.query<StartableRow>(unstarted, roundValues({ total: 500, ofTenant: 50 }, leftOut));
  return rows.map(toStartable);
}

/**
 * The delivery whose turn came when this one ended: the next of its ordering key to the same webhook, if it is due. Of a
 * batch, those of all keys in it. `collects`: it waits for a batch, and has no workflow.
 */
export async function listNextInTurn(
  db: Queryable,
  endedDeliveryId: string,
): Promise<(StartableDelivery & { collects: boolean })[]> {
  const { rows } = await db.query<StartableRow & { batched: boolean }>(
    `with keys as (
       select webhook_id, ordering_key from webhook_deliveries where id = $1 and ordering_key is not null
       union
       select d.webhook_id, d.ordering_key
         from webhook_batch_members m join webhook_deliveries d on d.id = m.delivery_id
        where m.batch_id = $1 and d.ordering_key is not null)
     select n.id, n.event_row_id, n.tenant_id, n.webhook_id, n.event_type, n.event_id, n.batched
       from keys cross join lateral (
         select * from webhook_deliveries d
          where d.webhook_id = keys.webhook_id and d.ordering_key = keys.ordering_key and d.finished_at is null
          order by d.sequence limit 1) n
      where n.status = 'pending' and not n.waits_for_turn and n.batch_id is null and n.workflow_started_at is null`,
    [endedDeliveryId],
  );
  return rows.map((row) => ({ ...toStartable(row), collects: row.batched }));
}

/** Ends deliveries that were not sent in their time, at most `limit`, longest expired first. Returns how many there were. */
export async function expireDue(db: Queryable, limit: number): Promise<number> {
  const { rows } = await db.query<{ id: string }>(
    `select id from webhook_deliveries
      where expires_at < now() and finished_at is null and coalesce(in_flight_until, '-infinity') < now()
      order by expires_at limit $1`,
    [limit],
  );
  // One at a time: each locks its webhook's limiter and counters.
  for (const { id } of rows) await db.query('select expire_delivery($1)', [id]);
  return rows.length;
}

const overdue = tenantsInTurn({
  table: 'webhook_deliveries',
  columns: 'owed.id, event_row_id, tenant_id, webhook_id, event_type, event_id, batch_size',
  where: `status = 'pending' and workflow_started_at is not null`,
  since: 'greatest(next_attempt_at, workflow_started_at)',
  longerThan: '2 min',
  unless: 'coalesce(in_flight_until, now()) > now()',
});

/**
 * Pending deliveries that were started and are two minutes overdue, a few of each tenant and tenants in turn. Their
 * workflow was terminated by hand or lost with its server, or a worker is merely behind. A delivery that `markStarted`
 * marks comes again two minutes later.
 */
export async function listOverdueDeliveries(db: Queryable, leftOut = nothingLeftOut): Promise<StartableDelivery[]> {
  const { rows } = await db.query<StartableRow>(overdue, roundValues({ total: 50, ofTenant: 5 }, leftOut));
  return rows.map(toStartable);
}

/** A workflow that was started or signalled `ageMs` ago. It is an age, since clocks are never compared. */
export interface StartedDelivery {
  id: string;
  ageMs: number;
}

/**
 * Marks deliveries whose workflow was started or signalled, so that the sweeper leaves them alone, overdue ones too.
 * Leaves out a delivery that has ended meanwhile, or became pending again after the call: its workflow may not know.
 */
export async function markStarted(db: Queryable, started: StartedDelivery[]): Promise<void> {
  await db.query(
    `update webhook_deliveries d set workflow_started_at = now()
       from unnest($1::uuid[], $2::float8[]) as s (id, age_ms)
      where d.id = s.id and d.status = 'pending'
        -- most were marked already, when they took a token
        and (d.workflow_started_at is null or d.workflow_started_at < now() - interval '1 min')
        and d.pending_since < clock_timestamp() - s.age_ms * interval '1 ms'`,
    [started.map(({ id }) => id), started.map(({ ageMs }) => ageMs)],
  );
}

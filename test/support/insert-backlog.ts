import type { Pool } from 'pg';
import type { DeliveryStatus } from '../../src/db/deliveries.js';

/** Inserts `count` deliveries of one webhook with SQL, as triggers, pauses and ended schedules would have left them. */
export async function insertBacklog(
  pool: Pool,
  {
    tenantId,
    webhookId,
    status,
    count,
  }: { tenantId: string; webhookId: number; status: DeliveryStatus; count: number },
): Promise<void> {
  await pool.query(
    `with events as (
       insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
       select $1, 'call.completed', 'backlog_' || $2::text || '_' || $3::text || '_' || n, now(), '{}' from generate_series(1, $4::int) n
       returning id, event_id)
     insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, next_attempt_at, pending_since, finished_at)
     select id, $2::int, $1, 'call.completed', event_id, $3::text, case when $3::text = 'held' then 'held' else 'pending' end,
            case when $3::text = 'pending' then now() end, case when $3::text = 'pending' then now() end,
            case when $3::text not in ('pending', 'held') then now() end
       from events`,
    [tenantId, webhookId, status, count],
  );
  await pool.query('select count_deliveries($1, null, $2, $3)', [webhookId, status, count]);
}

import type { Pool } from 'pg';

/** Inserts `count` deliveries of one webhook with SQL, as triggers and pauses would have left them. */
export async function insertBacklog(
  pool: Pool,
  {
    tenantId,
    webhookId,
    status,
    count,
  }: { tenantId: string; webhookId: number; status: 'held' | 'pending'; count: number },
): Promise<void> {
  await pool.query(
    `with events as (
       insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
       select $1, 'call.completed', 'backlog_' || $2::text || '_' || n, now(), '{}' from generate_series(1, $4::int) n
       returning id, event_id)
     insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, next_attempt_at, pending_since)
     select id, $2::int, $1, 'call.completed', event_id, $3::text, $3::text,
            case when $3::text = 'pending' then now() end, case when $3::text = 'pending' then now() end
       from events`,
    [tenantId, webhookId, status, count],
  );
  await pool.query('select count_deliveries($1, null, $2, $3)', [webhookId, status, count]);
}

import type { Pool } from 'pg';

/**
 * Inserts events as if a process had accepted them a minute ago and died before starting anything. All for one webhook.
 */
export async function insertUnstarted(
  db: Pool,
  { tenantId, webhookId, eventType }: { tenantId: string; webhookId: number; eventType: string },
  eventIds: readonly string[],
): Promise<void> {
  await db.query(
    `with event as (
       insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
       select $1, $3, id, now(), '{"event":"' || $3 || '","event_id":"' || id || '","timestamp":"","data":{}}'
         from unnest($4::text[]) id
       returning id, event_id)
     insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as,
                                     next_attempt_at, pending_since)
     select id, $2::int, $1, $3, event_id, 'pending', 'pending', now(), now() - interval '1 min' from event`,
    [tenantId, webhookId, eventType, eventIds],
  );
  await db.query(`select count_deliveries($1, null, 'pending', $2)`, [webhookId, eventIds.length]);
}

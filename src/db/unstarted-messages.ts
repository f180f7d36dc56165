import type { Queryable } from './database.js';

/** What a workflow is started with. */
export interface StartableMessage {
  id: string;
  tenantId: string;
}

/**
 * Messages whose workflow nobody started within 15 s, or that are unsettled although theirs would have ended by now
 * (it was lost or terminated); oldest first. Starting one twice is harmless: it asks Postgres what is left to do.
 */
export async function listUnstartedMessages(db: Queryable, limit: number): Promise<StartableMessage[]> {
  const { rows } = await db.query<{ id: string; tenant_id: string }>(
    `select id, tenant_id from messages
      where status in ('pending', 'unknown')
        and case when workflow_started_at is null then created_at < now() - interval '15 s'
                 else workflow_started_at < now() - interval '2 h' end
      order by id limit $1`,
    [limit],
  );
  return rows.map((row) => ({ id: row.id, tenantId: row.tenant_id }));
}

/** The sweeper leaves them alone from now on. */
export async function markMessagesStarted(db: Queryable, ids: string[]): Promise<void> {
  await db.query('update messages set workflow_started_at = now() where id = any ($1::uuid[])', [ids]);
}

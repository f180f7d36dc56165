import type { Queryable } from './database.js';
import type { StartableDelivery } from './events.js';

/** A webhook with deliveries that wait for a batch. */
export interface BatchingWebhook {
  webhookId: number;
  tenantId: string;
}

export type FormedBatch =
  | { kind: 'formed'; batch: StartableDelivery & { batchSize: number } }
  /** None is due: the next one will be, in so many milliseconds. 0: not all was looked at yet. */
  | { kind: 'wait'; waitMs: number }
  /** Nothing waits for a batch. */
  | { kind: 'none' };

/**
 * Puts deliveries of a webhook that wait for a batch into one, oldest first, if one is full or due. Until its workflow is
 * started, the sweeper knows of it like of any delivery. Safe to repeat and to run concurrently.
 */
export async function formBatch(db: Queryable, webhookId: number): Promise<FormedBatch> {
  const { rows } = await db.query<{
    id: string | null;
    tenant_id: string;
    events: number;
    wait_ms: number;
  }>('select * from form_batch($1)', [webhookId]);
  const row = rows[0];
  if (!row) return { kind: 'none' };
  const { id, tenant_id: tenantId, events } = row;
  return id === null
    ? { kind: 'wait', waitMs: row.wait_ms }
    : { kind: 'formed', batch: { ...batchNames(id), tenantId, webhookId, batchSize: events } };
}

/** A batch has no event: in the log, in headers and in Temporal its own id stands for it. */
export const batchNames = (id: string) => ({ id, eventRowId: id, eventType: 'batch', eventId: id });

/**
 * Webhooks of which a delivery should have left in a batch over 15 s ago: nobody formed one. Not more than a hundred;
 * the longest waiting deliveries decide.
 */
export async function listUncollectedWebhooks(db: Queryable): Promise<BatchingWebhook[]> {
  const { rows } = await db.query<{ webhook_id: number; tenant_id: string }>(
    `select distinct webhook_id, tenant_id from (
       select webhook_id, tenant_id from webhook_deliveries
        where batched and batch_id is null and status = 'pending' and not waits_for_turn and next_attempt_at < now() - interval '15 s'
        order by next_attempt_at limit 5000) late
      limit 100`,
  );
  return rows.map((row) => ({ webhookId: row.webhook_id, tenantId: row.tenant_id }));
}

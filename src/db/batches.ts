import type { Queryable } from './database.js';
import type { StartableDelivery } from './events.js';
import { lowestUuid } from './key-range.js';

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

/** Deliveries that wait for a batch, and not for their turn, of webhooks from one to another: all in one index. */
const waitingOf = (first: string, last: string) =>
  `select d.* from webhook_deliveries d
    where (d.webhook_id, d.waits_for_turn, d.id) > (${first}, false, '${lowestUuid}')
      and (d.webhook_id, d.waits_for_turn, d.id) < (${last}, true, '${lowestUuid}')
      and d.batched and d.batch_id is null and d.finished_at is null and not d.waits_for_turn
    order by d.webhook_id, d.waits_for_turn, d.id`;

/**
 * Webhooks of which a delivery should have left in a batch over 15 s ago: nobody formed one. Not more than a hundred,
 * beginning anywhere: however many deliveries or webhooks are late, each is found soon. Steps from webhook to webhook.
 */
export async function listUncollectedWebhooks(db: Queryable): Promise<BatchingWebhook[]> {
  const { rows } = await db.query<{ webhook_id: number; tenant_id: string }>(
    `with recursive start as materialized (select floor(random() * coalesce(max(id), 0))::integer as id from webhooks),
     waiting as (
       select id as webhook_id, 0 as round from start
       union all
       -- at the end once more from the first one
       select coalesce(next.webhook_id, 0), waiting.round + (next.webhook_id is null)::int
         from waiting left join lateral (
           select webhook_id from (${waitingOf('waiting.webhook_id + 1', '2147483647')} limit 1) first) next on true
        where waiting.round = 0 or waiting.round = 1 and waiting.webhook_id <= (select id from start))
     select w.id as webhook_id, w.tenant_id from waiting join webhooks w on w.id = waiting.webhook_id
      where exists (
        select from (${waitingOf('w.id', 'w.id')} limit 500) oldest
         where oldest.status = 'pending' and oldest.next_attempt_at < now() - interval '15 s')
      limit 100`,
  );
  return rows.map((row) => ({ webhookId: row.webhook_id, tenantId: row.tenant_id }));
}

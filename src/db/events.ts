import type { Queryable } from './database.js';

/** What a workflow is started with: ids and the search attributes of its delivery, none of the tenant's data. */
export interface StartableDelivery {
  id: string;
  /** Our id of the event. */
  eventRowId: string;
  tenantId: string;
  webhookId: number;
  eventType: string;
  eventId: string;
  /** Of a batch: how many events it was made of. The batch itself stands for the event. */
  batchSize?: number | undefined;
  /** Absent: in no trace, or it is not known here. */
  traceparent?: string;
}

/** A delivery that changed in Postgres. */
export interface WokenDelivery extends StartableDelivery {
  /** Whether a workflow most likely waits for it. A wrong guess costs one more call to Temporal, and nothing else. */
  hasWorkflow: boolean;
}

/** Where an event is in a trace (W3C Trace Context). */
export interface EventTrace {
  traceparent: string;
  /** The trigger came with it, so that receivers get one too. */
  isCallers: boolean;
}

export interface NewEvent {
  tenantId: string;
  eventType: string;
  eventId: string;
  occurredAt: Date;
  /** The exact text to send. */
  body: string;
  /** What its events are numbered by; absent or null: its type has no such key. */
  orderingKey?: string | null;
  /** Absent or null: in none. */
  trace?: EventTrace | null;
}

export interface AcceptedEvent {
  id: string;
  occurredAt: Date;
  deliveries: { id: string; webhookId: number; status: 'pending' | 'held'; starts: boolean; collects: boolean }[];
}

interface AcceptedRow {
  event_row_id: string;
  occurred_at: Date;
  delivery_id: string | null;
  webhook_id: number | null;
  accepted_as: 'pending' | 'held' | null;
  /** Null: it was accepted before. */
  starts: boolean | null;
  collects: boolean | null;
}

/**
 * Inserts an event and one delivery per webhook of its tenant that wants it, held where the webhook is not open, in one
 * statement. Null, and nothing is inserted, when the tenant triggered this type and event id before, when there is no
 * such tenant, or when the key `apiKeyId` is deleted or expired. `countLater`: the transaction goes on to lock other
 * rows, and ends with countNewDeliveries. `aboutWebhookId`: the webhook that the event is about, which does not get it.
 */
export async function insertEvent(
  db: Queryable,
  event: NewEvent,
  {
    countLater = false,
    apiKeyId = null,
    aboutWebhookId = null,
  }: { countLater?: boolean; apiKeyId?: string | null; aboutWebhookId?: number | null } = {},
): Promise<AcceptedEvent | null> {
  const { rows } = await db.query<AcceptedRow>(
    { name: 'accept_event', text: 'select * from accept_event($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)' },
    [
      event.tenantId,
      event.eventType,
      event.eventId,
      event.occurredAt,
      event.body,
      event.orderingKey ?? null,
      apiKeyId,
      aboutWebhookId,
      countLater,
      event.trace?.traceparent ?? null,
      event.trace?.isCallers ?? false,
    ],
  );
  return toAcceptedEvent(rows);
}

/**
 * Counts the deliveries of insertEvent with `countLater`. Must be the last statement of its transaction: many
 * transactions lock the same counters, and locking them once, in one slot and in the order of the webhooks, cannot
 * deadlock.
 */
export async function countNewDeliveries(db: Queryable, deliveries: AcceptedEvent['deliveries']): Promise<void> {
  if (deliveries.length === 0) return;
  await db.query(
    `with slot as materialized (select floor(random() * 8)::smallint as number)
     insert into webhook_counters as c (webhook_id, slot, pending, held)
     select d.webhook_id, slot.number, count(*) filter (where d.status = 'pending'), count(*) filter (where d.status = 'held')
       from unnest($1::int[], $2::text[]) as d (webhook_id, status) cross join slot
      group by d.webhook_id, slot.number order by d.webhook_id
     on conflict (webhook_id, slot) do update
        set pending = c.pending + excluded.pending, held = c.held + excluded.held`,
    [deliveries.map(({ webhookId }) => webhookId), deliveries.map(({ status }) => status)],
  );
}

/** The event as the first trigger of this tenant, type and event id was answered, with its body; null: not kept. */
export async function findEvent(
  db: Queryable,
  key: { tenantId: string; eventType: string; eventId: string },
): Promise<(AcceptedEvent & { body: string | null }) | null> {
  const { rows } = await db.query<AcceptedRow & { body: string | null }>(
    `select e.id as event_row_id, e.occurred_at, e.body, null as starts, null as collects, d.id as delivery_id, d.webhook_id, d.accepted_as
       from webhook_events e left join webhook_deliveries d on d.event_row_id = e.id
      where e.tenant_id = $1 and e.event_type = $2 and e.event_id = $3
      order by d.webhook_id`,
    [key.tenantId, key.eventType, key.eventId],
  );
  const event = toAcceptedEvent(rows);
  return event && rows[0] ? { ...event, body: rows[0].body } : null;
}

/**
 * Inserts a test event and its one delivery, even if the webhook is paused. Both are marked as a test and left out of
 * the counters; it is not numbered, and no filter is asked; where others go in batches, it goes alone in one. Null, and nothing is stored, if the tenant has no such webhook.
 */
export async function insertTestEvent(
  db: Queryable,
  webhookId: number,
  event: NewEvent,
): Promise<{ eventRowId: string; deliveryId: string } | null> {
  const { rows } = await db.query<{ event_row_id: string; id: string }>(
    `with target as (
       select id, batch_max_events is not null as batches, uuid_v7() as delivery_id
         from webhooks where id = $6 and tenant_id = $1 and deleted_at is null),
     new_event as (
       insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body, test)
       select $1, $2, $3, $4::timestamptz, $5, true from target returning id)
     insert into webhook_deliveries
       (id, batch_id, event_row_id, webhook_id, tenant_id, event_type, event_id, test, status, accepted_as, next_attempt_at)
     select w.delivery_id, case when w.batches then w.delivery_id end, e.id, w.id, $1, $2, $3, true, 'pending', 'pending', now() from new_event e, target w
     returning event_row_id, id`,
    [event.tenantId, event.eventType, event.eventId, event.occurredAt, event.body, webhookId],
  );
  return rows[0] ? { eventRowId: rows[0].event_row_id, deliveryId: rows[0].id } : null;
}

function toAcceptedEvent(rows: AcceptedRow[]): AcceptedEvent | null {
  const first = rows[0];
  if (!first) return null;
  return {
    id: first.event_row_id,
    occurredAt: first.occurred_at,
    deliveries: rows.flatMap((row) =>
      row.delivery_id && row.webhook_id && row.accepted_as
        ? [
            {
              id: row.delivery_id,
              webhookId: row.webhook_id,
              status: row.accepted_as,
              starts: row.starts ?? false,
              collects: row.collects ?? false,
            },
          ]
        : [],
    ),
  };
}

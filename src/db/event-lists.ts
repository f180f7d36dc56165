import type { Queryable } from './database.js';
import type { DeliveryStatus } from './deliveries.js';
import { keyRange } from './key-range.js';

/** An event as it was accepted. */
export interface AcceptedEvent {
  id: string;
  eventType: string;
  eventId: string;
  occurredAt: Date;
  createdAt: Date;
  test: boolean;
  /** What it is numbered by; null: its type has no ordering key. */
  orderingKey: string | null;
  sequence: number | null;
  /** When its content was erased on request. */
  expungedAt: Date | null;
}

/** How many of an event's deliveries have each status; of a status that none has there is no number. */
export type DeliveryCounts = Partial<Record<DeliveryStatus, number>>;

interface AcceptedEventRow {
  id: string;
  event_type: string;
  event_id: string;
  occurred_at: Date;
  created_at: Date;
  test: boolean;
  ordering_key: string | null;
  sequence: number | null;
  expunged_at: Date | null;
}

export interface EventFilter {
  eventType?: string;
  /** An event id, and the types that events with it may have. */
  withId?: { eventId: string; eventTypes: readonly string[] };
  orderingKey?: string;
  /** Accepted at or after. */
  since?: Date;
  /** Accepted before. */
  until?: Date;
}

const columns = 'id, event_type, event_id, occurred_at, created_at, test, ordering_key, sequence, expunged_at';

const toEvent = (row: AcceptedEventRow): AcceptedEvent => ({
  id: row.id,
  eventType: row.event_type,
  eventId: row.event_id,
  occurredAt: row.occurred_at,
  createdAt: row.created_at,
  test: row.test,
  orderingKey: row.ordering_key,
  sequence: row.sequence,
  expungedAt: row.expunged_at,
});

/** A tenant's events, also those that no webhook wanted: newest first, at most `limit`, starting after `beforeId`. */
export async function listEvents(
  db: Queryable,
  tenantId: string,
  filter: EventFilter,
  page: { limit: number; beforeId: string | null },
): Promise<(AcceptedEvent & { deliveries: DeliveryCounts })[]> {
  const { eventType, withId, orderingKey, since, until } = filter;
  const values: unknown[] = [];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const tenant = parameter(tenantId);
  // By the key that keeps events unique: there is at most one of each type.
  const source = withId
    ? `(select * from webhook_events
         where tenant_id = ${tenant} and event_type = any(${parameter(withId.eventTypes)})
           and event_id = ${parameter(withId.eventId)} offset 0)`
    : 'webhook_events';
  const type = eventType === undefined ? [] : [['event_type', parameter(eventType)] as const];
  const key = orderingKey === undefined ? [] : [['ordering_key', parameter(orderingKey)] as const];
  const range = { since, until, beforeId: page.beforeId };
  // No index has both; a key has few events.
  const inKey = key.length > 0 ? key : type;
  const { where: inRange, order } = keyRange('e', [['tenant_id', tenant], ...inKey], range, parameter);
  const where = [inRange, ...type.map(([column, value]) => `e.${column} = ${value}`)].join(' and ');
  const { rows } = await db.query<AcceptedEventRow & { deliveries: DeliveryCounts | null }>(
    `select ${columns},
            (select json_object_agg(status, many)
               from (select status, count(*) as many from webhook_deliveries d where d.event_row_id = e.id
                      group by status) counted) as deliveries
       from ${source} e where ${where} order by ${order} limit ${parameter(page.limit)}`,
    values,
  );
  return rows.map((row) => ({ ...toEvent(row), deliveries: row.deliveries ?? {} }));
}

/** Null: the tenant has no such event. `body` is the exact text of its deliveries; null: it is not kept any more. */
export async function findEvent(
  db: Queryable,
  tenantId: string,
  id: string,
): Promise<(AcceptedEvent & { body: string | null }) | null> {
  const { rows } = await db.query<AcceptedEventRow & { body: string | null }>(
    `select ${columns}, body from webhook_events where id = $1 and tenant_id = $2`,
    [id, tenantId],
  );
  const row = rows[0];
  return row ? { ...toEvent(row), body: row.body } : null;
}

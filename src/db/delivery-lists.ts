import type { Queryable } from './database.js';
import {
  deliveryColumns,
  toDelivery,
  withLastAttempt,
  type Delivery,
  type DeliveryRow,
  type DeliveryStatus,
} from './deliveries.js';
import { keyRange } from './key-range.js';

/** A list may have 200 responses of 64 KB: Postgres sends only what is shown. */
const listedBytes = 1_024;
const shortResponseBody = `left(a.response_body, ${listedBytes}) as response_body, octet_length(a.response_body) as response_body_bytes`;

export interface DeliveryFilter {
  status?: DeliveryStatus;
  eventType?: string;
  eventId?: string;
  /** Created at or after. */
  since?: Date;
  /** Created before. */
  until?: Date;
}

export interface DeliveryPage {
  limit: number;
  /** The page starts after this one in the list's order; null: the first page. */
  beforeId: string | null;
}

/**
 * Newest first. Ids sort by time, so pages are stable. Holds the first 1 KB of each response body. Works for a deleted
 * webhook too.
 */
export async function listDeliveries(
  db: Queryable,
  webhookId: number,
  filter: DeliveryFilter,
  page: DeliveryPage,
): Promise<Delivery[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const { where, order } = rangeOf(parameter(webhookId), filter, page, parameter);
  const { rows } = await db.query<DeliveryRow>(
    `select ${deliveryColumns}, ${shortResponseBody} from ${withLastAttempt}
      where ${where} order by ${order} limit ${parameter(page.limit)}`,
    values,
  );
  return rows.map((row) => toDelivery(row, listedBytes));
}

/** A tenant's list reads the newest webhooks only: deleted ones count too, and there may be any number of those. */
export const maxListedWebhooks = 1_000;

/** Like `listDeliveries`, of all webhooks of a tenant, of which only the newest 1,000 count. */
export async function listTenantDeliveries(
  db: Queryable,
  tenantId: string,
  filter: DeliveryFilter,
  page: DeliveryPage,
): Promise<Delivery[]> {
  const values: unknown[] = [];
  const parameter = (value: unknown) => `$${values.push(value)}`;
  const { where, order } = rangeOf('w.id', filter, page, parameter);
  const limit = parameter(page.limit);
  // A page of each webhook, by its index, then the newest of them all.
  const { rows } = await db.query<DeliveryRow>(
    `with newest as (
       select page.id from
         (select id from webhooks where tenant_id = ${parameter(tenantId)} order by id desc limit ${maxListedWebhooks}) w
         cross join lateral (
           select d.id from webhook_deliveries d where ${where} order by ${order} limit ${limit}) page
        order by page.id desc limit ${limit})
     select ${deliveryColumns}, ${shortResponseBody} from newest
       join (${withLastAttempt}) on d.id = newest.id order by d.id desc`,
    values,
  );
  return rows.map((row) => toDelivery(row, listedBytes));
}

/** The condition for a page of a webhook's list, and its order. `webhook`: an SQL expression for the webhook's id. */
function rangeOf(
  webhook: string,
  { status, eventType, eventId, since, until }: DeliveryFilter,
  { beforeId }: DeliveryPage,
  parameter: (value: unknown) => string,
): { where: string; order: string } {
  const given: [column: string, value: string | undefined][] = [
    ['event_id', eventId],
    ['event_type', eventType],
    ['status', status],
  ];
  const filters = given.flatMap(([column, value]) =>
    value === undefined ? [] : [[column, parameter(value)] as const],
  );
  // No index has an event's id beside another filter; an event has few deliveries to a webhook.
  const inKey = eventId === undefined ? filters : filters.slice(0, 1);
  const { where, order } = keyRange('d', [['webhook_id', webhook], ...inKey], { since, until, beforeId }, parameter);
  const equal = filters.map(([column, value]) => `d.${column} = ${value}`);
  return { where: [where, 'd.batch_size is null', ...equal].join(' and '), order };
}

/** The deliveries of one event, in the order of their webhooks, at most 200, with the first 1 KB of each response body. */
export async function listDeliveriesOfEvent(db: Queryable, eventRowId: string): Promise<Delivery[]> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${deliveryColumns}, ${shortResponseBody} from ${withLastAttempt}
      where d.event_row_id = $1 order by d.webhook_id limit 200`,
    [eventRowId],
  );
  return rows.map((row) => toDelivery(row, listedBytes));
}

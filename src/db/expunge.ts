import { oneRow, type Queryable } from './database.js';
import { holds, pageSize, patternOf } from './holds-number.js';
import { lowestUuid } from './key-range.js';

/** What to forget: a tenant's events with that id, or everything that holds that number. */
export type ExpungeSubject = { eventId: string } | { phoneNumber: string };

/** One that has not been carried out completely. */
export interface Expunge {
  id: string;
  tenantId: string;
  subject: ExpungeSubject;
}

/** From now on it will be carried out, whatever becomes of this process. */
export async function insertExpunge(db: Queryable, tenantId: string, subject: ExpungeSubject): Promise<Expunge> {
  const { eventId = null, phoneNumber = null } = subject as { eventId?: string; phoneNumber?: string };
  const { rows } = await db.query<{ id: string }>(
    'insert into expunges (tenant_id, event_id, phone_number) values ($1, $2, $3) returning id',
    [tenantId, eventId, phoneNumber],
  );
  return { id: oneRow(rows).id, tenantId, subject };
}

/** Those that were asked for over 15 s ago, oldest first: the call that did has handed them over, or its process died. */
export async function listExpunges(db: Queryable, limit: number): Promise<Expunge[]> {
  const { rows } = await db.query<{
    id: string;
    tenant_id: string;
    event_id: string | null;
    phone_number: string | null;
  }>(
    `select id, tenant_id, event_id, phone_number from expunges
      where id < uuid_v7_floor(now() - interval '15 s') order by id limit $1`,
    [limit],
  );
  return rows.map((row) => ({
    id: row.id,
    tenantId: row.tenant_id,
    subject: row.event_id === null ? { phoneNumber: row.phone_number! } : { eventId: row.event_id },
  }));
}

/** All is done, so the subject is forgotten too. */
export async function deleteExpunge(db: Queryable, id: string): Promise<void> {
  await db.query('delete from expunges where id = $1', [id]);
}

/** An event whose content must go. */
export interface ExpungedEvent {
  id: string;
  eventType: string;
  eventId: string;
  /** The event id or the ordering key itself holds the number. */
  isIdPersonal: boolean;
}

interface EventRow {
  id: string;
  event_type: string;
  event_id: string;
  is_id_personal: boolean;
}

const toExpungedEvent = (row: EventRow): ExpungedEvent => ({
  id: row.id,
  eventType: row.event_type,
  eventId: row.event_id,
  isIdPersonal: row.is_id_personal,
});

/** The events with that id: one of each type at most. */
export async function eventsWithId(
  db: Queryable,
  tenantId: string,
  eventId: string,
  eventTypes: readonly string[],
): Promise<ExpungedEvent[]> {
  const { rows } = await db.query<EventRow>(
    `select id, event_type, event_id, false as is_id_personal from webhook_events
      where tenant_id = $1 and event_type = any($2) and event_id = $3`,
    [tenantId, eventTypes, eventId],
  );
  return rows.map(toExpungedEvent);
}

/** Fewer events, since all their attempts are looked through too. */
const eventPageSize = 100;

/**
 * Looks through the next page of a tenant's events, oldest first, for those that hold the number: in the body, in the
 * event id, in the body that was made of it, or in what a receiver was sent or responded. `last` null: there are no more.
 */
export async function eventsHoldingNumber(
  db: Queryable,
  tenantId: string,
  phoneNumber: string,
  after: string | null,
): Promise<{ found: ExpungedEvent[]; last: string | null }> {
  const { rows } = await db.query<EventRow & { holds: boolean }>(
    `select e.id, e.event_type, e.event_id, ${holds('e.event_id')} or coalesce(${holds('e.ordering_key')}, false) as is_id_personal,
            e.expunged_at is null and (${holds('e.event_id')} or coalesce(${holds('e.body')}, false) or exists (
              select from webhook_deliveries d join webhook_attempts a on a.delivery_id = d.id
               where d.event_row_id = e.id and (${attemptHolds})) or exists (
              select from webhook_deliveries d join webhook_bodies b on b.delivery_id = d.id
               where d.event_row_id = e.id and ${holds('b.body')})) as holds
       from (select * from webhook_events where tenant_id = $1 and id > $4 order by id limit ${eventPageSize}) e
      order by e.id`,
    [tenantId, ...patternOf(phoneNumber), after ?? lowestUuid],
  );
  return { found: rows.filter((row) => row.holds).map(toExpungedEvent), last: rows.at(-1)?.id ?? null };
}

/** Whether an attempt does. */
const attemptHolds = ['a.response_body', 'a.response_headers', 'a.request_headers', 'a.error_message']
  .map(holds)
  .join(' or ');
const withoutContent = `request_headers = '{}', response_headers = null, response_body = null,
  error_message = case when error_message is not null then '[expunged]' end`;

/**
 * Of the same page of events, batches that they were in: an attempt that holds the number loses its content. The other
 * events of the batch keep theirs.
 */
export async function expungeBatchAttempts(
  db: Queryable,
  tenantId: string,
  phoneNumber: string,
  page: { after: string | null; last: string },
): Promise<void> {
  await db.query(
    `update webhook_attempts a set ${withoutContent} from (
       select distinct m.batch_id from webhook_events e join webhook_deliveries d on d.event_row_id = e.id
         join webhook_batch_members m on m.delivery_id = d.id
        where e.tenant_id = $1 and e.id > $4 and e.id <= $5) b
      where a.delivery_id = b.batch_id and (${attemptHolds})`,
    [tenantId, ...patternOf(phoneNumber), page.after ?? lowestUuid, page.last],
  );
}

/** Deliveries of an event whose content is still there. */
export async function deliveriesToExpunge(db: Queryable, eventRowId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from webhook_deliveries where event_row_id = $1 and expunged_at is null limit ${pageSize}`,
    [eventRowId],
  );
  return rows.map((row) => row.id);
}

/** Erases a delivery's content, and cancels it if it is pending or held. Returns how many attempts were erased. */
export async function expungeDelivery(db: Queryable, deliveryId: string, eventId: string): Promise<number> {
  const { rows } = await db.query<{ attempts: number }>('select attempts from expunge_delivery($1, $2)', [
    deliveryId,
    eventId,
  ]);
  return rows[0]?.attempts ?? 0;
}

/**
 * Erases an event's body, after its deliveries; with another event id, its ordering key too. False: that was done before.
 */
export async function expungeEvent(db: Queryable, eventRowId: string, eventId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update webhook_events
        set body = null, expunged_at = clock_timestamp(), event_id = $2,
            ordering_key = case when event_id = $2 then ordering_key end, sequence = case when event_id = $2 then sequence end
      where id = $1 and expunged_at is null`,
    [eventRowId, eventId],
  );
  return rowCount === 1;
}

/** The next page of a tenant's ordering keys: those that hold the number are forgotten. Null: there are no more. */
export async function expungeOrderingKeys(
  db: Queryable,
  tenantId: string,
  phoneNumber: string,
  after = '',
): Promise<string | null> {
  const { rows } = await db.query<{ last: string }>(
    `with page as (
       select key from ordering_keys where tenant_id = $1 and key > $4 order by key limit ${pageSize}),
     forgotten as (
       delete from ordering_keys k using page p where k.tenant_id = $1 and k.key = p.key and ${holds('k.key')})
     select key as last from page order by key desc limit 1`,
    [tenantId, ...patternOf(phoneNumber), after],
  );
  return rows[0]?.last ?? null;
}

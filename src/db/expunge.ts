import { oneRow, type Queryable } from './database.js';

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

/** Rows that one statement looks through. */
const pageSize = 500;
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
               where d.event_row_id = e.id and (${holds('a.response_body')} or ${holds('a.response_headers')} or
                     ${holds('a.request_headers')} or ${holds('a.error_message')})) or exists (
              select from webhook_deliveries d join webhook_bodies b on b.delivery_id = d.id
               where d.event_row_id = e.id and ${holds('b.body')})) as holds
       from (select * from webhook_events where tenant_id = $1 and id > $4 order by id limit ${eventPageSize}) e
      order by e.id`,
    [tenantId, ...patternOf(phoneNumber), after ?? lowestUuid],
  );
  return { found: rows.filter((row) => row.holds).map(toExpungedEvent), last: rows.at(-1)?.id ?? null };
}

const lowestUuid = '00000000-0000-0000-0000-000000000000';

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

/**
 * The next page of a tenant's messages, oldest first: those that hold the number lose their text, their links and the
 * number. One that Twilio is not known to have has failed, since nothing is left to send. Null: there are no more.
 */
export async function expungeMessages(
  db: Queryable,
  tenantId: string,
  phoneNumber: string,
  after: string | null,
): Promise<string | null> {
  const { rows } = await db.query<{ last: string | null }>(
    `with page as (
       select id, coalesce(${holds('from_number')}, false) or ${holds('to_number')} or coalesce(${holds('body')}, false)
                  or ${holds("array_to_string(media_urls, ' ')")} or coalesce(${holds('idempotency_key')}, false) as holds
         from messages where tenant_id = $1 and id > $4 order by id limit ${pageSize}),
     expunged as (
       update messages m
          set from_number = case when ${holds('from_number')} then '[expunged]' else from_number end,
              to_number = case when ${holds('to_number')} then '[expunged]' else to_number end,
              idempotency_key = case when ${holds('idempotency_key')} then null else idempotency_key end,
              body = null, media_urls = '{}',
              status = case when status in ('pending', 'unknown') then 'failed' else status end,
              error_code = case when status in ('pending', 'unknown') then 'expunged' else error_code end,
              ended_at = case when status in ('pending', 'unknown') then clock_timestamp() else ended_at end
        where id in (select id from page where holds))
     select id as last from page order by id desc limit 1`,
    [tenantId, ...patternOf(phoneNumber), after ?? lowestUuid],
  );
  return rows[0]?.last ?? null;
}

/** Where a page of calls or recordings ended. */
export type CallCursor = [at: string, ...key: string[]];

/** The next page of a tenant's calls, oldest first: the number is erased. Null: there are no more. */
export async function expungeCalls(
  db: Queryable,
  tenantId: string,
  phoneNumber: string,
  [at, callSid, idSuffix]: CallCursor = ['-infinity', '', ''],
): Promise<CallCursor | null> {
  const { rows } = await db.query<{ at: string; call_sid: string; id_suffix: string }>(
    `with page as (
       select created_at, call_sid, id_suffix from calls
        where tenant_id = $1 and (created_at, call_sid, id_suffix) > ($4::timestamptz, $5, $6)
        order by created_at, call_sid, id_suffix limit ${pageSize}),
     expunged as (
       update calls c
          set from_number = case when ${holds('from_number')} then '[expunged]' else from_number end,
              to_number = case when ${holds('to_number')} then '[expunged]' else to_number end
         from page p where c.call_sid = p.call_sid and c.id_suffix = p.id_suffix
          and (${holds('from_number')} or ${holds('to_number')}))
     select created_at::text as at, call_sid, id_suffix from page order by created_at desc, call_sid desc, id_suffix desc limit 1`,
    [tenantId, ...patternOf(phoneNumber), at, callSid, idSuffix],
  );
  return rows[0] ? [rows[0].at, rows[0].call_sid, rows[0].id_suffix] : null;
}

/** The same for recordings, whose paths and urls may hold it. A path stays different from all others. */
export async function expungeRecordings(
  db: Queryable,
  tenantId: string,
  phoneNumber: string,
  [at, callSid, idSuffix, hash]: CallCursor = ['-infinity', '', '', ''],
): Promise<CallCursor | null> {
  const { rows } = await db.query<{ at: string; call_sid: string; id_suffix: string; path_hash: string }>(
    `with page as (
       select created_at, call_sid, id_suffix, path_hash from recordings
        where tenant_id = $1 and (created_at, call_sid, id_suffix, path_hash) > ($4::timestamptz, $5, $6, $7)
        order by created_at, call_sid, id_suffix, path_hash limit ${pageSize}),
     expunged as (
       update recordings r
          set path = case when ${holds('path')} then '[expunged] ' || gen_random_uuid() else path end,
              url = case when ${holds('url')} then null else url end
         from page p where r.call_sid = p.call_sid and r.id_suffix = p.id_suffix and r.path_hash = p.path_hash
          and (${holds('path')} or ${holds('url')}))
     select created_at::text as at, call_sid, id_suffix, path_hash from page
      order by created_at desc, call_sid desc, id_suffix desc, path_hash desc limit 1`,
    [tenantId, ...patternOf(phoneNumber), at, callSid, idSuffix, hash],
  );
  return rows[0] ? [rows[0].at, rows[0].call_sid, rows[0].id_suffix, rows[0].path_hash] : null;
}

/** The next page of all stored events of switches: in those of the tenant's calls, the number is erased. */
export async function expungeCallEvents(
  db: Queryable,
  tenantId: string,
  phoneNumber: string,
  [coreUuid, sequence]: [string, number] = ['', -1],
): Promise<[string, number] | null> {
  const { rows } = await db.query<{ core_uuid: string; event_sequence: number }>(
    `with page as (
       select core_uuid, event_sequence from call_events where (core_uuid, event_sequence) > ($4, $5)
        order by core_uuid, event_sequence limit ${pageSize}),
     expunged as (
       update call_events k set facts = regexp_replace(facts, $3, '[expunged]', 'g')
         from page p where k.core_uuid = p.core_uuid and k.event_sequence = p.event_sequence and ${holds('facts')}
          and exists (select from calls c where c.call_sid = k.call_sid and c.tenant_id = $1))
     select core_uuid, event_sequence from page order by core_uuid desc, event_sequence desc limit 1`,
    [tenantId, ...patternOf(phoneNumber), coreUuid, sequence],
  );
  return rows[0] ? [rows[0].core_uuid, rows[0].event_sequence] : null;
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

/** The number's former assignments to the tenant. The present one stays: the number is the tenant's until released. */
export async function deleteReleasedNumber(db: Queryable, tenantId: string, phoneNumber: string): Promise<void> {
  await db.query('delete from phone_numbers where tenant_id = $1 and phone_number = $2 and released_at is not null', [
    tenantId,
    phoneNumber,
  ]);
}

/** Whether a text holds the number of `patternOf`, as $2 and $3. The plain search is the fast one. */
const holds = (text: string) => `(${text} like $2 and ${text} ~ $3)`;

/**
 * A number is found with or without `+` or `00`, wherever no further digit adjoins it. A short code could be any
 * number: only as a whole, in quotes, or between underscores as in event ids.
 */
function patternOf(phoneNumber: string): [like: string, regex: string] {
  const digits = phoneNumber.replace(/^\+/, '');
  const regex = phoneNumber.startsWith('+') ? `(?<![0-9])(\\+|00)?${digits}(?![0-9])` : `(?<![^"_])${digits}(?![^"_])`;
  return [`%${digits}%`, regex];
}

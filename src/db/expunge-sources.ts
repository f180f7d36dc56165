import type { Queryable } from './database.js';
import { holds, pageSize, patternOf } from './holds-number.js';
import { lowestUuid } from './key-range.js';

// What the sources of events keep of a number: messages, calls, recordings, and what switches reported.

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

/** The number's former assignments to the tenant. The present one stays: the number is the tenant's until released. */
export async function deleteReleasedNumber(db: Queryable, tenantId: string, phoneNumber: string): Promise<void> {
  await db.query('delete from phone_numbers where tenant_id = $1 and phone_number = $2 and released_at is not null', [
    tenantId,
    phoneNumber,
  ]);
}

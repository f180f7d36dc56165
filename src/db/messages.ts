import { storableText, type Queryable } from './database.js';
import { highestUuid, lowestUuid } from './key-range.js';

export const messageStatuses = [
  'received',
  'pending',
  'unknown',
  'accepted',
  'scheduled',
  'queued',
  'sending',
  'sent',
  'delivered',
  'read',
  'undelivered',
  'failed',
  'canceled',
] as const;
export type MessageStatus = (typeof messageStatuses)[number];

/** An SMS or MMS, in or out. */
export interface Message {
  id: string;
  tenantId: string;
  direction: 'inbound' | 'outbound';
  accountSid: string;
  /** Null until Twilio is known to have the message. */
  messageSid: string | null;
  messagingServiceSid: string | null;
  /** Null: the Messaging Service chooses. */
  from: string | null;
  to: string;
  body: string | null;
  mediaUrls: string[];
  mediaCount: number;
  status: MessageStatus;
  errorCode: string | null;
  /** Segments as counted in the tenant's usage; null: not counted. */
  segments: number | null;
  /** They were counted before Twilio's own count was known. */
  segmentsEstimated: boolean;
  createdAt: Date;
  /** When the request to Twilio began. */
  sendBeganAt: Date | null;
  acceptedAt: Date | null;
  endedAt: Date | null;
}

export interface MessageRow {
  id: string;
  tenant_id: string;
  direction: 'inbound' | 'outbound';
  account_sid: string;
  message_sid: string | null;
  messaging_service_sid: string | null;
  from_number: string | null;
  to_number: string;
  body: string | null;
  media_urls: string[];
  media_count: number;
  status: MessageStatus;
  error_code: string | null;
  segments: number | null;
  segments_estimated: boolean;
  created_at: Date;
  send_began_at: Date | null;
  accepted_at: Date | null;
  ended_at: Date | null;
}

export const messageColumns = `id, tenant_id, direction, account_sid, message_sid, messaging_service_sid, from_number, to_number, body,
  media_urls, media_count, status, error_code, segments, segments_estimated, created_at, send_began_at, accepted_at, ended_at`;

export const toMessage = (row: MessageRow): Message => ({
  id: row.id,
  tenantId: row.tenant_id,
  direction: row.direction,
  accountSid: row.account_sid,
  messageSid: row.message_sid,
  messagingServiceSid: row.messaging_service_sid,
  from: row.from_number,
  to: row.to_number,
  body: row.body,
  mediaUrls: row.media_urls,
  mediaCount: row.media_count,
  status: row.status,
  errorCode: row.error_code,
  segments: row.segments,
  segmentsEstimated: row.segments_estimated,
  createdAt: row.created_at,
  sendBeganAt: row.send_began_at,
  acceptedAt: row.accepted_at,
  endedAt: row.ended_at,
});

/** Null when the tenant has no such message. */
export async function findMessage(db: Queryable, tenantId: string, id: string): Promise<Message | null> {
  const { rows } = await db.query<MessageRow>(
    `select ${messageColumns} from messages where tenant_id = $1 and id = $2`,
    [tenantId, id],
  );
  return rows[0] ? toMessage(rows[0]) : null;
}

export interface MessageFilter {
  direction: Message['direction'] | null;
  status: MessageStatus | null;
}

/**
 * Newest first. Each filter has its index, read as a range of the whole key and in the key's order. With plain
 * equalities the planner sometimes takes the primary key and walks past every other tenant's messages.
 */
export async function listMessages(
  db: Queryable,
  tenantId: string,
  { direction, status }: MessageFilter,
  page: { limit: number; beforeId: string | null },
): Promise<Message[]> {
  if (direction && status && direction !== directionOf(status)) return [];
  const [column, value] = status ? ['status', status] : direction ? ['direction', direction] : [null, null];
  const key = ['tenant_id', ...(column ? [column] : []), 'id'];
  const values = [tenantId, page.beforeId ?? highestUuid, page.limit, ...(value ? [value] : [])];
  const range = (id: string) => `($1::uuid, ${value ? '$4::text, ' : ''}${id})`;
  const { rows } = await db.query<MessageRow>(
    `select ${messageColumns} from messages
      where (${key.join(', ')}) >= ${range(`'${lowestUuid}'::uuid`)} and (${key.join(', ')}) < ${range('$2::uuid')}
      order by ${key.map((name) => `${name} desc`).join(', ')} limit $3`,
    values,
  );
  return rows.map(toMessage);
}

const directionOf = (status: MessageStatus): Message['direction'] => (status === 'received' ? 'inbound' : 'outbound');

/** Nobody else changes the message until the transaction ends. */
export async function lockMessage(
  db: Queryable,
  key: { id: string } | { messageSid: string },
): Promise<Message | null> {
  const [column, value] = 'id' in key ? ['id', key.id] : ['message_sid', key.messageSid];
  const { rows } = await db.query<MessageRow>(
    `select ${messageColumns} from messages where ${column} = $1 for update`,
    [value],
  );
  return rows[0] ? toMessage(rows[0]) : null;
}

/** The statuses of those messages that are known. */
export async function statusesBySid(db: Queryable, messageSids: string[]): Promise<Map<string, MessageStatus>> {
  const { rows } = await db.query<{ message_sid: string; status: MessageStatus }>(
    'select message_sid, status from messages where message_sid = any ($1)',
    [messageSids],
  );
  return new Map(rows.map((row) => [row.message_sid, row.status]));
}

/**
 * Gives the right to send, once: from here on the message may have reached Twilio. Null when it is not pending, or it or
 * its tenant does not exist.
 */
export async function claimSend(db: Queryable, id: string): Promise<Message | null> {
  const { rows } = await db.query<MessageRow>(
    `update messages set status = 'unknown', send_began_at = date_trunc('milliseconds', clock_timestamp())
      where id = $1 and status = 'pending'
        and exists (select from tenants t where t.id = tenant_id and t.deleted_at is null) returning ${messageColumns}`,
    [id],
  );
  return rows[0] ? toMessage(rows[0]) : null;
}

/** The request is known not to have reached Twilio: the message may be sent again. Changes nothing when repeated. */
export async function releaseSend(db: Queryable, id: string, sendBeganAt: Date): Promise<void> {
  await db.query(
    `update messages set status = 'pending', send_began_at = null
      where id = $1 and status = 'unknown' and send_began_at = $2`,
    [id, sendBeganAt],
  );
}

export async function messageStatus(db: Queryable, id: string): Promise<MessageStatus | null> {
  const { rows } = await db.query<{ status: MessageStatus }>('select status from messages where id = $1', [id]);
  return rows[0]?.status ?? null;
}

/** Twilio has the message. Needs lockMessage. */
export async function recordAcceptance(
  db: Queryable,
  id: string,
  accepted: {
    messageSid: string;
    status: MessageStatus;
    segments: number;
    segmentsEstimated: boolean;
    at: Date;
  },
): Promise<void> {
  await db.query(
    `update messages set message_sid = $2, status = $3, segments = $4, segments_estimated = $5, accepted_at = $6
      where id = $1`,
    [id, accepted.messageSid, accepted.status, accepted.segments, accepted.segmentsEstimated, accepted.at],
  );
}

/** Replaces an estimate with Twilio's own count. Needs lockMessage. */
export async function recordSegments(db: Queryable, id: string, segments: number): Promise<void> {
  await db.query('update messages set segments = $2, segments_estimated = false where id = $1', [id, segments]);
}

/** Needs lockMessage. `endedAt` is given with a final status. */
export async function recordStatus(
  db: Queryable,
  id: string,
  { status, errorCode, endedAt }: { status: MessageStatus; errorCode: string | null; endedAt: Date | null },
): Promise<void> {
  await db.query(
    `update messages set status = $2, error_code = coalesce(error_code, $3), ended_at = coalesce(ended_at, $4)
      where id = $1`,
    [id, status, errorCode && storableText(errorCode), endedAt],
  );
}

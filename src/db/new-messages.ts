import { storableText, type Queryable } from './database.js';
import { messageColumns, toMessage, type Message, type MessageRow } from './messages.js';

export interface NewOutboundMessage {
  tenantId: string;
  accountSid: string;
  from: string | null;
  messagingServiceSid: string | null;
  to: string;
  body: string | null;
  mediaUrls: string[];
  /** The caller's own name for the request; null: none. */
  idempotencyKey: string | null;
}

/** Null, and nothing is inserted, when the tenant used the idempotency key before. */
export async function insertOutbound(db: Queryable, message: NewOutboundMessage): Promise<Message | null> {
  const { rows } = await db.query<MessageRow>(
    `insert into messages (tenant_id, direction, account_sid, from_number, messaging_service_sid, to_number, body,
                           media_urls, media_count, status, idempotency_key)
     values ($1, 'outbound', $2, $3, $4, $5, $6, $7, $8, 'pending', $9)
     on conflict (tenant_id, idempotency_key) do nothing returning ${messageColumns}`,
    [
      message.tenantId,
      message.accountSid,
      message.from,
      message.messagingServiceSid,
      message.to,
      message.body,
      message.mediaUrls,
      message.mediaUrls.length,
      message.idempotencyKey,
    ],
  );
  return rows[0] ? toMessage(rows[0]) : null;
}

export async function findByIdempotencyKey(db: Queryable, tenantId: string, key: string): Promise<Message | null> {
  const { rows } = await db.query<MessageRow>(
    `select ${messageColumns} from messages where tenant_id = $1 and idempotency_key = $2`,
    [tenantId, key],
  );
  return rows[0] ? toMessage(rows[0]) : null;
}

export interface NewInboundMessage {
  tenantId: string;
  accountSid: string;
  messageSid: string;
  messagingServiceSid: string | null;
  from: string;
  to: string;
  body: string;
  mediaCount: number;
  segments: number;
}

/** Returns its id; null, and nothing is inserted, when the message is known already. */
export async function insertInbound(db: Queryable, message: NewInboundMessage): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `insert into messages (tenant_id, direction, account_sid, message_sid, messaging_service_sid, from_number, to_number,
                           body, media_count, segments, status)
     values ($1, 'inbound', $2, $3, $4, $5, $6, $7, $8, $9, 'received')
     on conflict (message_sid) do nothing returning id`,
    [
      message.tenantId,
      message.accountSid,
      message.messageSid,
      message.messagingServiceSid && storableText(message.messagingServiceSid),
      storableText(message.from),
      storableText(message.to),
      storableText(message.body),
      message.mediaCount,
      message.segments,
    ],
  );
  return rows[0]?.id ?? null;
}

/** Inserts a message that another program sent and a callback reports; nothing happens when it is known already. */
export async function insertForeign(
  db: Queryable,
  message: { tenantId: string; accountSid: string; messageSid: string; from: string; to: string },
): Promise<void> {
  await db.query(
    `insert into messages (tenant_id, direction, account_sid, message_sid, from_number, to_number, status)
     values ($1, 'outbound', $2, $3, $4, $5, 'accepted') on conflict (message_sid) do nothing`,
    [message.tenantId, message.accountSid, message.messageSid, storableText(message.from), storableText(message.to)],
  );
}

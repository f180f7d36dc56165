import type { Pool } from 'pg';

export interface SmsEvent {
  type: string;
  id: string;
  data: Record<string, unknown>;
}

/** The tenant's SMS events, oldest first. */
export async function smsEvents(pool: Pool, tenantId: string): Promise<SmsEvent[]> {
  const { rows } = await pool.query<{ event_type: string; event_id: string; body: string }>(
    // Events of one transaction may have ids of the same millisecond; cmin gives the order of its statements.
    `select event_type, event_id, body from webhook_events where tenant_id = $1 and event_type like 'sms.%'
      order by min(id::text) over (partition by xmin::text), cmin::text::bigint`,
    [tenantId],
  );
  return rows.map((row) => ({
    type: row.event_type,
    id: row.event_id,
    data: (JSON.parse(row.body) as { data: Record<string, unknown> }).data,
  }));
}

export const typesOf = (events: SmsEvent[]): string[] => events.map(({ type }) => type);

/** SMS segments of this month, as counted. */
export async function countedSegments(pool: Pool, tenantId: string): Promise<number> {
  const { rows } = await pool.query<{ used: string }>(
    "select coalesce(sum(used), 0) as used from tenant_usage where tenant_id = $1 and resource = 'sms_segments'",
    [tenantId],
  );
  return Number(rows[0]!.used);
}

/** `accountSid` null: the number belongs to the account that sends. */
export async function assignNumber(
  pool: Pool,
  tenantId: string,
  phoneNumber: string,
  accountSid: string | null = null,
): Promise<void> {
  await pool.query('insert into phone_numbers (tenant_id, phone_number, account_sid) values ($1, $2, $3)', [
    tenantId,
    phoneNumber,
    accountSid,
  ]);
}

/** Inserts an outbound message as POST /v1/messages stores it, or in any later state. Returns its id. */
export async function insertOutboundMessage(
  pool: Pool,
  tenantId: string,
  row: { messageSid?: string; status?: string; from?: string; body?: string; sendBeganAt?: Date } = {},
): Promise<string> {
  const { messageSid = null, status = messageSid ? 'queued' : 'pending', from = '+15557654321', body = 'hello' } = row;
  const began = row.sendBeganAt ?? (status === 'pending' ? null : new Date());
  const { rows } = await pool.query<{ id: string }>(
    `insert into messages (tenant_id, direction, account_sid, message_sid, from_number, to_number, body, status, send_began_at, segments)
     values ($1, 'outbound', 'AC0123456789abcdef0123456789abcdef', $2, $3, '+15551234567', $4, $5, $6, $7) returning id`,
    [tenantId, messageSid, from, body, status, began, messageSid ? 1 : null],
  );
  return rows[0]!.id;
}

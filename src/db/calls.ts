import { oneRow, type Queryable } from './database.js';

export type CallDirection = 'inbound' | 'outbound';
export type CallStatus = 'completed' | 'no-answer' | 'busy' | 'failed' | 'canceled';

export interface Call {
  callSid: string;
  /** null: not known (yet). */
  tenantId: string | null;
  coreUuid: string;
  direction: CallDirection;
  from: string;
  to: string;
  beginningSeen: boolean;
  startedAt: Date;
  answeredAt: Date | null;
  answerTold: boolean;
  endedAt: Date | null;
}

export interface CallBeginning {
  direction: CallDirection;
  from: string;
  to: string;
  startedAt: Date;
}

export interface CallEnd {
  answeredAt: Date | null;
  endedAt: Date;
  status: CallStatus;
  hangupCause: string;
  /** From answer to end. */
  durationMs: number;
}

interface CallRow {
  call_sid: string;
  tenant_id: string | null;
  core_uuid: string;
  direction: CallDirection;
  from_number: string;
  to_number: string;
  beginning_seen: boolean;
  started_at: Date;
  answered_at: Date | null;
  answer_told: boolean;
  ended_at: Date | null;
}

const columns = `call_sid, tenant_id, core_uuid, direction, from_number, to_number, beginning_seen, started_at,
  answered_at, answer_told, ended_at`;

const toCall = (row: CallRow): Call => ({
  callSid: row.call_sid,
  tenantId: row.tenant_id,
  coreUuid: row.core_uuid,
  direction: row.direction,
  from: row.from_number,
  to: row.to_number,
  beginningSeen: row.beginning_seen,
  startedAt: row.started_at,
  answeredAt: row.answered_at,
  answerTold: row.answer_told,
  endedAt: row.ended_at,
});

/** The call, made if need be, and locked until the transaction ends. What is there already stays as it is. */
export async function openCall(
  db: Queryable,
  call: CallBeginning & { callSid: string; switchName: string; coreUuid: string },
): Promise<Call> {
  const { rows } = await db.query<CallRow>(
    `insert into calls (call_sid, switch, core_uuid, direction, from_number, to_number, started_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     -- an update that changes nothing: it locks the row and returns it
     on conflict (call_sid) do update set call_sid = excluded.call_sid
     returning ${columns}`,
    [call.callSid, call.switchName, call.coreUuid, call.direction, call.from, call.to, call.startedAt],
  );
  return toCall(oneRow(rows));
}

/** Locked until the transaction ends. */
export async function lockCall(db: Queryable, callSid: string): Promise<Call | null> {
  const { rows } = await db.query<CallRow>(`select ${columns} from calls where call_sid = $1 for update`, [callSid]);
  return rows[0] ? toCall(rows[0]) : null;
}

export async function callExists(db: Queryable, callSid: string): Promise<boolean> {
  const { rowCount } = await db.query('select from calls where call_sid = $1', [callSid]);
  return rowCount === 1;
}

/** From now on all events of the call are this tenant's. */
export async function assignCall(db: Queryable, callSid: string, tenantId: string): Promise<void> {
  await db.query('update calls set tenant_id = $2 where call_sid = $1', [callSid, tenantId]);
}

/** `isOver`: the call has ended, so that most likely no event will name its tenant. True when that is so for the first time. */
export async function markTenantSought(db: Queryable, callSid: string, isOver: boolean): Promise<boolean> {
  const { rows } = await db.query<{ is_first: boolean }>(
    `update calls c set tenant_sought_at = clock_timestamp(),
                        tenant_missed_at = coalesce(c.tenant_missed_at, case when $2 then now() end)
       from (select call_sid, tenant_missed_at from calls where call_sid = $1) before
      where c.call_sid = before.call_sid
     returning $2 and before.tenant_missed_at is null as is_first`,
    [callSid, isOver],
  );
  return rows[0]?.is_first ?? false;
}

export async function recordBeginning(db: Queryable, callSid: string, beginning: CallBeginning): Promise<void> {
  await db.query(
    `update calls set beginning_seen = true, direction = $2, from_number = $3, to_number = $4, started_at = $5
      where call_sid = $1`,
    [callSid, beginning.direction, beginning.from, beginning.to, beginning.startedAt],
  );
}

export async function recordAnswer(db: Queryable, callSid: string, answeredAt: Date): Promise<void> {
  await db.query('update calls set answered_at = $2, answer_told = true where call_sid = $1', [callSid, answeredAt]);
}

export async function recordEnd(db: Queryable, callSid: string, end: CallEnd): Promise<void> {
  await db.query(
    `update calls set answered_at = $2, ended_at = $3, status = $4, hangup_cause = $5, duration_ms = $6
      where call_sid = $1`,
    [callSid, end.answeredAt, end.endedAt, end.status, end.hangupCause, end.durationMs],
  );
}

/** Calls of a switch that have not ended as far as we know. */
export async function openCallSids(db: Queryable, switchName: string): Promise<string[]> {
  const { rows } = await db.query<{ call_sid: string }>(
    'select call_sid from calls where switch = $1 and ended_at is null and tenant_missed_at is null',
    [switchName],
  );
  return rows.map((row) => row.call_sid);
}

/**
 * One batch of what outlived its use: handled events after two days (no switch repeats itself for so long), all else
 * after the retention time. Answers how many rows were deleted; 0: all done.
 */
export async function expireCalls(db: Queryable, retentionDays: number, limit: number): Promise<number> {
  const deleteBatch = async (table: string, key: string, condition: string, days: number) => {
    const { rowCount } = await db.query(
      `delete from ${table} where (${key}) in (
         select ${key} from ${table} where ${condition} < now() - $1 * interval '1 day' limit $2)`,
      [days, limit],
    );
    return rowCount ?? 0;
  };
  const handledDays = Math.min(2, retentionDays);
  return (
    (await deleteBatch('call_events', 'core_uuid, event_sequence', 'handled_at is not null and kept_at', handledDays)) +
    (await deleteBatch('call_events', 'core_uuid, event_sequence', 'kept_at', retentionDays)) +
    (await deleteBatch('recordings', 'call_sid, path_hash', 'created_at', retentionDays)) +
    (await deleteBatch('calls', 'call_sid', 'created_at', retentionDays))
  );
}

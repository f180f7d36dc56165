import type { Queryable } from './database.js';

export type CallDirection = 'inbound' | 'outbound';
export type CallStatus = 'completed' | 'no-answer' | 'busy' | 'failed' | 'canceled';

/** A uuid that was used before names several calls; the first one's suffix is empty. */
export interface CallKey {
  callSid: string;
  idSuffix: string;
}

/** The call's own id, from which event ids are made. For the first call of a uuid it is the uuid. */
export const callIdOf = ({ callSid, idSuffix }: CallKey): string => callSid + idSuffix;

/** What is known of a call from one run of a switch. */
export interface CallRun {
  /** When the switch made the channel, by its own account; null: it did not say. */
  createdMs: number | null;
  /** The sequence numbers of its first event and of its end; null: not received. */
  from: number;
  until: number | null;
  /** The run took the call over from another one. */
  tookOver: boolean;
}

export interface Call extends CallKey {
  /** null: not known (yet). */
  tenantId: string | null;
  /** The last known value of the channel variable. */
  tenantReference: string | null;
  /** The name under which the call's switch was reached, and the run of that switch. */
  switchName: string;
  coreUuid: string;
  /** By Core-UUID. */
  runs: Record<string, CallRun>;
  direction: CallDirection;
  from: string;
  to: string;
  beginningSeen: boolean;
  startedAt: Date;
  answeredAt: Date | null;
  answerReported: boolean;
  endedAt: Date | null;
  /** No event of the end was received. */
  endEstimated: boolean;
  durationMs: number | null;
}

export interface CallStart {
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
  isEstimated: boolean;
}

interface CallRow {
  call_sid: string;
  id_suffix: string;
  tenant_id: string | null;
  tenant_reference: string | null;
  switch: string;
  core_uuid: string;
  runs: Record<string, CallRun> | null;
  direction: CallDirection;
  from_number: string;
  to_number: string;
  beginning_seen: boolean;
  started_at: Date;
  answered_at: Date | null;
  answer_told: boolean;
  ended_at: Date | null;
  end_estimated: boolean;
  duration_ms: number | null;
}

const columns = `call_sid, id_suffix, tenant_id, tenant_reference, switch, core_uuid, runs, direction, from_number,
  to_number, beginning_seen, started_at, answered_at, answer_told, ended_at, end_estimated, duration_ms`;

const toCall = (row: CallRow): Call => ({
  callSid: row.call_sid,
  idSuffix: row.id_suffix,
  tenantId: row.tenant_id,
  tenantReference: row.tenant_reference,
  switchName: row.switch,
  coreUuid: row.core_uuid,
  runs: row.runs ?? {
    [row.core_uuid]: {
      createdMs: null,
      from: 0,
      until: row.ended_at && !row.end_estimated ? 0 : null,
      tookOver: false,
    },
  },
  direction: row.direction,
  from: row.from_number,
  to: row.to_number,
  beginningSeen: row.beginning_seen,
  startedAt: row.started_at,
  answeredAt: row.answered_at,
  answerReported: row.answer_told,
  endedAt: row.ended_at,
  endEstimated: row.end_estimated,
  durationMs: row.duration_ms,
});

/** Until the transaction ends nobody else handles events of this uuid. Take it before any other lock. */
export async function lockCallSid(db: Queryable, callSid: string): Promise<void> {
  await db.query("select pg_advisory_xact_lock(hashtextextended('call ' || $1, 0))", [callSid]);
}

/** All calls of the uuid, in the order in which they began. */
export async function callsOfSid(db: Queryable, callSid: string): Promise<Call[]> {
  const { rows } = await db.query<CallRow>(
    `select ${columns} from calls where call_sid = $1 order by started_at, created_at, id_suffix`,
    [callSid],
  );
  return rows.map(toCall);
}

/** Needs lockCallSid. */
export async function insertCall(
  db: Queryable,
  call: CallKey & CallStart & { switchName: string; coreUuid: string; run: CallRun },
): Promise<void> {
  await db.query(
    `insert into calls (call_sid, id_suffix, switch, core_uuid, runs, direction, from_number, to_number, started_at)
     values ($1, $2, $3, $4, jsonb_build_object($4::text, $5::jsonb), $6, $7, $8, $9)`,
    [
      call.callSid,
      call.idSuffix,
      call.switchName,
      call.coreUuid,
      JSON.stringify(call.run),
      call.direction,
      call.from,
      call.to,
      call.startedAt,
    ],
  );
}

/** Notes the run. From now on the call is on this run's switch. */
export async function moveCall(
  db: Queryable,
  key: CallKey,
  to: { switchName: string; coreUuid: string; run: CallRun },
): Promise<void> {
  await db.query(
    `update calls set switch = $3, core_uuid = $4, runs = coalesce(runs, '{}') || jsonb_build_object($4::text, $5::jsonb)
      where call_sid = $1 and id_suffix = $2`,
    [key.callSid, key.idSuffix, to.switchName, to.coreUuid, JSON.stringify(to.run)],
  );
}

/** Another switch lists the call, although no event said so. From now on that switch is asked about it. */
export async function handOverCall(
  db: Queryable,
  key: CallKey,
  { switchName, coreUuid }: { switchName: string; coreUuid: string | null },
): Promise<void> {
  await db.query(
    `update calls set switch = $3, core_uuid = coalesce($4, core_uuid)
      where call_sid = $1 and id_suffix = $2 and ended_at is null`,
    [key.callSid, key.idSuffix, switchName, coreUuid],
  );
}

export async function recordRun(db: Queryable, key: CallKey, runs: Record<string, CallRun>): Promise<void> {
  await db.query('update calls set runs = $3 where call_sid = $1 and id_suffix = $2', [
    key.callSid,
    key.idSuffix,
    JSON.stringify(runs),
  ]);
}

/** Whether the leg is a call of its own: it is known, or an event of it waits to be handled. */
export async function isOwnCall(db: Queryable, callSid: string): Promise<boolean> {
  const { rows } = await db.query<{ known: boolean }>(
    `select exists (select from calls where call_sid = $1)
         or exists (select from call_events where call_sid = $1 and handled_at is null) as known`,
    [callSid],
  );
  return rows[0]?.known ?? false;
}

/**
 * The tenant's call of that uuid, for an uploaded recording: the call for which a switch reported that recording, else
 * the latest one. Null: the tenant has none.
 */
export async function findCallOfRecording(
  db: Queryable,
  { callSid, tenantId, path }: { callSid: string; tenantId: string; path: string },
): Promise<CallKey | null> {
  const { rows } = await db.query<{ call_sid: string; id_suffix: string }>(
    `select c.call_sid, c.id_suffix from calls c
      where c.call_sid = $1 and c.tenant_id = $2
      order by exists (select from recordings r where r.call_sid = c.call_sid and r.id_suffix = c.id_suffix and r.path = $3) desc,
               c.started_at desc, c.created_at desc
      limit 1`,
    [callSid, tenantId, path],
  );
  return rows[0] ? { callSid: rows[0].call_sid, idSuffix: rows[0].id_suffix } : null;
}

export async function recordStart(db: Queryable, key: CallKey, start: CallStart): Promise<void> {
  await db.query(
    `update calls set beginning_seen = true, direction = $3, from_number = $4, to_number = $5, started_at = $6
      where call_sid = $1 and id_suffix = $2`,
    [key.callSid, key.idSuffix, start.direction, start.from, start.to, start.startedAt],
  );
}

/** `isReported`: call.answered is triggered in the same transaction. */
export async function recordAnswer(db: Queryable, key: CallKey, answeredAt: Date, isReported: boolean): Promise<void> {
  await db.query(
    'update calls set answered_at = $3, answer_told = answer_told or $4 where call_sid = $1 and id_suffix = $2',
    [key.callSid, key.idSuffix, answeredAt, isReported],
  );
}

/** Also for a call whose end was estimated before. */
export async function recordEnd(db: Queryable, key: CallKey, end: CallEnd): Promise<void> {
  await db.query(
    `update calls set answered_at = $3, ended_at = $4, status = $5, hangup_cause = $6, duration_ms = $7, end_estimated = $8
      where call_sid = $1 and id_suffix = $2`,
    [
      key.callSid,
      key.idSuffix,
      end.answeredAt,
      end.endedAt,
      end.status,
      end.hangupCause,
      end.durationMs,
      end.isEstimated,
    ],
  );
}

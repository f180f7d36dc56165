import { recordAnswer, recordBeginning, recordEnd, type Call, type CallBeginning } from '../../db/calls.js';
import type { Queryable } from '../../db/database.js';
import type { Trigger } from '../../events/trigger.js';
import { countUsage } from '../usage/count-usage.js';
import { callStatus } from './call-status.js';

/** A call whose row this transaction has locked and whose tenant is known. */
export interface KnownCall extends Call {
  tenantId: string;
}

export async function tellBeginning(db: Queryable, trigger: Trigger, call: KnownCall, beginning: CallBeginning) {
  if (call.beginningSeen) return;
  await recordBeginning(db, call.callSid, beginning);
  await trigger({
    tenantId: call.tenantId,
    eventType: 'call.initiated',
    eventId: call.callSid,
    occurredAt: beginning.startedAt,
    payload: {
      call_sid: call.callSid,
      direction: beginning.direction,
      from: beginning.from,
      to: beginning.to,
      status: 'initiated',
      timestamp: beginning.startedAt,
    },
  });
}

export async function tellAnswer(db: Queryable, trigger: Trigger, call: KnownCall, answeredAt: Date): Promise<void> {
  // Heard late, after an end that knew of no answer: the end has the last word.
  if (call.answerTold || (call.endedAt && !call.answeredAt)) return;
  const at = call.answeredAt ?? answeredAt;
  await recordAnswer(db, call.callSid, at);
  await trigger({
    tenantId: call.tenantId,
    eventType: 'call.answered',
    eventId: call.callSid,
    occurredAt: at,
    payload: { call_sid: call.callSid, from: call.from, to: call.to, status: 'in-progress', answered_at: at },
  });
}

export interface HangUp {
  endedAt: Date;
  hangupCause: string;
  answeredAt: Date | null;
  /** null: not known; then it is the time from answer to end. */
  billedMs: number | null;
  /** Nobody heard the end: the time is the last at which the call was known to be up. */
  isEstimated: boolean;
}

export interface EndedCall {
  status: string;
  hangupCause: string;
  durationMs: number;
}

/** null when the end was told before. Counts the call's minutes, exactly once. */
export async function tellEnd(
  db: Queryable,
  trigger: Trigger,
  call: KnownCall,
  { endedAt, hangupCause, isEstimated, ...end }: HangUp,
): Promise<EndedCall | null> {
  if (call.endedAt) return null;
  const answeredAt = call.answeredAt ?? end.answeredAt;
  const durationMs = answeredAt ? (end.billedMs ?? Math.max(0, endedAt.getTime() - answeredAt.getTime())) : 0;
  const status = callStatus(hangupCause, answeredAt !== null);
  const { callSid, tenantId, from, to, direction, startedAt } = call;
  // Usage first: it locks the tenant's row, and all that end a call then lock in one order.
  if (durationMs > 0)
    await countUsage(db, trigger, { tenantId, resource: 'call_minutes', amount: durationMs / 60_000, at: endedAt });
  // We were away when it was answered. Who was told of the beginning is owed this too.
  if (answeredAt && call.beginningSeen) await tellAnswer(db, trigger, call, answeredAt);
  await recordEnd(db, callSid, { answeredAt, endedAt, status, hangupCause, durationMs });
  await trigger({
    tenantId,
    eventType: 'call.completed',
    eventId: callSid,
    occurredAt: endedAt,
    payload: {
      call_sid: callSid,
      from,
      to,
      direction,
      status,
      hangup_cause: hangupCause,
      duration_seconds: Math.round(durationMs / 1000),
      started_at: startedAt,
      answered_at: answeredAt,
      ended_at: endedAt,
      ...(isEstimated && { ended_at_estimated: true }),
    },
  });
  return { status, hangupCause, durationMs };
}

/** Told by its place in the switch's sequence: keys come faster than any clock ticks. */
export async function tellKeyPress(
  trigger: Trigger,
  call: KnownCall,
  press: { coreUuid: string; sequence: number; digit: string; at: Date },
): Promise<void> {
  await trigger({
    tenantId: call.tenantId,
    eventType: 'call.dtmf',
    eventId: `${call.callSid}_dtmf_${press.coreUuid}_${press.sequence}`,
    occurredAt: press.at,
    payload: { call_sid: call.callSid, digit: press.digit, timestamp: press.at },
  });
}

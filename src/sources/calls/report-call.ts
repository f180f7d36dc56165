import { callIdOf, recordAnswer, recordStart, recordEnd, type Call, type CallStart } from '../../db/calls.js';
import type { Queryable } from '../../db/database.js';
import type { Trigger } from '../../events/trigger.js';
import { correctUsage, countUsage } from '../usage/count-usage.js';
import { callStatus } from './call-status.js';

/** A call whose row this transaction has locked and whose tenant is known. */
export interface KnownCall extends Call {
  tenantId: string;
}

export async function reportStart(db: Queryable, trigger: Trigger, call: KnownCall, start: CallStart) {
  if (call.beginningSeen) return;
  await recordStart(db, call, start);
  await trigger({
    tenantId: call.tenantId,
    eventType: 'call.initiated',
    eventId: callIdOf(call),
    occurredAt: start.startedAt,
    payload: {
      call_sid: call.callSid,
      direction: start.direction,
      from: start.from,
      to: start.to,
      status: 'initiated',
      timestamp: start.startedAt,
    },
  });
}

export async function reportAnswer(db: Queryable, trigger: Trigger, call: KnownCall, answeredAt: Date): Promise<void> {
  if (call.answerReported) return;
  const at = call.answeredAt ?? answeredAt;
  // The answer arrived late, after an end that knew of none: the end counts. If that end was only an estimate, the real
  // end will need the time from which to count.
  if (call.endedAt && !call.answeredAt) {
    if (call.endEstimated) await recordAnswer(db, call, at, false);
    return;
  }
  await recordAnswer(db, call, at, true);
  await trigger({
    tenantId: call.tenantId,
    eventType: 'call.answered',
    eventId: callIdOf(call),
    occurredAt: at,
    payload: { call_sid: call.callSid, from: call.from, to: call.to, status: 'in-progress', answered_at: at },
  });
}

export interface HangUp {
  endedAt: Date;
  hangupCause: string;
  answeredAt: Date | null;
  /** null: not known; then the time from answer to end is used. */
  billedMs: number | null;
  /** Nobody received the end: `endedAt` is then an estimate, the latest time the call can have been up. */
  isEstimated: boolean;
}

export interface EndedCall {
  status: string;
  hangupCause: string;
  durationMs: number;
}

/** null if an end was already reported. Counts the call's minutes, exactly once. */
export async function reportEnd(
  db: Queryable,
  trigger: Trigger,
  call: KnownCall,
  hangUp: HangUp,
): Promise<EndedCall | null> {
  if (call.endedAt) return null;
  const { tenantId, from, to, direction, startedAt } = call;
  const { endedAt, hangupCause, isEstimated } = hangUp;
  const { answeredAt, durationMs, status } = resultOf(call, hangUp);
  // Usage first: it locks the tenant's row, so everything that ends a call locks in the same order.
  if (durationMs > 0)
    await countUsage(db, trigger, { tenantId, resource: 'call_minutes', amount: durationMs / 60_000, at: endedAt });
  // The answer was missed. A tenant that got the beginning gets the answer too.
  if (answeredAt && call.beginningSeen) await reportAnswer(db, trigger, call, answeredAt);
  await recordEnd(db, call, { answeredAt, endedAt, status, hangupCause, durationMs, isEstimated });
  await trigger({
    tenantId,
    eventType: 'call.completed',
    eventId: callIdOf(call),
    occurredAt: endedAt,
    payload: {
      call_sid: call.callSid,
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

/**
 * Records the real end of a call whose end was reported as an estimate: corrects its row and the tenant's minutes.
 * Makes no second event.
 */
export async function correctEnd(
  db: Queryable,
  trigger: Trigger,
  call: KnownCall,
  hangUp: HangUp,
): Promise<EndedCall & { countedMs: number }> {
  const { tenantId } = call;
  const { endedAt, hangupCause } = hangUp;
  const { answeredAt, durationMs, status } = resultOf(call, hangUp);
  const countedMs = call.durationMs ?? 0;
  await correctUsage(db, trigger, {
    tenantId,
    resource: 'call_minutes',
    counted: { amount: countedMs / 60_000, at: call.endedAt ?? endedAt },
    used: { amount: durationMs / 60_000, at: endedAt },
  });
  await recordEnd(db, call, { answeredAt, endedAt, status, hangupCause, durationMs, isEstimated: false });
  return { status, hangupCause, durationMs, countedMs };
}

function resultOf(call: Call, { endedAt, hangupCause, ...end }: HangUp) {
  const answeredAt = call.answeredAt ?? end.answeredAt;
  const sinceAnswerMs = answeredAt ? Math.max(0, endedAt.getTime() - answeredAt.getTime()) : 0;
  // A run that took the call over may have counted only from then on.
  const wasTakenOver = Object.values(call.runs).some(({ tookOver }) => tookOver);
  const billedMs = end.billedMs === null || !wasTakenOver ? end.billedMs : Math.max(end.billedMs, sinceAnswerMs);
  const durationMs = answeredAt ? (billedMs ?? sinceAnswerMs) : 0;
  return { answeredAt, durationMs, status: callStatus(hangupCause, answeredAt !== null) };
}

/** Identified by its place in the switch's sequence: two keys may be pressed within one tick of the clock. */
export async function reportKeyPress(
  trigger: Trigger,
  call: KnownCall,
  press: { coreUuid: string; sequence: number; digit: string; at: Date },
): Promise<void> {
  await trigger({
    tenantId: call.tenantId,
    eventType: 'call.dtmf',
    eventId: `${callIdOf(call)}_dtmf_${press.coreUuid}_${press.sequence}`,
    occurredAt: press.at,
    payload: { call_sid: call.callSid, digit: press.digit, timestamp: press.at },
  });
}

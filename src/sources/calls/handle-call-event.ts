import { callIdOf } from '../../db/calls.js';
import type { Queryable } from '../../db/database.js';
import { countUnfinishedRecordings } from '../../db/recordings.js';
import { isEmptyRecording } from '../../events/recording.js';
import type { Trigger } from '../../events/trigger.js';
import type { UnhandledEvent } from '../../db/call-events.js';
import type { CallEventKind, CallFacts } from './call-event.js';
import { startRecording, endRecording, type RecordingLog } from './recordings.js';
import {
  correctEnd,
  reportAnswer,
  reportStart,
  reportEnd,
  reportKeyPress,
  type HangUp,
  type KnownCall,
} from './report-call.js';

export interface CallLog extends RecordingLog {
  debug(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** An event as stored, with its facts parsed. */
export type ParsedCallEvent = Omit<UnhandledEvent, 'kind' | 'facts'> & { kind: CallEventKind; facts: CallFacts };

export interface EventDeps {
  log: CallLog;
  recordingUrlTemplate: string | undefined;
  /** Logs the line once the transaction has committed. */
  logOnCommit: (line: () => void) => void;
}

/** Changes the call as the event says, and triggers the tenant's events. Harmless for an event that repeats another. */
export async function handleCallEvent(
  db: Queryable,
  trigger: Trigger,
  call: KnownCall,
  event: ParsedCallEvent,
  { log, recordingUrlTemplate, logOnCommit }: EventDeps,
): Promise<void> {
  const { facts } = event;
  const at = new Date(facts.occurredAt);
  const { callSid, tenantId } = call;
  switch (event.kind) {
    case 'progressed':
      return;
    case 'created': {
      // A run that took the call over creates a channel for it, but the call began long ago.
      if (call.runs[event.coreUuid]?.tookOver) return;
      const { direction, from, to, startedAt } = facts;
      return reportStart(db, trigger, call, { direction, from, to, startedAt: new Date(startedAt) });
    }
    case 'answered':
      return reportAnswer(db, trigger, call, dateOf(facts.answeredAt) ?? at);
    case 'key-pressed':
      return reportKeyPress(trigger, call, { ...event, digit: facts.digit ?? '', at });
    case 'recording-started':
      return startRecording(db, call, facts.recording!.path, at);
    case 'recording-stopped': {
      const file = { ...facts.recording!, at };
      if (isEmptyRecording(file))
        logOnCommit(() => log.warn({ callSid, tenantId, sizeBytes: file.sizeBytes }, 'recording.empty: no event'));
      return endRecording(db, trigger, call, file, recordingUrlTemplate);
    }
    case 'ended':
      return end(db, trigger, call, event, { log, recordingUrlTemplate, logOnCommit });
  }
}

async function end(
  db: Queryable,
  trigger: Trigger,
  call: KnownCall,
  { coreUuid, switchName, facts }: ParsedCallEvent,
  { log, logOnCommit }: EventDeps,
): Promise<void> {
  const { tenantId, direction } = call;
  const names = { callSid: call.callSid, callId: callIdOf(call), tenantId, direction };
  // The call goes on elsewhere; only the channel of the run that lost it has ended.
  if (coreUuid !== call.coreUuid) {
    if (!call.endedAt)
      logOnCommit(() =>
        log.warn({ ...names, switch: switchName }, 'call.ended_where_it_was: another switch has taken it over'),
      );
    return;
  }
  const hangUp: HangUp = {
    endedAt: dateOf(facts.endedAt) ?? new Date(facts.occurredAt),
    hangupCause: facts.hangupCause ?? 'UNKNOWN',
    answeredAt: dateOf(facts.answeredAt),
    billedMs: facts.billedMs ?? null,
    isEstimated: false,
  };
  if (call.endedAt && call.endEstimated) {
    const corrected = await correctEnd(db, trigger, call, hangUp);
    const message = 'call.end_corrected: it was reported as ended, by an estimate; the minutes are corrected';
    logOnCommit(() => log.warn({ ...names, ...corrected }, message));
    return;
  }
  const ended = await reportEnd(db, trigger, call, hangUp);
  if (!ended) return;
  logOnCommit(() => log.info({ ...names, ...ended }, 'call.ended'));
  const unfinished = await countUnfinishedRecordings(db, call);
  if (unfinished > 0)
    logOnCommit(() => log.error({ ...names, unfinished }, 'recording.no_stop: it began, but its end was not received'));
}

const dateOf = (text: string | undefined): Date | null => (text === undefined ? null : new Date(text));

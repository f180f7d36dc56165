import path from 'node:path/posix';
import { callIdOf, findCallOfRecording, type CallKey } from '../../db/calls.js';
import { recordRecordingStart, recordRecordingStop } from '../../db/recordings.js';
import type { Queryable } from '../../db/database.js';
import { resolveTenant } from '../../db/tenants.js';
import { InvalidInputError, NotFoundError } from '../../errors.js';
import {
  formatOf,
  isEmptyRecording,
  recordingEventId,
  recordingFacts,
  recordingPayload,
  type UploadedRecording,
} from '../../events/recording.js';
import { recordWithEvents, type Trigger, type TriggerDeps } from '../../events/trigger.js';
import type { KnownCall } from './report-call.js';

/**
 * For an uploader in this process: triggers `call.recording.completed`, once per call and path however often it is
 * reported. False for a repeat and for an empty recording, which makes no event. Throws like triggerEvent.
 */
export async function recordingCompleted(
  deps: TriggerDeps & { log: RecordingLog },
  recording: UploadedRecording,
): Promise<boolean> {
  const { callSid } = recording;
  const facts = recordingFacts(recording, (message) => new InvalidInputError(message));
  if (isEmptyRecording({ ...facts, sizeBytes: recording.sizeBytes })) {
    deps.log.warn({ callSid }, 'recording.empty: no event');
    return false;
  }
  return recordWithEvents(deps, async (db, trigger) => {
    const tenantId = await resolveTenant(db, recording.tenantId);
    if (!tenantId) throw new NotFoundError(`There is no tenant ${recording.tenantId}.`);
    const call = await findCallOfRecording(db, { callSid, tenantId, path: facts.path });
    return reportRecording(db, trigger, {
      ...(call ?? { callSid, idSuffix: '' }),
      tenantId,
      ...facts,
      url: recording.recordingUrl,
      sizeBytes: recording.sizeBytes,
    });
  });
}

/** The part of a logger that is used here. */
export interface RecordingLog {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

interface Recording extends CallKey {
  tenantId: string;
  path: string;
  url: string | null;
  durationMs: number | null;
  sizeBytes: number | null;
  format: string;
  at: Date;
}

/** False if it was completed before. Without a url it is recorded but makes no event. */
async function reportRecording(db: Queryable, trigger: Trigger, recording: Recording): Promise<boolean> {
  const { tenantId, url, at } = recording;
  const isNew = await recordRecordingStop(db, { ...recording, completedAt: at });
  if (!isNew || url === null) return false;
  return trigger({
    tenantId,
    eventType: 'call.recording.completed',
    eventId: recordingEventId(callIdOf(recording), recording.path),
    occurredAt: at,
    payload: recordingPayload({ ...recording, url }),
  });
}

export async function startRecording(db: Queryable, call: KnownCall, file: string, startedAt: Date): Promise<void> {
  await recordRecordingStart(db, {
    callSid: call.callSid,
    idSuffix: call.idSuffix,
    path: file,
    tenantId: call.tenantId,
    startedAt,
  });
}

/** The switch has closed the file. If it is empty, or there is no url template, it is recorded but makes no event. */
export async function endRecording(
  db: Queryable,
  trigger: Trigger,
  call: KnownCall,
  file: { path: string; durationMs: number | null; sizeBytes: number | null; at: Date },
  urlTemplate: string | undefined,
): Promise<void> {
  const { callSid, idSuffix, tenantId } = call;
  const isReported = urlTemplate !== undefined && !isEmptyRecording(file);
  const url = isReported ? recordingUrl(urlTemplate, { callSid, path: file.path }) : null;
  await reportRecording(db, trigger, { ...file, callSid, idSuffix, tenantId, url, format: formatOf(file.path) });
}

/** Each part percent-encoded, lone surrogates as U+FFFD; `{path}` is the whole path without its leading slashes. */
export function recordingUrl(template: string, { callSid, path: file }: { callSid: string; path: string }): string {
  // encodeURIComponent throws at a lone surrogate.
  const encode = (part: string) => encodeURIComponent(part.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
  const values: Record<string, string> = {
    path: file.replace(/^\/+/, '').split('/').map(encode).join('/'),
    file: encode(path.basename(file)),
    call_sid: encode(callSid),
  };
  return template.replace(/\{(path|file|call_sid)\}/g, (_, name: string) => values[name]!);
}

import { createHash } from 'node:crypto';
import path from 'node:path/posix';
import { callIdOf, findCallOfRecording, type CallKey } from '../../db/calls.js';
import { recordRecordingStart, recordRecordingStop } from '../../db/recordings.js';
import type { Queryable } from '../../db/database.js';
import { resolveTenant } from '../../db/tenants.js';
import { InvalidInputError, NotFoundError } from '../../errors.js';
import { recordWithEvents, type Trigger, type TriggerDeps } from '../../events/trigger.js';
import type { KnownCall } from './tell-call.js';

/** A recording that can be fetched, as whoever stored it reports it. */
export interface UploadedRecording {
  callSid: string;
  recordingUrl: string;
  /** Our id of the tenant or the platform's own. */
  tenantId: string;
  durationSeconds: number | null;
  sizeBytes: number | null;
  /** Such as `wav`; default: from the name in the url. */
  format?: string;
  /** Default now. */
  createdAt?: Date;
  /**
   * Tells the recordings of a call apart; default: the url without its query, where signatures are. The file's path at
   * the switch finds the right call if the uuid was used again.
   */
  path?: string;
}

/**
 * For an uploader in this process: `call.recording.completed`, once per call and path however often it is reported.
 * False for a repeat and for an empty recording, which is no event. Throws as triggerEvent.
 */
export async function recordingCompleted(
  deps: TriggerDeps & { log: RecordingLog },
  recording: UploadedRecording,
): Promise<boolean> {
  const { callSid, recordingUrl } = recording;
  const key = recording.path ?? recordingUrl.split(/[?#]/, 1)[0]!;
  const isCount = (value: number | null) => value === null || (Number.isFinite(value) && value >= 0);
  if (!URL.canParse(recordingUrl)) throw new InvalidInputError('The recording url is no url.');
  if (key === '' || key.length > 2000) throw new InvalidInputError('The path must have 1 to 2000 characters.');
  if (!isCount(recording.durationSeconds) || !isCount(recording.sizeBytes))
    throw new InvalidInputError('Duration and size must be numbers from 0, or null.');
  const durationMs = recording.durationSeconds === null ? null : Math.round(recording.durationSeconds * 1000);
  if (isEmptyRecording({ durationMs, sizeBytes: recording.sizeBytes })) {
    deps.log.warn({ callSid }, 'recording.empty: no event');
    return false;
  }
  return recordWithEvents(deps, async (db, trigger) => {
    const tenantId = await resolveTenant(db, recording.tenantId);
    if (!tenantId) throw new NotFoundError(`There is no tenant ${recording.tenantId}.`);
    const call = await findCallOfRecording(db, { callSid, tenantId, path: key });
    return tellRecording(db, trigger, {
      ...(call ?? { callSid, idSuffix: '' }),
      tenantId,
      path: key,
      url: recordingUrl,
      durationMs,
      sizeBytes: recording.sizeBytes,
      format: recording.format ?? formatOf(new URL(recordingUrl).pathname),
      at: recording.createdAt ?? new Date(),
    });
  });
}

/** What of a logger is used here. */
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

/** False when it was completed before. Without a url it is recorded and nobody is told. */
async function tellRecording(db: Queryable, trigger: Trigger, recording: Recording): Promise<boolean> {
  const { callSid, tenantId, url, durationMs, sizeBytes, format, at } = recording;
  const isNew = await recordRecordingStop(db, { ...recording, completedAt: at });
  if (!isNew || url === null) return false;
  return trigger({
    tenantId,
    eventType: 'call.recording.completed',
    eventId: recordingEventId(callIdOf(recording), recording.path),
    occurredAt: at,
    payload: {
      call_sid: callSid,
      recording_url: url,
      duration_seconds: durationMs === null ? null : Math.round(durationMs / 1000),
      size_bytes: sizeBytes,
      format,
      created_at: at,
    },
  });
}

export async function beginRecording(db: Queryable, call: KnownCall, file: string, startedAt: Date): Promise<void> {
  await recordRecordingStart(db, {
    callSid: call.callSid,
    idSuffix: call.idSuffix,
    path: file,
    tenantId: call.tenantId,
    startedAt,
  });
}

/** The switch has closed the file. An empty one, and any without a template for urls, is recorded and told to nobody. */
export async function endRecording(
  db: Queryable,
  trigger: Trigger,
  call: KnownCall,
  file: { path: string; durationMs: number | null; sizeBytes: number | null; at: Date },
  urlTemplate: string | undefined,
): Promise<void> {
  const { callSid, idSuffix, tenantId } = call;
  const isTold = urlTemplate !== undefined && !isEmptyRecording(file);
  const url = isTold ? recordingUrl(urlTemplate, { callSid, path: file.path }) : null;
  await tellRecording(db, trigger, { ...file, callSid, idSuffix, tenantId, url, format: formatOf(file.path) });
}

/** The header of a WAV file: a file of that size holds no sound, whatever length is claimed for it. */
const headerBytes = 44;

export function isEmptyRecording(file: { durationMs: number | null; sizeBytes: number | null }): boolean {
  return file.durationMs === 0 || (file.sizeBytes !== null && file.sizeBytes <= headerBytes);
}

/** From the file's name, as RECORD_STOP names no format. */
export function formatOf(file: string): string {
  const extension = path.extname(file).slice(1).toLowerCase();
  return /^[a-z0-9]{1,10}$/.test(extension) ? extension : 'unknown';
}

/** The call and a digest of the path: a path may be longer than an event id, and shows the switch's folders. */
export function recordingEventId(callId: string, file: string): string {
  return `recording_${callId}_${createHash('sha256').update(file).digest('hex').slice(0, 16)}`;
}

/** Each part percent-encoded, what is no text as U+FFFD; `{path}` is the whole path without its first slash. */
export function recordingUrl(template: string, { callSid, path: file }: { callSid: string; path: string }): string {
  // encodeURIComponent throws at half a character.
  const encode = (part: string) => encodeURIComponent(part.replaceAll(/\p{Surrogate}/gu, '\ufffd'));
  const values: Record<string, string> = {
    path: file.replace(/^\/+/, '').split('/').map(encode).join('/'),
    file: encode(path.basename(file)),
    call_sid: encode(callSid),
  };
  return template.replace(/\{(path|file|call_sid)\}/g, (_, name: string) => values[name]!);
}

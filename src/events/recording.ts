import { createHash } from 'node:crypto';
import path from 'node:path/posix';

/** A recording that can be fetched, as the service that stored it reports it. */
export interface UploadedRecording {
  callSid: string;
  recordingUrl: string;
  /** Our id of the tenant, or the platform's own id (external id). */
  tenantId: string;
  /** Null: not known. Sent in whole seconds. */
  durationSeconds: number | null;
  /** Null: not known. */
  sizeBytes: number | null;
  /** Such as `wav`; default: the extension in the url. */
  format?: string;
  /** When the recording was stored; default now. */
  createdAt?: Date;
  /**
   * Tells the recordings of a call apart; default: the url without its query, which may hold a signature. Give the
   * file's path at the switch to find the right call if the uuid was used again.
   */
  path?: string;
}

/** The facts of a report, checked. */
export interface RecordingFacts {
  path: string;
  durationMs: number | null;
  format: string;
  at: Date;
}

/** Throws the error that `invalid` makes from a message that says what is wrong. */
export function recordingFacts(recording: UploadedRecording, invalid: (message: string) => Error): RecordingFacts {
  const { recordingUrl, durationSeconds, sizeBytes } = recording;
  const key = recording.path ?? recordingUrl.split(/[?#]/, 1)[0]!;
  const isCount = (value: number | null) => value === null || (Number.isFinite(value) && value >= 0);
  if (!URL.canParse(recordingUrl)) throw invalid('The recording url is no url.');
  if (key === '' || key.length > 2000) throw invalid('The path must have 1 to 2000 characters.');
  if (!isCount(durationSeconds) || !isCount(sizeBytes))
    throw invalid('Duration and size must be numbers from 0, or null.');
  return {
    path: key,
    durationMs: durationSeconds === null ? null : Math.round(durationSeconds * 1000),
    format: recording.format ?? formatOf(new URL(recordingUrl).pathname),
    at: recording.createdAt ?? new Date(),
  };
}

/** The size of a WAV file's header: a file of that size holds no sound, whatever duration is claimed for it. */
const headerBytes = 44;

export function isEmptyRecording(file: { durationMs: number | null; sizeBytes: number | null }): boolean {
  return file.durationMs === 0 || (file.sizeBytes !== null && file.sizeBytes <= headerBytes);
}

/** Taken from the file's name, since RECORD_STOP names no format. */
export function formatOf(file: string): string {
  const extension = path.extname(file).slice(1).toLowerCase();
  return /^[a-z0-9]{1,10}$/.test(extension) ? extension : 'unknown';
}

/**
 * The call and a digest of the path: the path itself may be longer than an event id, and shows the switch's folders.
 */
export function recordingEventId(callId: string, file: string): string {
  return `recording_${callId}_${createHash('sha256').update(file).digest('hex').slice(0, 16)}`;
}

/** The payload that receivers get; the duration is in whole seconds. */
export const recordingPayload = (recording: {
  callSid: string;
  url: string;
  durationMs: number | null;
  sizeBytes: number | null;
  format: string;
  at: Date;
}) => ({
  call_sid: recording.callSid,
  recording_url: recording.url,
  duration_seconds: recording.durationMs === null ? null : Math.round(recording.durationMs / 1000),
  size_bytes: recording.sizeBytes,
  format: recording.format,
  created_at: recording.at,
});

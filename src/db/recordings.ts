import type { CallKey } from './calls.js';
import type { Queryable } from './database.js';

export interface RecordingKey extends CallKey {
  /** Tells the recordings of a call apart: the file's path at the switch, or an uploader's own name for it. */
  path: string;
}

export interface CompletedRecording extends RecordingKey {
  tenantId: string;
  completedAt: Date;
  durationMs: number | null;
  sizeBytes: number | null;
  format: string;
  /** null: no event is sent, because nobody can fetch the recording. */
  url: string | null;
}

/** A recording that exists already stays as it is. */
export async function recordRecordingStart(
  db: Queryable,
  recording: RecordingKey & { tenantId: string; startedAt: Date },
): Promise<void> {
  await db.query(
    `insert into recordings (call_sid, id_suffix, path, tenant_id, started_at) values ($1, $2, $3, $4, $5)
     on conflict (call_sid, id_suffix, path_hash) do nothing`,
    [recording.callSid, recording.idSuffix, recording.path, recording.tenantId, recording.startedAt],
  );
}

/** False, and nothing changes, when that recording was completed before; unless it had no url until now. */
export async function recordRecordingStop(db: Queryable, recording: CompletedRecording): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into recordings as r
       (call_sid, id_suffix, path, tenant_id, completed_at, duration_ms, size_bytes, format, url)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (call_sid, id_suffix, path_hash) do update
        set completed_at = excluded.completed_at, duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes,
            format = excluded.format, url = excluded.url
      where r.completed_at is null or r.url is null and excluded.url is not null`,
    [
      recording.callSid,
      recording.idSuffix,
      recording.path,
      recording.tenantId,
      recording.completedAt,
      recording.durationMs,
      recording.sizeBytes,
      recording.format,
      recording.url,
    ],
  );
  return rowCount === 1;
}

/** How many recordings of the call have begun and not been completed. */
export async function countUnfinishedRecordings(db: Queryable, { callSid, idSuffix }: CallKey): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*) from recordings where call_sid = $1 and id_suffix = $2 and completed_at is null',
    [callSid, idSuffix],
  );
  return rows[0]?.count ?? 0;
}

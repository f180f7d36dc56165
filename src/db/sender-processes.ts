import type { Queryable } from './database.js';

// Who sends, and whether it still lives. Another process may send a delivery whose request has no record only when the
// process of that request lived on without recording it, or is gone (migrations/functions/is_abandoned.sql).

/** Proves that a process lived at that time and has recorded every outcome that it had by then. Made every two seconds. */
export async function beat(db: Queryable, processId: string, at: Date): Promise<void> {
  await db.query('select beat($1, $2)', [processId, at]);
}

/** The process ends and holds no outcome that is not recorded. */
export async function removeSenderProcess(db: Queryable, processId: string): Promise<void> {
  await db.query('delete from sender_processes where id = $1', [processId]);
}

/** Forgets processes that have been gone for a day: whoever waited for them has long stopped. */
export async function removeGoneProcesses(db: Queryable): Promise<void> {
  await db.query("delete from sender_processes where beat_at < now() - interval '1 day'");
}

import type { Queryable } from './database.js';

// The processes that send, and whether they are alive. While a request has no record, another process may send its
// delivery only if the request's process is alive without recording it, or is gone
// (migrations/functions/is_abandoned.sql).

/** Proves that a process was alive at `at` and has recorded every outcome it had by then. Made every two seconds. */
export async function beat(db: Queryable, processId: string, at: Date): Promise<void> {
  await db.query('select beat($1, $2)', [processId, at]);
}

/** For a process that shuts down and has recorded all its outcomes. */
export async function removeSenderProcess(db: Queryable, processId: string): Promise<void> {
  await db.query('delete from sender_processes where id = $1', [processId]);
}

/** Forgets processes that have been gone for a day: nothing waits for them any more. */
export async function removeGoneProcesses(db: Queryable): Promise<void> {
  await db.query("delete from sender_processes where beat_at < now() - interval '1 day'");
}

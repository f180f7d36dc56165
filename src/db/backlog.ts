import { oneRow, withDatabaseTimeout, type Database } from './database.js';

/** What waits, of all tenants together; a batch counts as its deliveries. Each number is counted up to a million. */
export interface Backlog {
  pending: number;
  /** Pending for over 30 s, and nobody has started them. */
  unstarted: number;
  /** With a token planned for later. */
  waitingForRateLimit: number;
  /** How long the oldest delivery or batch has been pending; 0: none is. */
  oldestPendingMs: number;
}

const countUpTo = 1_000_000;
/** How much longer Postgres has to say that its time is over; a server that hangs says nothing. */
const sayTimeoutMs = 500;

/**
 * Reads partial indexes only, and no more than it counts, so its cost does not grow with deliveries that have ended or
 * with webhooks. Rejects with DatabaseUnavailableError soon after `timeoutMs`.
 */
export const readBacklog = (db: Database, timeoutMs: number): Promise<Backlog> =>
  withDatabaseTimeout(countBacklog(db, timeoutMs), timeoutMs + sayTimeoutMs);

const countBacklog = (db: Database, timeoutMs: number): Promise<Backlog> =>
  db.transaction(async (tx) => {
    await tx.query(`set local statement_timeout = ${timeoutMs}`);
    const { rows } = await tx.query<{ pending: number; unstarted: number; waiting: number; oldest_ms: number }>(
      `select (select count(*) from (
                 select from webhook_deliveries where status = 'pending' and batch_size is null limit $1) p) as pending,
              (select count(*) from (
                 select from webhook_deliveries
                  where status = 'pending' and workflow_started_at is null and pending_since < now() - interval '30 s'
                  limit $1) u) as unstarted,
              (select count(*) from (select from webhook_deliveries where holds_token limit $1) h) as waiting,
              coalesce(1000 * extract(epoch from now() at time zone 'UTC' - (
                select min(pending_since at time zone 'UTC') from webhook_deliveries where status = 'pending')), 0)::bigint
                as oldest_ms`,
      [countUpTo],
    );
    const row = oneRow(rows);
    return {
      pending: row.pending,
      unstarted: row.unstarted,
      waitingForRateLimit: row.waiting,
      oldestPendingMs: row.oldest_ms,
    };
  });

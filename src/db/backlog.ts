import { oneRow, withDatabaseTimeout, type Database } from './database.js';

/** What waits, of all tenants together; a batch counts as its deliveries. Each number is counted up to a million. */
export interface Backlog {
  pending: number;
  /** Pending for over 30 s, and nobody has started them. */
  unstarted: number;
  /** Since when the oldest of those that were counted has been so; null: there is none. */
  oldestUnstartedAt: Date | null;
  /** With a token planned for later. */
  waitingForRateLimit: number;
  /** Since when the oldest delivery or batch has been pending; null: none is. */
  oldestPendingAt: Date | null;
  /** How long that is; 0: none is. */
  oldestPendingMs: number;
}

const aMillion = 1_000_000;
/** How much longer Postgres has to say that its time is over; a server that hangs says nothing. */
const sayTimeoutMs = 500;

/**
 * Reads partial indexes only, and no more than it counts, so its cost does not grow with deliveries that have ended or
 * with webhooks. Rejects with DatabaseUnavailableError soon after `timeoutMs`.
 */
export const readBacklog = (db: Database, timeoutMs: number, countUpTo = aMillion): Promise<Backlog> =>
  withDatabaseTimeout(countBacklog(db, timeoutMs, countUpTo), timeoutMs + sayTimeoutMs);

const countBacklog = (db: Database, timeoutMs: number, countUpTo: number): Promise<Backlog> =>
  db.transaction(async (tx) => {
    await tx.query(`set local statement_timeout = ${timeoutMs}`);
    const { rows } = await tx.query<{
      pending: number;
      unstarted: number;
      oldest_unstarted_at: Date | null;
      waiting: number;
      oldest_at: Date | null;
      oldest_ms: number;
    }>(
      `select (select count(*) from (
                 select from webhook_deliveries where status = 'pending' and batch_size is null limit $1) p) as pending,
              u.*,
              (select count(*) from (select from webhook_deliveries where holds_token limit $1) h) as waiting,
              oldest_at, coalesce(1000 * extract(epoch from now() - oldest_at), 0)::bigint as oldest_ms
         from (select count(*) as unstarted, min(pending_since) as oldest_unstarted_at from (
                 select pending_since from webhook_deliveries
                  where status = 'pending' and workflow_started_at is null and pending_since < now() - interval '30 s'
                  limit $1) u) u,
              (select min(pending_since at time zone 'UTC') at time zone 'UTC' as oldest_at
                 from webhook_deliveries where status = 'pending') o`,
      [countUpTo],
    );
    const row = oneRow(rows);
    return {
      pending: row.pending,
      unstarted: row.unstarted,
      oldestUnstartedAt: row.oldest_unstarted_at,
      waitingForRateLimit: row.waiting,
      oldestPendingAt: row.oldest_at,
      oldestPendingMs: row.oldest_ms,
    };
  });

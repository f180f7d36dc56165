import { readBacklog, type Backlog } from './backlog.js';
import { oneRow, type Database } from './database.js';
import { listUncollectedWebhooks } from './batches.js';

/** What Postgres knows of the service as a whole, of all tenants together. */
export interface PlatformState {
  backlog: Backlog;
  held: number;
  /** Wait for an earlier event of their ordering key. */
  waitingForTurn: number;
  /** Webhooks of which a batch should have left; up to a hundred are counted. */
  uncollectedWebhooks: number;
  /** Processes that send, last heard of first. */
  senders: { id: string; lastBeatAt: Date; isAlive: boolean }[];
  statisticsRolledUpUntil: Date;
}

/** So far everything is counted; more is "at least so many". */
export const platformCountsTo = 100_000;
const timeoutMs = 2_000;

/** Reads partial indexes, and no more than it counts. Rejects with DatabaseUnavailableError if that takes too long. */
export async function readPlatformState(db: Database): Promise<PlatformState> {
  const backlog = await readBacklog(db, timeoutMs, platformCountsTo);
  return db.transaction(async (tx) => {
    await tx.query(`set local statement_timeout = ${timeoutMs}`);
    const counts = await tx.query<{ held: number; waiting_for_turn: number; rolled_up_until: Date }>(
      `select (select count(*) from (select from webhook_deliveries where status = 'held' limit $1) h) as held,
              (select count(*) filter (where waits_for_turn) from (
                 select waits_for_turn from webhook_deliveries
                  where ordering_key is not null and finished_at is null limit $1) o) as waiting_for_turn,
              rolled_up_until
         from statistics_progress`,
      [platformCountsTo],
    );
    const senders = await tx.query<{ id: string; beat_at: Date; is_alive: boolean }>(
      `select id, beat_at, beat_at > now() - interval '15 s' as is_alive from sender_processes order by beat_at desc limit 100`,
    );
    const uncollected = await listUncollectedWebhooks(tx);
    const { held, waiting_for_turn: waitingForTurn, rolled_up_until: statisticsRolledUpUntil } = oneRow(counts.rows);
    return {
      backlog,
      held,
      waitingForTurn,
      uncollectedWebhooks: uncollected.length,
      senders: senders.rows.map((row) => ({ id: row.id, lastBeatAt: row.beat_at, isAlive: row.is_alive })),
      statisticsRolledUpUntil,
    };
  });
}

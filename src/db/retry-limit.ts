import { oneRow, type Queryable } from './database.js';

/** How often one delivery may be retried by hand in a minute. The first retry begins the minute. */
export const maxRetriesPerMinute = 10;

/**
 * Counts a retry by hand. Call it in the transaction that makes the retry, after the delivery's row is locked there.
 * Null: granted; otherwise the seconds until the next retry is allowed, and the transaction must be rolled back.
 * Counted in the delivery's own row, by Postgres' clock: exact across processes, and no row is added.
 */
export async function countRetry(db: Queryable, deliveryId: string): Promise<number | null> {
  const { rowCount } = await db.query(
    `update webhook_deliveries
        set retries_in_minute = case when retry_minute_began_at > clock_timestamp() - interval '1 min'
                                     then retries_in_minute + 1 else 1 end,
            retry_minute_began_at = case when retry_minute_began_at > clock_timestamp() - interval '1 min'
                                         then retry_minute_began_at else clock_timestamp() end
      where id = $1
        and not (retries_in_minute >= $2
                 and coalesce(retry_minute_began_at, '-infinity') > clock_timestamp() - interval '1 min')`,
    [deliveryId, maxRetriesPerMinute],
  );
  if (rowCount) return null;
  const { rows } = await db.query<{ seconds: number }>(
    `select greatest(1, ceil(extract(epoch from retry_minute_began_at + interval '1 min' - clock_timestamp())))::integer as seconds
       from webhook_deliveries where id = $1`,
    [deliveryId],
  );
  return oneRow(rows).seconds;
}

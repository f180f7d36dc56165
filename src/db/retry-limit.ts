import { oneRow, type Queryable } from './database.js';

/** Retries of one delivery that may be asked for in a minute, which the first of them begins. */
export const maxRetriesPerMinute = 10;

/**
 * Counts a retry asked for by hand, in the transaction that grants it and after the delivery's row is locked there.
 * Null: granted; else in how many seconds the next one is, and the transaction is to be rolled back. Counted in the
 * row itself, by Postgres' clock: however many processes are asked, and however often, no row is added.
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

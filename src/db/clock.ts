import { oneRow, type Queryable } from './database.js';

/** The time by Postgres' clock. A time that Postgres will compare is made from this, never from our own clock. */
export async function databaseTime(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>('select clock_timestamp() as now');
  return oneRow(rows).now;
}

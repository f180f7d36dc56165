import { oneRow, type Queryable } from './database.js';

/** What Postgres' clock says. A time that Postgres is going to compare is made of this, never of our own clock. */
export async function databaseTime(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>('select clock_timestamp() as now');
  return oneRow(rows).now;
}

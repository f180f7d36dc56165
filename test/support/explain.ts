import type { Queryable } from '../../src/db/database.js';

interface Plan {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  Plans?: Plan[];
}

/** The most rows that any step of the plan read, including those that it filtered out. */
const rowsRead = (plan: Plan): number =>
  Math.max(
    plan['Actual Loops'] * (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)),
    ...(plan.Plans ?? []).map(rowsRead),
  );

/** A database that also tells how many rows Postgres reads for a statement. Runs each twice, so for reading only. */
export function explain(db: Queryable): { db: Queryable; rowsRead: () => number } {
  let read = 0;
  return {
    db: {
      async query(statement, values) {
        const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
          `explain (analyze, format json) ${statement as string}`,
          values,
        );
        read = rowsRead(rows[0]!['QUERY PLAN'][0].Plan);
        return db.query(statement, values);
      },
    },
    rowsRead: () => read,
  };
}

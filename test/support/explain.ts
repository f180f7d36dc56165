import type { Queryable } from '../../src/db/database.js';

interface Plan {
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  /** These are of all its steps. */
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Plan[];
}

/** The most rows that any step of the plan read, including those that it filtered out. */
const rowsRead = (plan: Plan): number =>
  Math.max(
    plan['Actual Loops'] * (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)),
    ...(plan.Plans ?? []).map(rowsRead),
  );

/**
 * A database that also tells how many rows, and how many pages, Postgres reads for a statement. Runs each twice, so for
 * reading only.
 */
export function explain(db: Queryable): { db: Queryable; rowsRead: () => number; pagesRead: () => number } {
  let rowCount = 0;
  let pageCount = 0;
  return {
    db: {
      async query(statement, values) {
        const { rows } = await db.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
          `explain (analyze, buffers, format json) ${statement as string}`,
          values,
        );
        const plan = rows[0]!['QUERY PLAN'][0].Plan;
        rowCount = rowsRead(plan);
        pageCount = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
        return db.query(statement, values);
      },
    },
    rowsRead: () => rowCount,
    pagesRead: () => pageCount,
  };
}

import { oneRow, type Queryable } from './database.js';

/** Whether each of the filters, compiled, would let the event with this body pass when it is accepted. */
export async function passFilters(db: Queryable, body: string, filters: string[]): Promise<boolean[]> {
  const { rows } = await db.query<{ passed: boolean[] }>(
    `select array(select passes_filter(e.event, f.filter::jsonpath)
                    from unnest($2::text[]) with ordinality f (filter, n) order by f.n) as passed
       from (select filterable($1) as event offset 0) e`,
    [body, filters],
  );
  return oneRow(rows).passed;
}

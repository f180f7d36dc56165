/** Before all ids in a list that is ordered by them, and after all. */
export const lowestUuid = '00000000-0000-0000-0000-000000000000';
export const highestUuid = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Which rows of a list are read. Ids are UUIDs of version 7, which sort by time. */
export interface ListRange {
  /** Created at or after. */
  since?: Date | undefined;
  /** Created before. */
  until?: Date | undefined;
  /** The page starts after this one in the list's order; null: the first page. */
  beforeId: string | null;
}

/**
 * Condition and order of a list, newest first, that make it read one index as a range of its whole key. With plain
 * equalities the planner sometimes takes the primary key and walks past everything that does not match: tens of
 * milliseconds with a million rows. `key`: the index's columns before the id, each with the SQL expression that it
 * equals. `table`: the table's alias.
 */
export function keyRange(
  table: string,
  key: readonly (readonly [column: string, expression: string])[],
  { since, until, beforeId }: ListRange,
  parameter: (value: unknown) => string,
): { where: string; order: string } {
  // The time in the id is taken just before created_at.
  const idFloor = (moment: Date, leeway: string) =>
    `uuid_v7_floor(${parameter(moment)}::timestamptz ${leeway} interval '1 min')`;
  const columns = [...key.map(([column]) => column), 'id'].map((column) => `${table}.${column}`);
  const valuesTo = (id: string) => [...key.map(([, expression]) => expression), id].join(', ');
  const from = since ? idFloor(since, '-') : `'${lowestUuid}'`;
  const to = until ? idFloor(until, '+') : `'${highestUuid}'`;
  const conditions = [
    `(${columns.join(', ')}) >= (${valuesTo(from)})`,
    `(${columns.join(', ')}) < (${valuesTo(`least(${to}, ${parameter(beforeId ?? highestUuid)}::uuid)`)})`,
    ...(since ? [`${table}.created_at >= ${parameter(since)}`] : []),
    ...(until ? [`${table}.created_at < ${parameter(until)}`] : []),
  ];
  return { where: conditions.join(' and '), order: columns.map((column) => `${column} desc`).join(', ') };
}

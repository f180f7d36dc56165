/** A row of a statement that looks through a list and returns what it found, and the last row that it looked at. */
export interface SearchRow {
  /** False: it is only the last one that was looked at. */
  is_found: boolean;
  /** How many rows were looked at. */
  looked_at: number;
}

/**
 * A page of at most `limit` from one more rows than that. It may be shorter, since at most `maxRead` are looked at.
 * `readTo`: after which row the next page begins; null: there is none.
 */
export function searchPage<Row extends SearchRow>(
  rows: Row[],
  { limit, maxRead }: { limit: number; maxRead: number },
): { found: Row[]; readTo: Row | null } {
  if (rows.length > limit) return { found: rows.slice(0, limit), readTo: rows[limit - 1] ?? null };
  const last = rows.at(-1);
  return { found: rows.filter((row) => row.is_found), readTo: last?.looked_at === maxRead ? last : null };
}

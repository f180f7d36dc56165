export interface Row {
  id: string;
}

/** The rows that were shown, as they are now. Rows that have left the list stay as they were. */
export function steady<R extends Row>(shown: readonly R[], now: readonly R[]): { rows: readonly R[]; newRows: number } {
  const byId = new Map(now.map((row) => [row.id, row]));
  const ids = new Set(shown.map(({ id }) => id));
  return {
    rows: shown.map((row) => byId.get(row.id) ?? row),
    newRows: now.filter(({ id }) => !ids.has(id)).length,
  };
}

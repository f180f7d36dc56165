import { useState, type FocusEvent, type PointerEvent } from 'react';

interface Row {
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

/**
 * Rows that stand still under the reader's pointer or focus: no click hits the wrong one. New rows are counted
 * meanwhile, and shown when the reader has left.
 */
export function useSteadyRows<R extends Row>(rows: readonly R[], isLive: boolean) {
  const [held, setHeld] = useState<readonly R[] | null>(null);
  const hold = () => setHeld((earlier) => earlier ?? rows);
  const release = () => setHeld(null);
  return {
    ...(held === null || !isLive ? { rows, newRows: 0 } : steady(held, rows)),
    events: {
      // A finger rests nowhere.
      onPointerEnter: (event: PointerEvent) => event.pointerType === 'mouse' && hold(),
      onPointerLeave: release,
      onFocus: hold,
      onBlur: (event: FocusEvent) => !event.currentTarget.contains(event.relatedTarget) && release(),
    },
  };
}

import { useState, type FocusEvent, type PointerEvent } from 'react';
import { steady, type Row } from './steady-rows.js';

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

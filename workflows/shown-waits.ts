import { condition, setCurrentDetails } from '@temporalio/workflow';
import type { Waiting } from './contract/attempt-result.js';

/**
 * Waits of one workflow that end early once `isWoken` is true; resolve to whether it was. Operators see the reason beside
 * the timer, and in the current details together with what came of the delivery so far. Neither adds an event.
 */
export function shownWaits(isWoken: () => boolean): (wait: Waiting) => Promise<boolean> {
  let progress = '';
  return async ({ waitMs, reason, about = progress }) => {
    progress = about;
    setCurrentDetails(waitMs > 0 ? `${about}\n\nWaits: ${reason}` : about);
    const isOverEarly = waitMs > 0 && (await condition(isWoken, waitMs, { summary: reason }));
    setCurrentDetails(about);
    return isOverEarly;
  };
}

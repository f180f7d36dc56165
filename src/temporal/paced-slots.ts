import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { Pace } from './pace/pace.js';
import { Waiters } from './pace/waiters.js';

/**
 * Slots for activities that enter the pace: no further task is asked for while one that came waits for its turn. What
 * waits, waits in the server's queue, where tenants are in turn.
 */
export function pacedSlots(numSlots: number, pace: Pace): CustomSlotSupplier<ActivitySlotInfo> {
  let used = 0;
  const freed = new Waiters();
  return {
    type: 'custom',
    async reserveSlot(_context, signal) {
      await pace.nobodyWaits(signal);
      while (used >= numSlots) await freed.wait(signal);
      used++;
      return {};
    },
    // Only asked for activities that come with a workflow task, which none on a queue of its own does.
    tryReserveSlot: () => null,
    markSlotUsed: () => undefined,
    releaseSlot() {
      used--;
      freed.wake();
    },
  };
}

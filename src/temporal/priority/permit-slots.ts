import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { Permits } from './permits.js';
import { Waiters } from './waiters.js';

/**
 * Slots for activities that acquire permits: while one that came waits for its permit, no other is asked for. What waits,
 * waits in the server's queue, which serves tenants in turn.
 */
export function permitSlots(numSlots: number, permits: Permits): CustomSlotSupplier<ActivitySlotInfo> {
  let used = 0;
  const freed = new Waiters();
  return {
    type: 'custom',
    async reserveSlot(_context, signal) {
      await permits.noneAcquiring(signal);
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

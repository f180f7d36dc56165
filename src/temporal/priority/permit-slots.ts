import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { Permits } from './permits.js';
import { Waiters } from './waiters.js';

/**
 * Slots for activities that acquire permits. While one activity waits for its permit, no other is polled for. The rest
 * wait in the server's queue, which serves tenants in turn.
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
    // Called only for activities that come with a workflow task; activities on their own queue never do.
    tryReserveSlot: () => null,
    markSlotUsed: () => undefined,
    releaseSlot() {
      used--;
      freed.wake();
    },
  };
}

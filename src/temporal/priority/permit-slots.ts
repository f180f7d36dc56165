import { EventEmitter, once } from 'node:events';
import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { Permits } from './permits.js';

/**
 * Slots for activities that acquire permits. While one activity waits for its permit, no other is polled for. The rest
 * wait in the server's queue, which serves tenants in turn.
 */
export function permitSlots(numSlots: number, permits: Permits): CustomSlotSupplier<ActivitySlotInfo> {
  let used = 0;
  const slots = new EventEmitter<{ freed: [] }>().setMaxListeners(0);
  return {
    type: 'custom',
    async reserveSlot(_context, signal) {
      try {
        await permits.noneAcquiring(signal);
        while (used >= numSlots) await once(slots, 'freed', { signal });
      } catch (error) {
        // The SDK logs any other error than this one.
        signal.throwIfAborted();
        throw error;
      }
      used++;
      return {};
    },
    // Called only for activities that come with a workflow task; activities on their own queue never do.
    tryReserveSlot: () => null,
    markSlotUsed: () => undefined,
    releaseSlot() {
      used--;
      slots.emit('freed');
    },
  };
}

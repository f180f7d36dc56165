import type { ActivitySlotInfo, CustomSlotSupplier } from '@temporalio/worker';
import type { Pace } from '../pace/pace.js';

/**
 * Slots for activities that enter the pace: no further task is asked for while one that came waits for its turn. What
 * waits, waits in the server's queue, where tenants are in turn.
 */
export function pacedSlots(numSlots: number, pace: Pace): CustomSlotSupplier<ActivitySlotInfo> {
  let used = 0;
  const freed = new Set<() => void>();
  const oneFreed = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const go = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        freed.delete(go);
        reject(signal.reason as Error);
      };
      freed.add(go);
      signal.addEventListener('abort', stop, { once: true });
    });

  return {
    type: 'custom',
    async reserveSlot(_context, signal) {
      await pace.nobodyWaits(signal);
      while (used >= numSlots) await oneFreed(signal);
      used++;
      return {};
    },
    // Only asked for activities that come with a workflow task, which none on a queue of its own does.
    tryReserveSlot: () => null,
    markSlotUsed: () => undefined,
    releaseSlot() {
      used--;
      for (const go of freed) {
        freed.delete(go);
        go();
      }
    },
  };
}

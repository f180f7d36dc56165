import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import type { CustomSlotSupplier, ActivitySlotInfo, SlotReserveContext } from '@temporalio/worker';
import { permitSlots } from '../../../src/temporal/priority/permit-slots.js';
import { permitLimits, Permits } from '../../../src/temporal/priority/permits.js';

const work = { tenantId: 'tenant', webhookId: 1 };
const context = { slotType: 'activity', taskQueue: 'queue' } as SlotReserveContext;

function follow(slots: CustomSlotSupplier<ActivitySlotInfo>, signal = new AbortController().signal) {
  const state = { isGiven: false };
  const given = slots.reserveSlot(context, signal).then(() => (state.isGiven = true));
  return { state, given };
}

describe('permit slots', () => {
  it('are limited in number, and one becomes free as soon as one is released', async () => {
    const slots = permitSlots(2, new Permits());
    await Promise.all([follow(slots).given, follow(slots).given]);
    const third = follow(slots);
    await soon();
    assert.equal(third.state.isGiven, false);
    slots.releaseSlot({ permit: {} });
    await third.given;
  });

  it('are not given out while an activity waits for its permit', async () => {
    const permits = new Permits();
    const held = await Promise.all(Array.from({ length: permitLimits.bulkAlone }, () => permits.acquire(work)));
    const ninth = permits.acquire(work);
    const slot = follow(permitSlots(100, permits));
    await soon();
    assert.equal(slot.state.isGiven, false);
    held[0]!.release();
    await Promise.all([ninth, slot.given]);
  });

  it('are waited for only until the signal, then left to others', async () => {
    const slots = permitSlots(1, new Permits());
    await follow(slots).given;
    const stop = new AbortController();
    const aborted = follow(slots, stop.signal);
    const next = follow(slots);
    await soon();
    stop.abort(new Error('enough'));
    await assert.rejects(aborted.given, /enough/);
    slots.releaseSlot({ permit: {} });
    await next.given;
  });
});

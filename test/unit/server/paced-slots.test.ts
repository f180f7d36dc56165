import assert from 'node:assert/strict';
import { setImmediate as soon } from 'node:timers/promises';
import type { CustomSlotSupplier, ActivitySlotInfo, SlotReserveContext } from '@temporalio/worker';
import { Pace } from '../../../src/temporal/pace/pace.js';
import { pacedSlots } from '../../../src/temporal/paced-slots.js';

const context = { slotType: 'activity', taskQueue: 'queue' } as SlotReserveContext;

function follow(slots: CustomSlotSupplier<ActivitySlotInfo>, signal = new AbortController().signal) {
  const state = { isGiven: false };
  const given = slots.reserveSlot(context, signal).then(() => (state.isGiven = true));
  return { state, given };
}

describe('paced slots', () => {
  it('are so many, and one more as soon as one is released', async () => {
    const slots = pacedSlots(2, new Pace());
    await Promise.all([follow(slots).given, follow(slots).given]);
    const third = follow(slots);
    await soon();
    assert.equal(third.state.isGiven, false);
    slots.releaseSlot({ permit: {} });
    await third.given;
  });

  it('are given to nobody while an activity waits for its turn', async () => {
    const pace = new Pace();
    const turns = await Promise.all(Array.from({ length: 8 }, () => pace.enter(1)));
    const ninth = pace.enter(1);
    const slot = follow(pacedSlots(100, pace));
    await soon();
    assert.equal(slot.state.isGiven, false);
    turns[0]!.end();
    await Promise.all([ninth, slot.given]);
  });

  it('are waited for only until the signal, and then left to others', async () => {
    const slots = pacedSlots(1, new Pace());
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

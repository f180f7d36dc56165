import assert from 'node:assert/strict';
import { ConcurrencyLimit } from '../../../src/temporal/pace/concurrency-limit.js';

describe('concurrency limit', () => {
  /** A callee that works on so many at once, each for 10 ms, and lets the rest queue. */
  function callRepeatedly(limit: ConcurrencyLimit, { slots, calls = 2_000 }: { slots: number; calls?: number }): void {
    for (let i = 0; i < calls; i++) limit.record(Math.max(1, limit.value / slots) * 10, limit.value);
  }

  it('grows while more calls at once take no longer, up to the most', () => {
    const limit = new ConcurrencyLimit({ most: 40 });
    callRepeatedly(limit, { slots: 1_000 });
    assert.equal(limit.value, 40);
  });

  it('settles where the callee is busy and hardly any call queues', () => {
    for (const slots of [3, 10, 25]) {
      const limit = new ConcurrencyLimit();
      limit.record(10, 1);
      callRepeatedly(limit, { slots });
      assert.ok(limit.value >= slots && limit.value <= slots + 4, `${limit.value} for ${slots}`);
    }
  });

  it('does not grow when it is not used', () => {
    const limit = new ConcurrencyLimit();
    const before = limit.value;
    for (let i = 0; i < 1_000; i++) limit.record(10, 1);
    assert.equal(limit.value, before);
  });

  it('shrinks when calls only queue, and recovers', () => {
    const limit = new ConcurrencyLimit();
    limit.record(10, 1);
    for (let i = 0; i < 1_000; i++) limit.record(1_000, limit.value);
    assert.ok(limit.value <= 4, `${limit.value}`);
    callRepeatedly(limit, { slots: 20 });
    assert.ok(limit.value >= 20);
  });

  it('learns within minutes that calls have become longer', () => {
    let nowMs = 0;
    const limit = new ConcurrencyLimit({ now: () => nowMs });
    limit.record(5, 1);
    for (let i = 0; i < 100; i++) limit.record(50, limit.value);
    assert.ok(limit.value <= 4, `${limit.value}`);
    for (nowMs = 0; nowMs < 700_000; nowMs += 1_000) limit.record(50, limit.value);
    assert.ok(limit.value > 10, `${limit.value}`);
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { dueAlerts } from '../../../../src/sources/usage/alerts.js';
import { fromParts, monthOf, toParts } from '../../../../src/sources/usage/resources.js';

const due = (used: number, allowed: number | null, warnedFor: number | null = null, reachedFor: number | null = null) =>
  dueAlerts({ used, allowed, warnedFor, reachedFor });

describe('alerts of usage', () => {
  it('are due at 80 and at 100 percent, and both for a step past both, the warning first', () => {
    assert.deepEqual(due(79, 100), []);
    assert.deepEqual(due(80, 100), ['warning']);
    assert.deepEqual(due(99, 100, 100), []);
    assert.deepEqual(due(100, 100, 100), ['reached']);
    assert.deepEqual(due(250, 100), ['warning', 'reached']);
  });

  it('compare whole numbers, so that no rounding decides', () => {
    // 80 percent of 4 is 3.2
    assert.deepEqual(due(3, 4), []);
    assert.deepEqual(due(4, 4), ['warning', 'reached']);
    // 0.8 * 4503599627370 * 60000 and its neighbours are beyond what a double tells apart after multiplying by 0.8
    const allowed = 1_000_000_000 * 60_000;
    assert.deepEqual(due(allowed * 0.8 - 1, allowed), []);
    assert.deepEqual(due(allowed * 0.8, allowed), ['warning']);
  });

  it('are never due without a limit, nor without use', () => {
    assert.deepEqual(due(1_000_000, null), []);
    assert.deepEqual(due(0, 0), []);
    assert.deepEqual(due(0, 100), []);
  });

  it('are both due with the first use of what has a limit of 0', () => {
    assert.deepEqual(due(1, 0), ['warning', 'reached']);
    assert.deepEqual(due(2, 0, 0, 0), []);
  });

  it('come again for a limit higher than any they were sent for, and for no other', () => {
    assert.deepEqual(due(165, 200, 100, 100), ['warning']);
    assert.deepEqual(due(165, 100, 200, 100), [], 'lowered to what was told');
    assert.deepEqual(due(165, 50, 200, 100), [], 'lowered below it');
    assert.deepEqual(due(165, 150, 200, 100), ['reached'], 'warned for more, but not told that 150 is reached');
  });
});

describe('amounts of a resource', () => {
  it('are counted to the millisecond of a call, exactly', () =>
    fc.assert(
      fc.property(fc.nat(10_000_000_000), (milliseconds) => {
        assert.equal(toParts('call_minutes', milliseconds / 60_000), milliseconds);
      }),
    ));

  it('are shown cut to three decimals, never as more than was used', () => {
    assert.equal(fromParts('call_minutes', 99.9999 * 60_000), 99.999);
    assert.equal(fromParts('call_minutes', 90_000), 1.5);
    assert.equal(fromParts('call_minutes', 1_000), 0.016);
    assert.equal(fromParts('sms_segments', 12), 12);
  });

  it('keep a limit of three decimals as it was given', () =>
    fc.assert(
      fc.property(fc.nat(1_000_000_000), (thousandths) => {
        const limit = thousandths / 1000;
        assert.equal(fromParts('call_minutes', toParts('call_minutes', limit)), limit);
      }),
    ));

  it('are no amounts when negative, infinite or no number', () => {
    for (const amount of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])
      assert.throws(() => toParts('sms_segments', amount), RangeError, String(amount));
  });

  it('belong to a month in UTC, wherever the process runs', () => {
    assert.equal(monthOf(new Date('2025-10-31T23:59:59.999-01:00')), '2025-11');
    assert.equal(monthOf(new Date('2025-11-01T00:30:00+01:00')), '2025-10');
  });
});

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromParts, monthOf, toParts } from '../../../../src/sources/usage/resources.js';

describe('stored amounts of resources', () => {
  it('restore every millisecond of a call that came as a fraction of minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (durationMs) => {
        assert.equal(toParts('call_minutes', durationMs / 60_000), durationMs);
      }),
    );
    assert.equal(toParts('sms_segments', 3), 3);
  });

  it('show the amount they were made from, up to three decimals', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (thousandths) => {
        const minutes = thousandths / 1000;
        assert.equal(fromParts('call_minutes', toParts('call_minutes', minutes)), minutes);
      }),
    );
  });

  it('are truncated, not rounded, when shown', () => {
    assert.equal(fromParts('call_minutes', 100 * 60_000 - 1), 99.999);
    assert.equal(fromParts('call_minutes', 90_000), 1.5);
    assert.equal(fromParts('call_minutes', 20_000), 0.333);
    assert.equal(fromParts('sms_segments', 7), 7);
  });

  it('cannot be made from an invalid amount', () => {
    for (const amount of [-1, NaN, Infinity, 1e300]) assert.throws(() => toParts('call_minutes', amount), RangeError);
  });

  it('belong to a month in UTC', () => {
    assert.equal(monthOf(new Date('2026-01-31T23:59:59.999Z')), '2026-01');
    assert.equal(monthOf(new Date('2026-02-01T00:30:00.000+01:00')), '2026-01');
    assert.equal(monthOf(new Date('2026-02-01T00:00:00.000Z')), '2026-02');
  });
});

import assert from 'node:assert/strict';
import { reconnectDelayMs } from '../../../../src/sources/calls/reconnect-delay.js';

describe('reconnectDelayMs', () => {
  it('field case 50: doubles up to the maximum, and is never shorter than before, whatever the jitter', () => {
    for (const random of [() => 0, () => 0.999, Math.random]) {
      const delays = Array.from({ length: 6 }, (_, index) =>
        reconnectDelayMs(index + 1, 'unreachable', undefined, random),
      );
      for (const [index, delay] of delays.slice(0, 5).entries())
        assert.ok(index === 0 || delay >= delays[index - 1]!, String(delays));
      assert.ok(delays[0]! >= 125 && delays[0]! <= 250);
    }
    assert.ok(reconnectDelayMs(1_000, 'lost') <= 5_000);
    assert.ok(reconnectDelayMs(1_000, 'lost') >= 2_500);
  });

  it('has jitter of half its length, so that many listeners do not reconnect at the same time', () => {
    const delays = new Set(Array.from({ length: 50 }, () => reconnectDelayMs(5, 'lost')));
    assert.ok(delays.size > 20);
  });

  it('field case 50: is at least some seconds after a wrong password', () => {
    assert.ok(reconnectDelayMs(1, 'rejected', undefined, () => 0) >= 5_000);
    assert.ok(reconnectDelayMs(50, 'rejected', undefined, () => 1) <= 60_000);
  });
});

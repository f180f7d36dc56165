import assert from 'node:assert/strict';
import { dueAlerts } from '../../../../src/sources/usage/alerts.js';

const due = (used: number, allowed: number | null, warnedFor: number | null = null, reachedFor: number | null = null) =>
  dueAlerts({ used, allowed, warnedFor, reachedFor });

describe('alerts of usage', () => {
  it('are due at 80 and 100 percent, and both when one step passes both, the warning first', () => {
    assert.deepEqual(due(79, 100), []);
    assert.deepEqual(due(80, 100), ['warning']);
    assert.deepEqual(due(99, 100, 100), []);
    assert.deepEqual(due(100, 100, 100), ['reached']);
    assert.deepEqual(due(250, 100), ['warning', 'reached']);
  });

  it('compare whole numbers, so that no rounding decides', () => {
    // 80 percent of 4 is 3.2.
    assert.deepEqual(due(3, 4), []);
    assert.deepEqual(due(4, 4), ['warning', 'reached']);
    // The highest limit, in milliseconds.
    const allowed = 1_000_000_000 * 60_000;
    assert.deepEqual(due(allowed * 0.8 - 1, allowed), []);
    assert.deepEqual(due(allowed * 0.8, allowed), ['warning']);
  });

  it('are never due without a limit or without usage', () => {
    assert.deepEqual(due(1_000_000, null), []);
    assert.deepEqual(due(0, 0), []);
    assert.deepEqual(due(0, 100), []);
  });

  it('are both due with the first usage at a limit of 0', () => {
    assert.deepEqual(due(1, 0), ['warning', 'reached']);
    assert.deepEqual(due(2, 0, 0, 0), []);
  });

  it('come again only for a limit higher than any they were sent for', () => {
    assert.deepEqual(due(165, 200, 100, 100), ['warning']);
    assert.deepEqual(due(165, 100, 200, 100), [], 'lowered to a limit that has had its events');
    assert.deepEqual(due(165, 50, 200, 100), [], 'lowered below it');
    assert.deepEqual(
      due(165, 150, 200, 100),
      ['reached'],
      'warned at a higher limit, but without an event for reaching 150',
    );
  });
});

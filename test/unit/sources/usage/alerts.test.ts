import assert from 'node:assert/strict';
import { dueAlerts } from '../../../../src/sources/usage/alerts.js';

describe('due alerts', () => {
  const due = (used: number, allowed: number | null, warnedFor: number | null = null, reachedFor = warnedFor) =>
    dueAlerts({ used, allowed, warnedFor, reachedFor });

  it('are none below 80 percent, a warning from there, and the reached limit from 100', () => {
    assert.deepEqual(due(79, 100), []);
    assert.deepEqual(due(80, 100), ['warning']);
    assert.deepEqual(due(99, 100, 100, null), []);
    assert.deepEqual(due(100, 100, 100, null), ['reached']);
    assert.deepEqual(due(500, 100, 100, 100), []);
  });

  it('are both for a step past both', () => {
    assert.deepEqual(due(100, 100), ['warning', 'reached']);
    assert.deepEqual(due(1, 1), ['warning', 'reached']);
  });

  it('are none without a limit, and none for a limit of 0 of which nothing was used', () => {
    assert.deepEqual(due(10 ** 12, null), []);
    assert.deepEqual(due(0, 0), []);
    assert.deepEqual(due(0, 100), []);
    assert.deepEqual(due(1, 0), ['warning', 'reached']);
    assert.deepEqual(due(2, 0, 0, 0), []);
  });

  it('are armed again by a higher limit only', () => {
    assert.deepEqual(due(100, 101, 100, 100), ['warning']);
    assert.deepEqual(due(101, 101, 100, 100), ['warning', 'reached']);
    assert.deepEqual(due(100, 99, 100, 100), []);
    assert.deepEqual(due(100, 100, 100, 100), []);
  });

  it('for a lower limit are only those that were never sent for it or a higher one', () => {
    assert.deepEqual(due(85, 50, 100, null), ['reached']);
    // Back again: nothing that was not known.
    assert.deepEqual(due(85, 100, 100, 50), []);
    assert.deepEqual(due(100, 100, 100, 50), ['reached']);
  });

  it('are exact where a share of the limit is no whole number', () => {
    assert.deepEqual(due(2, 3), []);
    assert.deepEqual(due(2399, 2999), []);
    assert.deepEqual(due(2400, 2999), ['warning']);
  });
});

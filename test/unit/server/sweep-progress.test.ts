import assert from 'node:assert/strict';
import type { ScheduleDescription } from '@temporalio/client';
import { SweepProgress } from '../../../src/temporal/sweep-progress.js';

describe('the progress of sweeps', () => {
  let nowMs: number;
  let progress: SweepProgress;
  beforeEach(() => {
    nowMs = 1;
    progress = new SweepProgress(() => nowMs);
  });

  const check = (taken: number, { running, paused = false }: { running?: string; paused?: boolean } = {}) =>
    progress.problem({
      scheduleId: 'queue-sweep',
      state: { paused },
      info: {
        numActionsTaken: taken,
        recentActions: [6, 7].map((minute) => ({ takenAt: new Date(Date.UTC(2025, 0, 1, 0, minute)) })),
        runningActions: running ? [{ workflow: { workflowId: 'queue-sweep-1', firstExecutionRunId: running } }] : [],
      },
    } as unknown as ScheduleDescription);

  it('says when the last one began, and whether it runs or is paused', () => {
    assert.equal(progress.state, null);
    check(7, { running: 'a' });
    const lastRunAt = new Date('2025-01-01T00:07:00Z');
    assert.deepEqual(progress.state, { lastRunAt, isRunning: true, isPaused: false });
    check(7, { paused: true });
    assert.deepEqual(progress.state, { lastRunAt, isRunning: false, isPaused: true });
    progress.problem(undefined);
    assert.equal(progress.state, null, 'it is not known');
  });

  it('has no problem as long as sweeps run', () => {
    for (let taken = 1; taken < 20; taken++) {
      assert.equal(check(taken), undefined);
      nowMs += 30_000;
    }
  });

  it('reports when none has run for two minutes', () => {
    check(7);
    nowMs += 110_000;
    assert.equal(check(7), undefined);
    nowMs += 20_000;
    assert.match(check(7)!.what, /has not run for 2 minutes/);
    assert.equal(check(8), undefined);
  });

  it('allows three minutes for a sweep, and reports one that does not end', () => {
    check(7, { running: 'a' });
    nowMs += 200_000;
    assert.equal(check(7, { running: 'a' }), undefined);
    nowMs += 50_000;
    const { what, remedy } = check(7, { running: 'a' })!;
    assert.match(what, /running for 4 minutes/);
    assert.match(remedy, /--workflow-id queue-sweep-1/);
    assert.equal(check(8, { running: 'b' }), undefined);
  });

  it('starts over after a pause, or a time without checks', () => {
    check(7);
    nowMs += 300_000;
    assert.equal(check(7, { paused: true }), undefined);
    assert.equal(check(7), undefined);
    progress.problem(undefined);
    nowMs += 300_000;
    assert.equal(check(7), undefined);
  });
});

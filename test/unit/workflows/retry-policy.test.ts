import assert from 'node:assert/strict';
import fc from 'fast-check';
import { namedSchedules, retryDelayMs, retryPolicy } from '../../../workflows/contract/retry-policy.js';

/** The delay that the server would use before its retry number `retry`, as Temporal computes it. */
function policyDelayMs(policy: ReturnType<typeof retryPolicy>, retry: number): number {
  const { initialInterval, backoffCoefficient, maximumInterval } = policy;
  return Math.min(Number(initialInterval) * backoffCoefficient! ** (retry - 1), Number(maximumInterval));
}

const schedules = fc.array(fc.integer({ min: 1, max: 86_400 }), { minLength: 1, maxLength: 20 });

describe('the retry policy', () => {
  it("is the guide's by default: 1, 2, 4, 8 and 16 s, then every 16 s", () => {
    assert.deepEqual(retryPolicy(0, 6), {
      initialInterval: 1_000,
      backoffCoefficient: 2,
      maximumInterval: 16_000,
      maximumAttempts: 6,
    });
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 20].map((used) => retryDelayMs(used)),
      [1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000],
    );
  });

  it('declares what is left of the schedule, wherever it goes on', () => {
    for (let used = 0; used <= 20; used++)
      for (let retry = 1; retry <= 20; retry++)
        assert.equal(policyDelayMs(retryPolicy(used, 9), retry), retryDelayMs(used + retry), `${used} + ${retry}`);
  });

  it('is declared exactly where the delays are a geometric series up to a maximum', () => {
    for (const schedule of [[5], [3, 3, 3], [1, 3, 9, 27], [10, 40, 100], [2, 4, 8, 8, 8]])
      for (let retry = 1; retry <= 9; retry++)
        assert.equal(
          policyDelayMs(retryPolicy(0, 9, schedule), retry),
          retryDelayMs(retry, schedule),
          String(schedule),
        );
  });

  it('repeats the first delay where they are not: the activity gives each of them', () => {
    for (const schedule of [namedSchedules.patient, [10, 5], [600, 60, 6], [1, 2, 3, 9], [1, 1, 5]])
      assert.deepEqual(
        retryPolicy(0, 4, schedule),
        {
          initialInterval: 1_000 * schedule[0],
          backoffCoefficient: 1,
          maximumInterval: 1_000 * Math.max(...schedule),
          maximumAttempts: 4,
        },
        String(schedule),
      );
  });

  it('is one that Temporal accepts, for any schedule and however much of it is used', () =>
    fc.assert(
      fc.property(schedules, fc.nat(25), fc.integer({ min: 1, max: 24 }), (schedule, used, left) => {
        const policy = retryPolicy(used, left, schedule);
        assert.ok(policy.backoffCoefficient! >= 1, 'a coefficient below 1 is refused');
        assert.ok(Number(policy.initialInterval) > 0);
        assert.ok(Number(policy.maximumInterval) >= Number(policy.initialInterval));
        assert.equal(policy.maximumAttempts, left);
      }),
    ));

  it('goes on with the last delay of a schedule beyond its end', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((used) => retryDelayMs(used, [7, 70])),
      [7_000, 70_000, 70_000, 70_000],
    );
  });

  it('is patient for over two days', () => {
    const seconds = namedSchedules.patient.reduce<number>((sum, delay) => sum + delay, 0);
    assert.ok(seconds > 2 * 86_400, `${seconds} s`);
  });
});

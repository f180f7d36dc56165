import assert from 'node:assert/strict';
import fc from 'fast-check';
import { namedSchedules } from '../../../workflows/contract/retry-policy.js';
import { openAttempts, type Attempts } from './attempt-fixture.js';

describe("a webhook's own retry schedule", function () {
  this.timeout(120_000);
  let attempts: Attempts;
  before(async () => void (attempts = await openAttempts()));
  after(() => attempts.close());

  const scheduleOf = async (settings: { retrySchedule: number[] | null; maxRetries: number }) => {
    const webhookId = await attempts.newWebhook(settings);
    return { webhookId, id: await attempts.trigger(webhookId) };
  };

  /** Sends until it has ended; the wait before each retry, in seconds. */
  async function failAll(id: string): Promise<number[]> {
    const waits: number[] = [];
    for (;;) {
      const { status, waitMs } = await attempts.attempt(id, 500);
      if (status !== 'pending') return waits;
      waits.push(waitMs / 1000);
      await attempts.pass(waitMs / 1000, id);
    }
  }

  const assertWaits = (waits: number[], expected: readonly number[]) => {
    assert.equal(waits.length, expected.length);
    waits.forEach((wait, i) => {
      const most = expected[i]! > 16 ? expected[i]! * 1.1 : expected[i]!;
      assert.ok(
        wait >= expected[i]! - 0.5 && wait <= most + 0.001,
        `retry ${i + 1} after ${wait} s, not ${expected[i]}`,
      );
    });
  };

  it('gives each retry its delay, and the last one to those beyond its end', async () => {
    const { id } = await scheduleOf({ retrySchedule: [3, 40, 2], maxRetries: 5 });
    assertWaits(await failAll(id), [3, 40, 2, 2, 2]);
    assert.deepEqual([(await attempts.read(id)).status, (await attempts.read(id)).attempt_count], ['failed', 6]);
  });

  it("is the guide's unless it is set; the patient one goes on for days", async () => {
    assertWaits(await failAll((await scheduleOf({ retrySchedule: null, maxRetries: 7 })).id), [1, 2, 4, 8, 16, 16, 16]);
    const { patient } = namedSchedules;
    const { id } = await scheduleOf({ retrySchedule: [...patient], maxRetries: patient.length });
    assertWaits(await failAll(id), patient);
  });

  it('holds from the next failure on when it is changed while a delivery waits', async () => {
    const { id, webhookId } = await scheduleOf({ retrySchedule: [10, 20, 30], maxRetries: 3 });
    assertWaits([(await attempts.attempt(id, 500)).waitMs / 1000], [10]);
    await attempts.change(webhookId, { retrySchedule: [7, 8, 9] });
    assert.equal((await attempts.take(id)).answer, 'wait', 'this wait stays as it was planned');
    await attempts.pass(10, id);
    assertWaits([(await attempts.attempt(id, 500)).waitMs / 1000], [8]);
  });

  it('field case 67: is never ahead of time, whatever its worker does: until a delivery is due, no request may be sent', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 86_400 }), { minLength: 1, maxLength: 4 }),
        fc.array(
          fc.oneof(
            fc.constantFrom('plan' as const, 'fail' as const, 'lose' as const, 'wait until due' as const),
            fc.integer({ min: 1, max: 5_000 }),
          ),
          { minLength: 5, maxLength: 25 },
        ),
        async (retrySchedule, steps) => {
          const { id } = await scheduleOf({ retrySchedule, maxRetries: retrySchedule.length });
          let recorded = 0;
          for (const step of steps) {
            const { status, due_at: dueAt } = await attempts.read(id);
            if (status !== 'pending') break;
            const isEarly = dueAt.getTime() > Date.now() + 100;
            if (step === 'plan') {
              const { waitMs } = await attempts.plan(id);
              assert.ok(!isEarly || waitMs > 0, 'planned ahead of time');
            } else if (typeof step === 'number') await attempts.pass(step, id);
            else if (step === 'wait until due')
              await attempts.pass(Math.max(0, dueAt.getTime() - Date.now()) / 1000, id);
            else {
              const taken = await attempts.take(id);
              assert.ok(!isEarly || taken.answer === 'wait', `answered ${taken.answer} ahead of time`);
              if (taken.answer !== 'send') continue;
              if (step === 'lose') {
                // Its worker is gone, and nobody can record the request any more.
                await attempts.pass(60, id);
                continue;
              }
              const { waitMs, status } = await attempts.record(id, taken.attempt, 500);
              recorded++;
              assert.equal(taken.attempt.number, recorded, 'only recorded requests count');
              if (status === 'pending') assert.ok(waitMs >= retrySchedule[recorded - 1]! * 1000 - 500, `${waitMs} ms`);
            }
          }
          assert.equal((await attempts.read(id)).attempt_count, recorded);
        },
      ),
      { numRuns: 40 },
    ));

  it('ends at once when a lower max_retries has used it up, and goes on when that is raised', async () => {
    const { id, webhookId } = await scheduleOf({ retrySchedule: [60, 600, 6000], maxRetries: 3 });
    await attempts.attempt(id, 500);
    await attempts.pass(70, id);
    await attempts.attempt(id, 500);
    await attempts.change(webhookId, { maxRetries: 1 });
    await attempts.settle(webhookId);
    assert.equal((await attempts.read(id)).status, 'failed');
    const second = await attempts.trigger(webhookId);
    await attempts.attempt(second, 500);
    await attempts.change(webhookId, { maxRetries: 5 });
    await attempts.settle(webhookId);
    await attempts.pass(70, second);
    assertWaits(await failAll(second), [600, 6000, 6000, 6000]);
  });
});

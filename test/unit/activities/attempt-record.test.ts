import assert from 'node:assert/strict';
import { attemptRecord } from '../../../activities/deliveries/attempt-record.js';
import type { AttemptRecord, TakenAttempt } from '../../../src/db/attempts.js';
import type { AttemptOutcome, ErrorClass } from '../../../src/delivery/outcome.js';

const recordOf = (outcome: AttemptOutcome, taken: Partial<TakenAttempt> = {}): AttemptRecord =>
  attemptRecord({
    deliveryId: 'd',
    attempt: {
      requestId: 'r',
      takenAt: new Date(0),
      number: 3,
      attemptsUsed: 2,
      token: 7,
      target: 'primary',
      retrySchedule: null,
      ...taken,
    } as TakenAttempt,
    requestHeaders: {},
    finished: { startedAt: new Date(0), durationMs: 5, outcome },
    waitedMs: 1,
    elapsedMs: 6,
    maxRetryAfterMs: 3_600_000,
  });

const unreachable = (
  errorClass: Exclude<ErrorClass, 'http_status' | 'transform'>,
  onReusedConnection = false,
): AttemptOutcome => ({
  kind: 'unreachable',
  errorClass,
  message: 'why',
  onReusedConnection,
});

const answer = (statusCode: number, retryAfterMs?: number): AttemptOutcome => ({
  kind: 'rejected',
  response: { statusCode, headers: {}, body: '', truncated: false },
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});

describe('the record of an attempt', () => {
  it('requests another attempt when a reused connection broke, which counts as a failed attempt itself', () => {
    const record = recordOf(unreachable('connection', true));
    assert.deepEqual(
      [record.verdict, record.number, record.token, record.error],
      ['again', 3, 7, { class: 'connection', message: 'why' }],
    );
    assert.equal(record.retryWaitMs, 4000, 'for when there were too many of these already');
  });

  it('requests a retry on schedule after any other failure, and none after a blocked address', () => {
    const verdicts = (['connection', 'timeout', 'dns', 'tls', 'invalid_response', 'blocked_address'] as const).map(
      (errorClass) => {
        const { verdict, retryWaitMs } = recordOf(unreachable(errorClass));
        return [errorClass, verdict, retryWaitMs];
      },
    );
    assert.deepEqual(verdicts, [
      ['connection', 'retry', 4000],
      ['timeout', 'retry', 4000],
      ['dns', 'retry', 4000],
      ['tls', 'retry', 4000],
      ['invalid_response', 'retry', 4000],
      ['blocked_address', 'final', 4000],
    ]);
  });

  it('stretches delays over 16 s by up to 10 %, so that retries after an outage spread, and no other', () => {
    const waits = (retrySchedule: number[] | null, attemptsUsed: number) =>
      Array.from({ length: 200 }, () => recordOf(answer(500), { retrySchedule, attemptsUsed }).retryWaitMs);
    for (const attemptsUsed of [0, 1, 2, 3, 4, 5, 19]) {
      const guide = 1_000 * Math.min(2 ** attemptsUsed, 16);
      assert.deepEqual([...new Set(waits(null, attemptsUsed))], [guide]);
    }
    assert.deepEqual([...new Set(waits([16], 0))], [16_000]);
    const spread = waits([17, 600], 1);
    assert.ok(Math.min(...spread) >= 600_000 && Math.max(...spread) <= 660_000, String(spread));
    assert.ok(Math.max(...spread) - Math.min(...spread) > 30_000, 'they spread');
    assert.ok(Math.max(...waits([17], 0)) > 17_000);
  });

  it("takes the schedule's delay of the attempts used, and its last one beyond its end", () => {
    const wait = (attemptsUsed: number) =>
      recordOf(answer(500), { retrySchedule: [3, 11, 7], attemptsUsed }).retryWaitMs;
    assert.deepEqual([0, 1, 2, 3, 19].map(wait), [3_000, 11_000, 7_000, 7_000, 7_000]);
  });

  it('waits for Retry-After where that is longer, also at a fallback url', () => {
    assert.equal(recordOf(answer(503, 9_000), { retrySchedule: [5], attemptsUsed: 0 }).retryWaitMs, 9_000);
    assert.equal(recordOf(answer(503, 1_000), { retrySchedule: [5], attemptsUsed: 0 }).retryWaitMs, 5_000);
    assert.equal(recordOf(answer(503, 9_000), { target: 'fallback', attemptsUsed: 0 }).retryWaitMs, 9_000);
  });

  it("has delays of 1 and 2 s at a fallback url, whatever the webhook's schedule", () => {
    for (const retrySchedule of [null, [600, 900]])
      assert.deepEqual(
        [0, 1].map(
          (attemptsUsed) => recordOf(answer(500), { target: 'fallback', retrySchedule, attemptsUsed }).retryWaitMs,
        ),
        [1_000, 2_000],
      );
  });

  it('disables the webhook by a 410 of its url; one of the fallback url only ends the delivery', () => {
    const primary = recordOf(answer(410));
    assert.deepEqual([primary.verdict, primary.target], ['gone', 'primary']);
    assert.match(primary.disabledReason!, /^The receiver answered 410 Gone to delivery d\./);
    const fallback = recordOf(answer(410), { target: 'fallback' });
    assert.deepEqual([fallback.verdict, fallback.target, fallback.disabledReason], ['final', 'fallback', null]);
  });
});

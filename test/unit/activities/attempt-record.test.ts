import assert from 'node:assert/strict';
import { attemptRecord } from '../../../activities/deliveries/attempt-record.js';
import type { AttemptRecord, TakenAttempt } from '../../../src/db/attempts.js';
import type { AttemptOutcome, ErrorClass } from '../../../src/delivery/outcome.js';

const recordOf = (outcome: AttemptOutcome): AttemptRecord =>
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
});

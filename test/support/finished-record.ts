import type { AttemptRecord, AttemptVerdict, TakenAttempt } from '../../src/db/attempts.js';

/** The record of a request that ended so. */
export const finishedRecord = (deliveryId: string, attempt: TakenAttempt, verdict: AttemptVerdict): AttemptRecord => ({
  ...attempt,
  deliveryId,
  startedAt: new Date().toISOString(),
  durationMs: 3,
  statusCode: verdict === 'delivered' ? 200 : 500,
  requestHeaders: {},
  responseHeaders: {},
  responseBody: '',
  responseTruncated: false,
  error: verdict === 'delivered' ? null : { class: 'http_status', message: 'HTTP 500' },
  verdict,
  retryWaitMs: 1000,
  disabledReason: verdict === 'gone' ? '410' : null,
  elapsedMs: 4,
});

import type {
  AttemptRecord,
  AttemptTarget,
  AttemptVerdict,
  RecordedAttempt,
  TakenAttempt,
} from '../../src/db/attempts.js';
import type { AttemptOutcome, ErrorClass, FinishedAttempt } from '../../src/delivery/outcome.js';
import type { AttemptResult } from '../../workflows/contract/attempt-result.js';
import { retryDelayMs } from '../../workflows/contract/retry-policy.js';
import { endOf, progressOf, shortAnswer } from './delivery-end.js';
import type { SentRecord } from './record-attempt.js';

/** What is recorded of a finished request, and what it means for the delivery. */
export function attemptRecord(input: {
  deliveryId: string;
  attempt: TakenAttempt;
  /** Masked. */
  requestHeaders: Record<string, string>;
  finished: FinishedAttempt;
  /** From getting the token to the request. */
  waitedMs: number;
  elapsedMs: number;
  maxRetryAfterMs: number;
}): SentRecord {
  const { attempt, finished } = input;
  const { outcome } = finished;
  const response = outcome.kind === 'unreachable' ? null : outcome.response;
  const verdict = verdictOf(outcome, attempt.target);
  return {
    tenantId: attempt.tenantId,
    webhookId: attempt.webhookId,
    eventRowId: attempt.eventRowId,
    deliveryId: input.deliveryId,
    requestId: attempt.requestId,
    number: attempt.number,
    targetVersion: attempt.targetVersion,
    // By Postgres' clock, like every other time in the log.
    startedAt: new Date(attempt.takenAt.getTime() + input.waitedMs).toISOString(),
    durationMs: Math.round(finished.durationMs),
    statusCode: response?.statusCode ?? null,
    requestHeaders: input.requestHeaders,
    responseHeaders: response?.headers ?? null,
    responseBody: response?.body ?? null,
    responseTruncated: response?.truncated ?? false,
    error: errorOf(outcome),
    verdict,
    retryWaitMs: retryWaitMs(outcome, attempt, input.maxRetryAfterMs),
    disabledReason:
      verdict === 'gone'
        ? `The receiver answered 410 Gone to delivery ${input.deliveryId}. Enable the webhook once it is back.`
        : null,
    token: attempt.token,
    elapsedMs: input.elapsedMs,
    target: attempt.target,
  };
}

/**
 * What a recorded attempt means for its workflow. `recorded` null: the delivery is gone (retention). `url`: where it
 * was sent, if that is known.
 */
export function attemptResult(record: AttemptRecord, recorded: RecordedAttempt | null, url?: string): AttemptResult {
  if (!recorded) return { kind: 'ended', ...endOf({ status: 'expired', attempts: record.number, deliveries: 1 }) };
  const { status, number, waitMs, deliveries } = recorded;
  const failure = shortAnswer(record.error?.class ?? null, record.statusCode);
  if (status !== 'pending')
    return {
      kind: 'ended',
      ...endOf({ status, attempts: number, deliveries, lastFailure: status === 'failed' ? failure : undefined }),
    };
  const about = url === undefined ? {} : { about: progressOf(url, number, failure) };
  return { kind: 'failed', waitMs, reason: `backoff after ${failure}`, attempt: number, failure, ...about };
}

function verdictOf(outcome: AttemptOutcome, target: AttemptTarget): AttemptVerdict {
  switch (outcome.kind) {
    case 'accepted':
      return 'delivered';
    case 'rejected':
      if (outcome.response.statusCode !== 410) return 'retry';
      // A fallback that is gone says nothing of the webhook's url.
      return target === 'primary' ? 'gone' : 'final';
    case 'unreachable':
      if (outcome.onReusedConnection) return 'again';
      // An address that is not allowed now will not be allowed in 16 s.
      return outcome.errorClass === 'blocked_address' ? 'final' : 'retry';
  }
}

/** Null for a 2xx. */
export function errorOf(outcome: AttemptOutcome): { class: ErrorClass; message: string } | null {
  switch (outcome.kind) {
    case 'accepted':
      return null;
    case 'rejected':
      return {
        class: 'http_status',
        message: `The receiver answered ${outcome.response.statusCode}; only 2xx is success.`,
      };
    case 'unreachable':
      return { class: outcome.errorClass, message: outcome.message };
  }
}

/** Before the second and the third attempt at a fallback url, in seconds; the first one goes at once. */
const fallbackSchedule = [1, 2];
/** Longer delays of a tenant's own schedule get up to 10 % more, so that retries after an outage spread. */
const longestExactMs = 16_000;

/** The schedule's delay after this attempt, stretched by Retry-After up to the cap, never shortened by it. */
function retryWaitMs(
  outcome: AttemptOutcome,
  { attemptsUsed, retrySchedule, target }: TakenAttempt,
  maxRetryAfterMs: number,
): number {
  const requestedMs = outcome.kind === 'rejected' ? Math.min(outcome.retryAfterMs ?? 0, maxRetryAfterMs) : 0;
  const delayMs = retryDelayMs(attemptsUsed + 1, target === 'fallback' ? fallbackSchedule : retrySchedule);
  const spreadMs = delayMs > longestExactMs ? Math.round(delayMs * 0.1 * Math.random()) : 0;
  return Math.max(delayMs + spreadMs, requestedMs);
}

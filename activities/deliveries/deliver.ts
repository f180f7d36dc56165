import { Context } from '@temporalio/activity';
import type { TakenAttempt } from '../../src/db/attempts.js';
import type { OpenRequests } from '../../src/delivery/open-requests.js';
import type { Permits } from '../../src/temporal/priority/permits.js';
import type { AttemptResult } from '../../workflows/contract/attempt-result.js';
import { failureType, benignFailure } from '../../workflows/contract/failures.js';
import { retryDelayMs } from '../../workflows/contract/retry-policy.js';
import { leaseMarginMs } from '../../workflows/contract/time-budget.js';
import { attemptOnce, type AttemptDeps, type AttemptInput } from './attempt.js';

export interface DeliverDeps extends AttemptDeps {
  openRequests: OpenRequests;
  permits: Permits;
}

export interface DeliverInput extends AttemptInput {
  /** Attempts of the schedule before this activity; with the server's own count it gives the policy's next delay. */
  attemptsUsed: number;
}

/** A request that is open for longer does not hold a workflow task. */
const longestAttendedMs = 1_000;
/** The least and the most before the next try at a receiver that hangs, while such receivers hold their part of the slots. */
const hangingWaitMs = [15_000, 30_000] as const;

/**
 * The first attempt at once, in the first workflow task: nearly every delivery needs no other. Refused, and nothing is
 * changed, where anything stands against it: no token is free, the webhook had trouble lately, too many requests are
 * open here, or it is no first attempt. Answers `open` for a request that has no answer after a second.
 */
export async function deliverAtOnce(deps: DeliverDeps, input: AttemptInput): Promise<AttemptResult> {
  const { deliveryId, webhookId, tenantId } = input;
  const permit = deps.permits.of(deliveryId);
  if (!deps.openRequests.admitsFirst(webhookId, tenantId)) {
    permit?.release();
    return { kind: 'refused', waitMs: 0, reason: 'too many requests are open' };
  }
  // Before anything is waited for: what comes in the same moment is counted too.
  const close = deps.openRequests.openFirst(webhookId, tenantId);
  let taken: TakenAttempt | undefined;
  let timer: NodeJS.Timeout | undefined;
  let leave!: (result: AttemptResult) => void;
  const left = new Promise<AttemptResult>((resolve) => (leave = resolve));
  const attempt = attemptOnce(deps, input, {
    isFirst: true,
    onSending(sending) {
      taken = sending;
      permit?.sending();
      const waitMs = sending.timeoutMs + leaseMarginMs;
      timer = setTimeout(() => leave({ kind: 'open', waitMs }), longestAttendedMs);
    },
  }).finally(() => {
    clearTimeout(timer);
    permit?.release();
    close();
  });
  const result = await Promise.race([attempt, left]);
  if (result.kind === 'open') deps.openRequests.leave(wakeAfter(deps, taken!, attempt, deliveryId));
  return result;
}

/** Never rejects. A wake-up that is lost costs time: the workflow looks by itself when nobody can hold the delivery any more. */
async function wakeAfter(
  { workflows, log }: DeliverDeps,
  { webhookId, tenantId, eventType, eventId }: TakenAttempt,
  attempt: Promise<AttemptResult>,
  id: string,
): Promise<void> {
  // Of a record that Postgres does not take now, this process goes on trying.
  await attempt.catch((error: unknown) => log.error({ error, delivery: id }, 'attempt.failed'));
  workflows.wake([{ id, webhookId, tenantId, eventType, eventId }]);
}

/**
 * One attempt as a normal activity. Rejects with `AttemptFailed` when the receiver failed and attempts are left: the server
 * retries by the policy. Anything else that it throws (Postgres away before the request) made no request.
 * A request is never cut off, neither by a cancellation nor by a shutdown: it ends within its own timeout.
 */
export async function deliver(deps: DeliverDeps, input: DeliverInput): Promise<AttemptResult> {
  const { openRequests, permits } = deps;
  const { webhookId, tenantId } = input;
  const permit = await permits.acquire(input);
  let close: (() => void) | undefined;
  try {
    if (!openRequests.admits(webhookId, tenantId)) {
      const [least, most] = hangingWaitMs;
      const waitMs = Math.round(least + Math.random() * (most - least));
      return { kind: 'refused', waitMs, reason: 'too many slow requests are open' };
    }
    const result = await attemptOnce(deps, input, {
      onSending() {
        permit.sending();
        close = openRequests.open(webhookId, tenantId);
      },
    });
    if (result.kind === 'failed') throw attemptFailed(input, result);
    return result;
  } finally {
    close?.();
    permit.release();
  }
}

function attemptFailed(input: DeliverInput, { attempt, failure, waitMs }: AttemptResult & { kind: 'failed' }) {
  const delayMs = retryDelayMs(input.attemptsUsed + Context.current().info.attempt);
  // Postgres says the policy's own delay less the milliseconds since, or another: Retry-After, or an attempt that the
  // server counted and that made no request. Later by however little is never run ahead of.
  const isPolicy = waitMs <= delayMs && waitMs > delayMs - 200;
  return benignFailure({
    type: failureType.attemptFailed,
    message: failure,
    details: [{ attempt }],
    ...(!isPolicy && { nextRetryDelay: Math.max(1, waitMs) }),
  });
}

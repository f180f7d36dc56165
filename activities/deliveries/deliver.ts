import { Context } from '@temporalio/activity';
import type { TakenAttempt } from '../../src/db/attempts.js';
import type { OpenRequests } from '../../src/delivery/open-requests.js';
import type { Permits } from '../../src/temporal/priority/permits.js';
import type { AttemptResult } from '../../workflows/contract/attempt-result.js';
import { failureType, benignFailure } from '../../workflows/contract/failures.js';
import { retryDelayMs } from '../../workflows/contract/retry-policy.js';
import { leaseMarginMs } from '../../workflows/contract/time-budget.js';
import { progressOf } from './delivery-end.js';
import { attemptOnce, putOffMs, type AttemptDeps, type AttemptInput } from './attempt.js';

export interface DeliverDeps extends AttemptDeps {
  openRequests: OpenRequests;
  permits: Permits;
}

export interface DeliverInput extends AttemptInput {
  /** Attempts of the schedule before this activity. Together with the server's count, gives the policy's next delay. */
  attemptsUsed: number;
  /** Null: the guide's. Of any other the server is told each delay. */
  retrySchedule: number[] | null;
}

/** A request that is open for longer no longer holds a workflow task. */
const maxAttendedMs = 1_000;

/**
 * Makes the first attempt in the first workflow task: nearly every delivery needs no other. Refuses, and changes
 * nothing, if no token is free, the webhook had trouble lately, too many requests are open here, or it is not a first
 * attempt. Returns `open` for a request that has no response after a second.
 */
export async function deliverAtOnce(deps: DeliverDeps, input: AttemptInput): Promise<AttemptResult> {
  const { deliveryId, webhookId, tenantId } = input;
  const permit = deps.permits.of(deliveryId);
  if (!deps.openRequests.admitsFirst(webhookId, tenantId)) {
    permit?.release();
    return { kind: 'refused', waitMs: 0, reason: 'too many requests are open' };
  }
  // Before the first await, so that deliveries which start in the same moment are counted too.
  const close = deps.openRequests.openFirst(webhookId, tenantId);
  let taken: TakenAttempt | undefined;
  let timer: NodeJS.Timeout | undefined;
  let leave!: (result: AttemptResult) => void;
  const left = new Promise<AttemptResult>((resolve) => (leave = resolve));
  const attempt = attemptOnce(deps, input, {
    isFirst: true,
    onSending(sending) {
      taken = sending;
      permit?.releaseSoon();
      timer = setTimeout(() => leave(stillOpen(sending)), maxAttendedMs);
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

const stillOpen = ({ url, number, timeoutMs }: TakenAttempt): AttemptResult => ({
  kind: 'open',
  waitMs: timeoutMs + leaseMarginMs,
  reason: 'the receiver has not answered yet',
  about: progressOf(url, number),
});

/** Never rejects. A lost wake-up only costs time: the workflow plans again when nobody can hold the delivery any more. */
async function wakeAfter(
  { workflows, log }: DeliverDeps,
  { eventRowId, webhookId, tenantId, eventType, eventId }: TakenAttempt,
  attempt: Promise<AttemptResult>,
  id: string,
): Promise<void> {
  // If Postgres does not take the record now, this process keeps trying.
  await attempt.catch((error: unknown) => log.error({ error, event: eventRowId, delivery: id }, 'attempt.failed'));
  workflows.wake([{ id, eventRowId, webhookId, tenantId, eventType, eventId, hasWorkflow: true }]);
}

/**
 * One attempt as a normal activity. Rejects with `AttemptFailed` when the receiver failed and the next attempt has to wait:
 * the server retries by the policy. If it throws anything else (Postgres was away before the request), no request was made.
 * Neither a cancellation nor a shutdown cuts off a request: it ends within its own timeout.
 */
export async function deliver(deps: DeliverDeps, input: DeliverInput): Promise<AttemptResult> {
  const { openRequests, permits } = deps;
  const { webhookId, tenantId } = input;
  const permit = await permits.acquire({ tenantId, webhookId });
  let close: (() => void) | undefined;
  try {
    if (!openRequests.admits(webhookId, tenantId)) {
      return { kind: 'refused', waitMs: putOffMs(), reason: 'too many slow requests are open' };
    }
    const result = await attemptOnce(deps, input, {
      onSending() {
        permit.releaseSoon();
        close = openRequests.open(webhookId, tenantId);
      },
    });
    // With nothing to wait for the workflow goes on at once: the server's timers take up to a second.
    if (result.kind === 'failed' && result.waitMs > 0) throw attemptFailed(input, result);
    return result;
  } finally {
    close?.();
    permit.release();
  }
}

function attemptFailed(input: DeliverInput, { attempt, failure, waitMs }: AttemptResult & { kind: 'failed' }) {
  const delayMs = retryDelayMs(input.attemptsUsed + Context.current().info.attempt);
  // Postgres returns the policy's own delay, less the milliseconds since, or a different one: because of Retry-After,
  // because the server counted an attempt that made no request, or because the webhook has a schedule of its own. A
  // longer one is always used: no attempt goes early.
  const isPolicy = input.retrySchedule === null && waitMs <= delayMs && waitMs > delayMs - 200;
  return benignFailure({
    type: failureType.attemptFailed,
    message: failure,
    details: [{ attempt }],
    ...(!isPolicy && { nextRetryDelay: waitMs }),
  });
}

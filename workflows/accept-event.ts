/*
 * One event of a source that has a Temporal client. It starts when Temporal has accepted the event, and ends when Postgres
 * has.
 *
 *   start ──► store ──┬─ stored, its deliveries are started ─► end
 *              ▲      ├─ Postgres is away, or no key opens the event ─► retried by the policy, forever
 *              └──────┤
 *                     └─ it can never be stored ─► failed
 */
import { ActivityFailure, ApplicationFailure, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import { acceptFailure, isSealedEvent, type AcceptEventResult, type SealedEvent } from './contract/accept-event.js';
import { failureWithoutStack } from './contract/failures.js';

const storing = proxyActivities<Activities>({
  startToCloseTimeout: '45 s',
  retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '1 min' },
});

/**
 * The argument is the body of `POST /v1/events`, sealed by the source's payload codec. If the event can never be
 * stored, fails with a type of `acceptFailure`.
 */
export async function acceptEvent(event: SealedEvent): Promise<AcceptEventResult> {
  if (!isSealedEvent(event))
    throw refusal(
      'The event was not sealed, and is not taken: start acceptEvent with a payload codec',
      acceptFailure.notSealed,
    );
  try {
    return await storing.acceptEvent(event, workflowInfo().startTime.toISOString());
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : undefined;
    if (!(cause instanceof ApplicationFailure)) throw error;
    throw refusal(cause.message, cause.type ?? acceptFailure.invalid);
  }
}

/** Without a cause, which the history would store in plain text. */
const refusal = (message: string, type: string) => failureWithoutStack({ message, type, nonRetryable: true });

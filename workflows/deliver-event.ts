/*
 * One delivery, from its start to its end. Postgres decides, this loop carries out and waits.
 *
 *   start ──► send at once ──────────┬─ delivered or failed ─► end
 *                                    └─ all else, as below ──────────────────────────────► plan
 *
 *                  ┌──────────── not pending ───────────────► end: delivered, held, cancelled, expired: Completed
 *                  │                                                failed: Failed
 *             plan ┴ wait ──► send ──┬─ delivered or failed ─► end
 *              ▲     │   (a token    │
 *              │     │    or backoff)├─ no token yet ────────► wait, send again
 *              │     │               ├─ not recorded ────────► record, until it succeeds ──► plan
 *              └─────┴───────────────┴─ attempts left, lost, woken ──────────────────────► plan
 *
 * wake (signal): something about this delivery changed in Postgres. Every wait and every retry that the server would
 * make is cut short, a request in flight never is; then plan again.
 */
import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { Plan, SendPlan } from '../activities/deliveries/reserve-token.js';
import type { DeliveryEnd } from '../activities/deliveries/deliver.js';
import { failureType, type NotNowDetails, type UnrecordedDetails } from './contract/failures.js';
import { retryPolicy } from './contract/retry-policy.js';

export const wake = defineSignal('wake');

export interface DeliverEventInput {
  deliveryId: string;
  webhookId: number;
  tenantId: string;
}

/** Longest stay of a request beyond its own limit: taking the token before it, recording it afterwards. */
const sendMarginMs = 10_000;
/** A normal activity waits for its turn before that, up to 3 s. */
const queuedMarginMs = sendMarginMs + 3_000;
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;
/** The most that a webhook's own limit may be. */
const longestRequestMs = 30_000;
/** When an activity ended and nothing was recorded, so that no fault of ours can spin. */
const lostAttemptWaitMs = 2_000;

/** Neither: plan anew. */
interface SendResult {
  ended?: DeliveryEnd;
  /** The same plan, after a wait; null: others wait for tokens, so plan first. */
  again?: { waitMs: number | null; lane?: 'queued' };
}

// Adds one event and no round trip, but must not retry in place: that would hold a workflow task slot.
const quick = proxyLocalActivities<Activities>({ startToCloseTimeout: '5 s', retry: { maximumAttempts: 1 } });
const patient = proxyActivities<Activities>({
  startToCloseTimeout: '15 s',
  retry: { initialInterval: '1 s', maximumInterval: '10 s' },
});

/** Completes when delivered, held, cancelled or expired; fails with `DeliveryFailed` when given up. */
export async function deliverEvent(input: DeliverEventInput): Promise<DeliveryEnd> {
  const { deliveryId } = input;
  let woken = false;
  let sending: CancellationScope | undefined;
  setHandler(wake, () => {
    woken = true;
    sending?.cancel();
  });

  const inline = (timeoutMs: number) =>
    proxyLocalActivities<Activities>({
      startToCloseTimeout: timeoutMs + sendMarginMs,
      cancellationType,
      retry: { maximumAttempts: 1 },
    });

  /** Nothing is planned for what nearly always succeeds: where anything stands against it, nothing is sent. */
  const sendAtOnce = () => inline(longestRequestMs).deliverAtOnce({ ...input, timeoutMs: longestRequestMs });

  /** Sends once inline, or as a normal activity as often as the schedule allows. */
  async function send({ lane, timeoutMs, attemptsUsed, ...plan }: SendPlan): Promise<DeliveryEnd> {
    const attempt = { ...input, timeoutMs, attemptsUsed };
    if (lane === 'inline') return inline(timeoutMs).deliverInline(attempt);
    const { deliver } = proxyActivities<Activities>({
      taskQueue: plan.taskQueue,
      startToCloseTimeout: timeoutMs + queuedMarginMs,
      cancellationType,
      retry: retryPolicy(attemptsUsed, plan.attemptsLeft),
      summary: `from attempt ${plan.attemptCount + 1}`,
    });
    // Cancelled in its backoff it ends at once; with a request open it runs on, and its result is taken.
    sending = new CancellationScope();
    try {
      return await sending.run(() => deliver(attempt));
    } finally {
      sending = undefined;
    }
  }

  async function plan(): Promise<Plan> {
    return quick.reserveToken({ deliveryId }).catch((error: unknown) => {
      if (isCancellation(error)) throw error;
      return patient.reserveToken({ deliveryId });
    });
  }

  /** Waits for its time; false when woken before it. */
  const waited = async (waitMs: number) => waitMs <= 0 || !(await condition(() => woken, waitMs));

  async function resultOf(sent: Promise<DeliveryEnd>): Promise<SendResult> {
    try {
      return unlessWoken(await sent);
    } catch (error) {
      if (isCancellation(error) && !woken) throw error;
      const failure = applicationFailure(error);
      switch (failure?.type) {
        case failureType.notNow:
          return { again: { waitMs: (failure.details![0] as NotNowDetails).waitMs } };
        case failureType.busy:
          // Too many requests are open to this receiver from the process that runs the workflow: use the other lane.
          return { again: { waitMs: 0, lane: 'queued' } };
        case failureType.notRecorded:
          return unlessWoken(
            await patient.recordOutcome({ deliveryId, ...(failure.details![0] as UnrecordedDetails) }),
          );
        case failureType.deliveryFailed:
          return unlessWoken({ status: 'failed', message: failure.message });
        case failureType.attemptFailed:
        case failureType.planChanged:
          return {};
        default:
          if (!woken) await condition(() => woken, lostAttemptWaitMs);
          return {};
      }
    }
  }

  /** An end after which something changed is none: whoever woke us wants another look. */
  const unlessWoken = (ended: DeliveryEnd | null): SendResult => (ended && !woken ? { ended } : {});

  async function run(): Promise<DeliveryEnd> {
    // All that woke us before is in the answer that comes.
    woken = false;
    let { ended }: SendResult = await resultOf(sendAtOnce());
    while (!ended) {
      // Only a fault that lasts for days gets here; a wake-up that comes in between is not lost.
      if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof deliverEvent>(input);
      woken = false;
      const next = await plan();
      if (next.step === 'end') {
        ({ ended } = unlessWoken(next));
        continue;
      }
      let { waitMs, lane }: { waitMs: number | null; lane: SendPlan['lane'] } = next;
      while (!ended && waitMs !== null && (await waited(waitMs))) {
        const result = await resultOf(send({ ...next, lane }));
        ({ ended } = result);
        ({ waitMs, lane = lane } = result.again ?? { waitMs: null });
      }
    }
    return end(ended);
  }

  try {
    return await run();
  } catch (error) {
    // An operator cancelled the workflow: the delivery is not owed any more.
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => patient.cancelDelivery({ deliveryId }));
    throw error;
  }
}

function end({ status, message }: DeliveryEnd): DeliveryEnd {
  if (status === 'failed') throw failed(message);
  return { status, message };
}

/** Given up for good: operators find it among the Failed workflows. */
function failed(message: string): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type: failureType.deliveryFailed,
    message,
    nonRetryable: true,
    category: 'BENIGN',
  });
  // a stack would be stored in the history, and says nothing about a receiver's failure
  failure.stack = '';
  return failure;
}

/** Our own typed failure inside what the SDK throws; undefined for a timeout or a plain error. */
function applicationFailure(error: unknown): ApplicationFailure | undefined {
  if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) return error.cause;
  if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) return undefined;
  return error instanceof ApplicationFailure ? error : undefined;
}

/*
 * One delivery, from its start to its end. Postgres decides; this workflow acts on that and waits.
 *
 *   start ─► send at once ─┬─ ended ───────────────────────────────► end: Completed, or Failed when given up
 *                          ├─ unrecorded ─► record until it succeeds ─┐   ▲
 *                          └─ failed, refused, open ─► wait ──┐       │   │
 *                                                             ▼       ▼   │
 *                            ┌──────────────────────────── plan ◄─────┘   │
 *                            │                              ▲ └── ended ──┘
 *                            └─ wait ─► deliver ─ as above ─┘
 *
 * wake (signal): the delivery changed in Postgres. It ends every wait, including the server's backoff, but never cuts off
 * a request in flight. Then the workflow plans again.
 */
import {
  ActivityCancellationType,
  CancellationScope,
  continueAsNew,
  defineSignal,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';
import type { SendPlan } from '../activities/deliveries/reserve-token.js';
import type { AttemptResult, DeliveryEnd } from './contract/attempt-result.js';
import type { DeliveryInput } from './contract/delivery-input.js';
import { benignFailure, failureType, isAttemptFailed } from './contract/failures.js';
import { retryPolicy } from './contract/retry-policy.js';
import { atOnceBudgetMs, deliverBudgetMs, maxRequestMs } from './contract/time-budget.js';
import { shownWaits } from './shown-waits.js';

export const wake = defineSignal('wake');

const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;
const once = { maximumAttempts: 1 };
const { deliverAtOnce } = proxyLocalActivities<Activities>({
  startToCloseTimeout: atOnceBudgetMs(maxRequestMs),
  cancellationType,
  retry: once,
});
// A local activity adds one event and no round trip. It does not retry: that would hold a workflow task slot.
const local = proxyLocalActivities<Activities>({ startToCloseTimeout: '5 s', retry: once });
const lasting = proxyActivities<Activities>({
  startToCloseTimeout: '15 s',
  retry: { initialInterval: '1 s', maximumInterval: '10 s' },
});

/** Completes when it has ended, is held or waits for its turn. When given up, fails with `DeliveryFailed`, for operators. */
export async function deliverEvent(input: DeliveryInput): Promise<DeliveryEnd> {
  const { deliveryId } = input;
  let woken = false;
  let attempting: CancellationScope | undefined;
  setHandler(wake, () => {
    woken = true;
    attempting?.cancel();
  });
  const isWokenWithin = shownWaits(() => woken);

  /** The server retries by the schedule. If this throws, it is the last failure, or the attempt was lost. */
  async function deliver({ timeoutMs, taskQueue, attemptsUsed, retrySchedule, ...plan }: SendPlan) {
    const activity = proxyActivities<Activities>({
      taskQueue,
      startToCloseTimeout: deliverBudgetMs(timeoutMs),
      cancellationType,
      retry: retryPolicy(attemptsUsed, plan.attemptsLeft, retrySchedule),
      summary: `from attempt ${plan.attemptCount + 1}`,
    });
    attempting = new CancellationScope();
    return attempting.run(() => activity.deliver({ ...input, timeoutMs, attemptsUsed, retrySchedule }));
  }

  async function run(): Promise<DeliveryEnd> {
    let result = await deliverAtOnce({ ...input, timeoutMs: maxRequestMs }).catch(orRefused);
    for (;;) {
      if (result.kind === 'unrecorded') result = await lasting.recordOutcome({ ...result, deliveryId });
      if (result.kind === 'ended' && !woken) return result;
      if ('waitMs' in result) {
        const wait = isWokenWithin.bind(undefined, result);
        // A cancelled workflow also waits for an open request.
        await (result.kind === 'open' ? CancellationScope.nonCancellable(wait) : wait());
      }
      // Happens only if a fault lasts for days. A wake-up that comes at the same time is not lost.
      if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof deliverEvent>(input);
      woken = false;
      const plan = await CancellationScope.nonCancellable(() =>
        local.reserveToken({ deliveryId }).catch(() => lasting.reserveToken({ deliveryId })),
      );
      if (plan.kind === 'ended') result = plan;
      else if (!woken && !(await isWokenWithin(plan))) result = await deliver(plan).catch(orRefused);
    }
  }

  /** Wake-ups cancel attempts; operators cancel workflows. A lost attempt waits, so that a fault of ours cannot spin. */
  function orRefused(error: unknown): AttemptResult {
    if (isCancellation(error) && !woken) throw error;
    return { kind: 'refused', waitMs: woken || isAttemptFailed(error) ? 0 : 2_000, reason: 'the attempt was lost' };
  }

  try {
    const { status, message } = await run();
    if (status === 'failed') throw benignFailure({ type: failureType.deliveryFailed, message, nonRetryable: true });
    return { status, message };
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => lasting.cancelDelivery({ deliveryId }));
    throw error;
  }
}

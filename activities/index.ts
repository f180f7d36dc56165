import { acceptEvent, type AcceptEventDeps } from './events/accept-event.js';
import { cancelDelivery, type CancelDeliveryInput } from './deliveries/cancel-delivery.js';
import type { AttemptInput } from './deliveries/attempt.js';
import { deliver, deliverAtOnce, type DeliverDeps, type DeliverInput } from './deliveries/deliver.js';
import { formBatches, type FormBatchesDeps } from './deliveries/form-batches.js';
import { expire, type ExpireDeps } from './maintenance/expire.js';
import { forget } from './maintenance/forget.js';
import { rollUp } from './maintenance/roll-up-statistics.js';
import { withPlainFailures } from './failures.js';
import { reconcileMessages, type ReconcileMessagesDeps } from './messages/reconcile-messages.js';
import { recordOutcome, type RecordOutcomeInput } from './deliveries/record-outcome.js';
import { reserveToken, type Plan, type ReserveTokenDeps, type ReserveTokenInput } from './deliveries/reserve-token.js';
import {
  recordSend,
  sendMessage,
  settleMessage,
  type SendMessageInput,
  type SendRecord,
} from './messages/send-message.js';
import { recoverWebhook, type RecoverWebhookDeps } from './deliveries/recover-webhook.js';
import { settleWebhook, type SettleWebhookDeps } from './deliveries/settle-webhook.js';
import { verifyWebhook, type VerifyWebhookDeps } from './deliveries/verify-webhook.js';
import { countEnded } from '../src/metrics/counted.js';
import type { AttemptResult } from '../workflows/contract/attempt-result.js';
import type { SealedEvent } from '../workflows/contract/accept-event.js';
import type { BatchingWebhook } from '../src/db/batches.js';
import type { StartableRecovery } from '../src/db/recoveries.js';
import type { SettlingWebhook } from '../src/db/settling.js';
import type { UnverifiedWebhook } from '../src/db/verifications.js';
import { sweepMessages, type SweepMessagesDeps } from './messages/sweep-messages.js';
import { sweep, type SweepDeps } from './maintenance/sweep.js';

export type ActivityDeps = AcceptEventDeps &
  ReserveTokenDeps &
  DeliverDeps &
  SweepDeps &
  SettleWebhookDeps &
  RecoverWebhookDeps &
  VerifyWebhookDeps &
  FormBatchesDeps &
  ExpireDeps &
  SweepMessagesDeps &
  ReconcileMessagesDeps;

/** All activities that the workflows call; the workflows see only the type. */
export const createActivities = (deps: ActivityDeps) => withPlainFailures(activitiesOf(deps), deps.log);

const activitiesOf = (deps: ActivityDeps) => ({
  acceptEvent: (event: SealedEvent, acceptedAt: string) => acceptEvent(deps, event, acceptedAt),
  reserveToken: (input: ReserveTokenInput) => countingEnds(reserveToken(deps, input)),
  deliver: (input: DeliverInput) => countingEnds(deliver(deps, input)),
  deliverAtOnce: (input: AttemptInput) => countingEnds(deliverAtOnce(deps, input)),
  recordOutcome: (input: RecordOutcomeInput) => countingEnds(recordOutcome(deps, input)),
  cancelDelivery: (input: CancelDeliveryInput) => cancelDelivery(deps, input),
  settleWebhook: (webhook: SettlingWebhook) => settleWebhook(deps, webhook),
  recoverWebhook: (recovery: StartableRecovery) => recoverWebhook(deps, recovery),
  verifyWebhook: (webhook: UnverifiedWebhook) => verifyWebhook(deps, webhook),
  formBatches: (webhook: BatchingWebhook) => formBatches(deps, webhook),
  sweep: (afterWebhook: number) => bothOf(sweep(deps, afterWebhook), sweepMessages(deps)),
  expire: () => expire(deps),
  forget: () => forget(deps),
  rollUp: () => rollUp(deps),
  sendMessage: (input: SendMessageInput) => sendMessage(deps, input),
  recordSend: (input: SendMessageInput & { record: SendRecord }) => recordSend(deps, input),
  settleMessage: (input: SendMessageInput & { isLast: boolean; errorCode: string | null }) =>
    settleMessage(deps, input),
  reconcileMessages: () => reconcileMessages(deps),
});
export type Activities = ReturnType<typeof createActivities>;

/** Counts a delivery that has ended, or those of a batch. Its workflow ends with this result, so it is counted once, whoever recorded it. */
async function countingEnds<T extends AttemptResult | Plan>(work: Promise<T>): Promise<T> {
  const result = await work;
  if (result.kind === 'ended') countEnded(result.status, result.deliveries);
  return result;
}

/** Waits until both have ended, then fails if either did. */
async function bothOf<T>(first: Promise<T>, second: Promise<unknown>): Promise<T> {
  await Promise.allSettled([first, second]);
  await second;
  return first;
}

import { cancelDelivery, type CancelDeliveryInput } from './cancel-delivery.js';
import { deliver, deliverAtOnce, deliverInline, type DeliverDeps, type DeliverInput } from './deliver.js';
import { expire, type ExpireDeps } from './expire.js';
import { recordOutcome, type RecordOutcomeInput } from './record-outcome.js';
import { reserveToken, type ReserveTokenDeps, type ReserveTokenInput } from './reserve-token.js';
import { sweep, type SweepDeps } from './sweep.js';

export type ActivityDeps = ReserveTokenDeps & DeliverDeps & SweepDeps & ExpireDeps;

/** Everything the workflows call; they see only the type. */
export const createActivities = (deps: ActivityDeps) => ({
  reserveToken: (input: ReserveTokenInput) => reserveToken(deps, input),
  deliver: (input: DeliverInput) => deliver(deps, input),
  deliverAtOnce: (input: Omit<DeliverInput, 'attemptsUsed'>) => deliverAtOnce(deps, input),
  deliverInline: (input: DeliverInput) => deliverInline(deps, input),
  recordOutcome: (input: RecordOutcomeInput) => recordOutcome(deps, input),
  cancelDelivery: (input: CancelDeliveryInput) => cancelDelivery(deps, input),
  sweep: () => sweep(deps),
  expire: () => expire(deps),
});
export type Activities = ReturnType<typeof createActivities>;

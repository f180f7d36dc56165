import type { Call, CallRun } from '../../db/calls.js';
import type { CallEventKind, CallFacts } from './call-event.js';

/** A stored event with its facts. */
export interface ReceivedEvent {
  coreUuid: string;
  sequence: number;
  kind: CallEventKind;
  facts: Pick<CallFacts, 'createdMs' | 'wasRecovered'>;
}

export type KnownUse = Pick<Call, 'runs' | 'endedAt' | 'endEstimated'>;

export type Decision<Use> =
  | { is: 'known'; call: Use }
  /** The event's run took the call over from another run. */
  | { is: 'taken-over'; call: Use }
  /** The uuid is used for the first time, or is reused. */
  | { is: 'new' };

/**
 * Decides to which call of its uuid an event belongs. `calls` are the known ones, in the order in which they began.
 *
 * Within one run, a channel is identified by its creation time. If the switch did not send it, the sequence decides: an
 * event after a received end is a new call's if it begins a call, or if it is another tenant's.
 *
 * In a run that has not had this uuid before, the event belongs to the last call, taken over. It is a new call's if the
 * last call's end was received, the switch says that the channel was newly created, or it is another tenant's.
 */
export async function whichCall<Use extends KnownUse>(
  event: ReceivedEvent,
  calls: readonly Use[],
  isOtherTenants: (call: Use) => Promise<boolean>,
): Promise<Decision<Use>> {
  const { createdMs } = event.facts;
  const here = calls.filter((call) => call.runs[event.coreUuid]);
  const run = (call: Use) => call.runs[event.coreUuid]!;

  if (here.length > 0) {
    const exact = here.find((call) => createdMs !== undefined && run(call).createdMs === createdMs);
    if (exact) return { is: 'known', call: exact };
    const possible = createdMs === undefined ? here : here.filter((call) => run(call).createdMs === null);
    const call = lastBefore(event.sequence, possible, run);
    if (!call) return { is: 'new' };
    const isAfterEnd = run(call).until !== null && event.sequence > run(call).until!;
    if (isAfterEnd && (event.kind === 'created' || (await isOtherTenants(call)))) return { is: 'new' };
    return { is: 'known', call };
  }

  const last = calls.at(-1);
  if (!last || wasEndReceived(last)) return { is: 'new' };
  const isSameChannel =
    createdMs !== undefined && Object.values(last.runs).some((known) => known.createdMs === createdMs);
  if (!isSameChannel && event.facts.wasRecovered === false) return { is: 'new' };
  return (await isOtherTenants(last)) ? { is: 'new' } : { is: 'taken-over', call: last };
}

const wasEndReceived = ({ endedAt, endEstimated, runs }: KnownUse): boolean =>
  (endedAt !== null && !endEstimated) ||
  // While a call's tenant is unknown, its end is not handled yet, so `endedAt` is not set.
  Object.values(runs).some(({ until }) => until !== null);

function lastBefore<Use>(sequence: number, calls: readonly Use[], run: (call: Use) => CallRun): Use | undefined {
  const byStart = [...calls].sort((a, b) => run(a).from - run(b).from);
  return byStart.findLast((call) => run(call).from <= sequence) ?? byStart[0];
}

import type { Call, CallRun } from '../../db/calls.js';
import type { CallEventKind, CallFacts } from './call-event.js';

/** A kept event with its facts. */
export interface HeardEvent {
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
  /** The uuid is used again, or for the first time. */
  | { is: 'new' };

/**
 * Which call of its uuid an event is of. `calls` are those known, in the order in which they began.
 *
 * In one run a channel is known by when it was made. Where the switch did not say, the sequence decides: what follows a
 * heard end is a new call if it begins one, or if it is another tenant's.
 *
 * In a run in which the uuid was never heard it is the last call, taken over, unless that one's end was heard, the switch
 * says that the channel was made anew, or it is another tenant's.
 */
export async function whichCall<Use extends KnownUse>(
  event: HeardEvent,
  calls: readonly Use[],
  isAnothers: (call: Use) => Promise<boolean>,
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
    if (isAfterEnd && (event.kind === 'created' || (await isAnothers(call)))) return { is: 'new' };
    return { is: 'known', call };
  }

  const last = calls.at(-1);
  if (!last || wasEndHeard(last)) return { is: 'new' };
  const isSameChannel =
    createdMs !== undefined && Object.values(last.runs).some((known) => known.createdMs === createdMs);
  if (!isSameChannel && event.facts.wasRecovered === false) return { is: 'new' };
  return (await isAnothers(last)) ? { is: 'new' } : { is: 'taken-over', call: last };
}

const wasEndHeard = ({ endedAt, endEstimated, runs }: KnownUse): boolean =>
  (endedAt !== null && !endEstimated) ||
  // The end of a call whose tenant is not known waits to be handled.
  Object.values(runs).some(({ until }) => until !== null);

function lastBefore<Use>(sequence: number, calls: readonly Use[], run: (call: Use) => CallRun): Use | undefined {
  const byBeginning = [...calls].sort((a, b) => run(a).from - run(b).from);
  return byBeginning.findLast((call) => run(call).from <= sequence) ?? byBeginning[0];
}

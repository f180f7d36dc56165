import type { FaultKind } from '../plan.js';
import type { InjectedFault } from '../timeline.js';
import { allWebhooks, type Evidence, type Violation } from './evidence.js';

export interface Spread {
  count: number;
  p50: number;
  p95: number;
  max: number;
}

/** Measured from the end of one fault, when its process was started again or resumed. */
export interface Recovery {
  kind: FaultKind;
  target: string;
  /** Until the next delivery to any neighbour; undefined if none came. */
  firstMs: number | undefined;
  /** Until the neighbours had received everything accepted before. */
  caughtUpMs: number;
}

export interface Neighbours {
  violations: Violation[];
  /** From accept to receive, while nothing was disturbed. */
  calmMs: Spread;
  /** The same for all events. */
  allMs: Spread;
  recoveries: Recovery[];
}

/** An event counts as calm if no fault lasted while it was under way, or ended within this time before it. */
const afterFaultMs = 15_000;
/**
 * How long a neighbour may wait, counting only time without any fault, but including recovery. Generous: a backlog on a
 * busy machine takes minutes, and a delivery whose workflow was lost waits two until the sweeper finds it overdue.
 */
const maxCalmMs = 300_000;

/** Measures the untouched webhooks, whose receivers are always healthy. */
export function measureNeighbours(evidence: Evidence): Neighbours {
  const { timeline, accepted, requests } = evidence;
  const neighbours = new Set(
    allWebhooks(evidence)
      .filter(({ plan }) => plan.role === 'neighbour')
      .map(({ id }) => id),
  );
  const receivedAt = new Map<string, number>();
  for (const { deliveryId, beganAt } of requests) if (!receivedAt.has(deliveryId)) receivedAt.set(deliveryId, beganAt);
  const waits = accepted.flatMap(({ deliveries, sentAt, acceptedAt, tries }) =>
    deliveries
      .filter(({ webhookId, id }) => neighbours.has(webhookId) && receivedAt.has(id))
      .map(({ id }) => ({ id, sentAt, acceptedAt, tries, receivedAt: receivedAt.get(id)! })),
  );
  const disturbed = timeline.disturbances().map(({ from, to }) => ({ from, to: to + afterFaultMs }));
  const isCalm = ({ sentAt, receivedAt: to }: (typeof waits)[number]) =>
    !disturbed.some((each) => each.from <= to && each.to >= sentAt);
  const ms = (wait: (typeof waits)[number]) => wait.receivedAt - wait.sentAt;
  const violations = waits
    .filter((wait) => timeline.calmMs({ from: wait.acceptedAt, to: wait.receivedAt }) > maxCalmMs)
    .map((wait): Violation => ({
      invariant: 'neighbour waited',
      text: `delivery ${wait.id} to an untouched webhook was received ${ms(wait)} ms after it was accepted, with no fault during more than ${maxCalmMs} ms of that`,
      deliveryIds: [wait.id],
      at: { from: wait.acceptedAt, to: wait.receivedAt },
    }));

  const arrivals = waits.map((wait) => wait.receivedAt).sort((a, b) => a - b);
  const recoveryFrom = ({ kind, target, endedAt }: InjectedFault): Recovery => {
    const end = endedAt!;
    const first = arrivals.find((at) => at >= end);
    const owed = waits.filter((wait) => wait.acceptedAt <= end && wait.receivedAt > end);
    return {
      kind,
      target,
      firstMs: first === undefined ? undefined : first - end,
      caughtUpMs: owed.reduce((most, wait) => Math.max(most, wait.receivedAt - end), 0),
    };
  };
  return {
    violations,
    calmMs: spreadOf(waits.filter((wait) => wait.tries === 1 && isCalm(wait)).map(ms)),
    allMs: spreadOf(waits.map(ms)),
    recoveries: timeline.faults.filter(({ endedAt }) => endedAt !== undefined).map(recoveryFrom),
  };
}

export function spreadOf(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}

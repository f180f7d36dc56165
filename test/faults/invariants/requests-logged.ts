import type { ReceivedRequest } from '../receivers/request-log.js';
import { groupBy, isSuccess, type AttemptRow, type Evidence, type Violation } from './evidence.js';
import { explanationOf, type Explanation } from './explanation.js';

export interface Counted {
  /** We killed or froze the sender between send and record. */
  explained: Record<Explanation, number>;
  unexplained: number;
}

export interface Logged {
  violations: Violation[];
  /** Requests without an attempt in the log. */
  unlogged: Counted;
  /** Attempts that never reached the receiver as a request: refused and reset connections. */
  withoutRequest: number;
  /** Requests answered in full, but logged as something else. */
  misjudged: Counted;
}

/**
 * `started_at` counts from when Postgres gave the token, by its clock. A request begins within 4 s of that, or not at
 * all.
 */
const toleranceMs = 6_000;

/** Each request that a receiver saw has its own row in the log, with the receiver's response. */
export function requestsLogged({ timeline, requests, attempts }: Evidence): Logged {
  const violations: Violation[] = [];
  const unlogged = nothingCounted();
  const misjudged = nothingCounted();
  let withoutRequest = 0;
  const rowsOf = groupBy(attempts, ({ deliveryId }) => deliveryId);
  const requestsOf = groupBy(requests, ({ deliveryId }) => deliveryId);

  for (const [deliveryId, rows] of rowsOf) {
    const pairs = pair(rows, requestsOf.get(deliveryId) ?? []);
    for (const [row, request] of pairs) {
      if (!request) {
        withoutRequest++;
        if (row.statusCode !== null)
          violations.push(
            violation(
              'attempt without request',
              `attempt ${row.number} is logged as ${row.statusCode}`,
              deliveryId,
              row.startedAt,
            ),
          );
      } else if (request.end === 'answered' && row.statusCode !== request.status) {
        const text = `attempt ${row.number} was answered ${request.status}, but is logged as ${row.errorClass ?? row.statusCode}`;
        count(misjudged, ['kill', 'stop'], request, 'misjudged', text);
      }
    }
    const matched = new Set(pairs.values());
    requestsOf.set(
      deliveryId,
      (requestsOf.get(deliveryId) ?? []).filter((request) => !matched.has(request)),
    );
  }
  for (const left of requestsOf.values())
    for (const request of left)
      count(
        unlogged,
        // A process that was only frozen is still alive, and records it later.
        ['kill'],
        request,
        'unlogged',
        `a request (attempt ${request.attempt}, ${request.end}${request.status ? ` ${request.status}` : ''}, number ${request.ofConnection} of its connection) has no row`,
      );
  return { violations, unlogged, withoutRequest, misjudged };

  function count(
    counted: Counted,
    excuses: readonly Explanation[],
    request: ReceivedRequest,
    invariant: string,
    text: string,
  ): void {
    const explanation = explanationOf(timeline, request);
    if (explanation && excuses.includes(explanation)) counted.explained[explanation]++;
    else {
      counted.unexplained++;
      violations.push(violation(invariant, `${request.receiver}: ${text}`, request.deliveryId, request.beganAt));
    }
  }
}

export const nothingCounted = (): Counted => ({ explained: { kill: 0, stop: 0 }, unexplained: 0 });

const violation = (invariant: string, text: string, deliveryId: string, at: number): Violation => ({
  invariant,
  text: `${text} (delivery ${deliveryId})`,
  deliveryIds: [deliveryId],
  at: { from: at, to: at },
});

/**
 * Pairs each row with a request of about the same time. Rows first choose among the requests with their own attempt number
 * (after a kill, two requests have the same one), then among those that are left: two attempts may have begun with the same
 * number. A row prefers a request with its response, then the nearest. No request belongs to two rows.
 */
function pair(rows: AttemptRow[], requests: ReceivedRequest[]): Map<AttemptRow, ReceivedRequest | undefined> {
  const left = new Set(requests);
  const pairs = new Map<AttemptRow, ReceivedRequest | undefined>();
  const choose = (row: AttemptRow, isChoice: (request: ReceivedRequest) => boolean) => {
    const misfit = (request: ReceivedRequest) => [
      (request.end === 'answered' ? request.status : null) === row.statusCode ? 0 : 1,
      Math.abs(request.beganAt - row.startedAt),
    ];
    const [request] = [...left]
      .filter(
        ({ beganAt }) =>
          beganAt >= row.startedAt - toleranceMs && beganAt <= row.startedAt + row.durationMs + toleranceMs,
      )
      .filter(isChoice)
      .sort((a, b) => compare(misfit(a), misfit(b)));
    pairs.set(row, request);
    if (request) left.delete(request);
  };
  for (const row of rows) choose(row, ({ attempt }) => attempt === row.number);
  for (const row of rows) if (!pairs.get(row)) choose(row, () => true);
  return pairs;
}

const compare = (a: number[], b: number[]) =>
  a.map((value, i) => value - b[i]!).find((difference) => difference !== 0) ?? 0;

export interface Doubled extends Counted {
  violations: Violation[];
}

/** A delivery that was answered 2xx is not sent again, unless it is retried by hand. */
export function nothingDoubled({ timeline, requests, actions }: Evidence): Doubled {
  const counted = nothingCounted();
  const violations: Violation[] = [];
  const retriesOf = groupBy(actions.retries, ({ deliveryId }) => deliveryId);
  for (const [deliveryId, sent] of groupBy(requests, (request) => request.deliveryId)) {
    let satisfiedBy: ReceivedRequest | undefined;
    let retries = retriesOf.get(deliveryId) ?? [];
    for (const request of sent) {
      const satisfied = satisfiedBy;
      if (satisfied) {
        // A retry that had no response may be carried out at any time.
        const requested = retries.filter(
          ({ startedAt, endedAt }) => startedAt <= request.beganAt && (endedAt ?? Infinity) >= satisfied.beganAt,
        );
        retries = retries.filter((retry) => !requested.includes(retry));
        if (requested.length > 0) satisfiedBy = undefined;
        else {
          const explanation = explanationOf(timeline, satisfied);
          if (explanation) counted.explained[explanation]++;
          else {
            counted.unexplained++;
            const afterMs = request.beganAt - satisfied.endedAt;
            const text = `${request.receiver}: sent again ${afterMs} ms after it was answered ${satisfied.status}, without a retry by hand`;
            violations.push(violation('doubled', text, deliveryId, satisfied.beganAt));
          }
        }
      }
      if (isSuccess(request)) satisfiedBy = request;
    }
  }
  return { ...counted, violations };
}

/** A delivery never has more than one request open. */
export function oneAtATime({ timeline, requests }: Evidence): Doubled {
  const counted = nothingCounted();
  const violations: Violation[] = [];
  for (const [deliveryId, sent] of groupBy(requests, (request) => request.deliveryId)) {
    let longest: ReceivedRequest | undefined;
    for (const request of sent) {
      if (longest && request.beganAt < longest.endedAt) {
        const explanation = explanationOf(timeline, longest);
        if (explanation) counted.explained[explanation]++;
        else {
          counted.unexplained++;
          const text = `${request.receiver}: a second request began ${longest.endedAt - request.beganAt} ms before the first had ended (${longest.end})`;
          violations.push(violation('two at once', text, deliveryId, longest.beganAt));
        }
      }
      if (!longest || request.endedAt > longest.endedAt) longest = request;
    }
  }
  return { ...counted, violations };
}

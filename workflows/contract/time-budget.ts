/*
 * The time that one attempt may take, defined only here. Milliseconds.
 *
 *   permit      transform   behind      take            request               record
 *   ├─ ≤ 3 s ──┼─ ≤ 3 s ───┼─ ≤ 2 s ──┼─ ≤ 2.5 s ──┼─ ≤ the timeout ──┼─ ≤ 5 s ──┤
 *                                       ├──────────── lease: the timeout and 5 s ───┤   nobody else sends
 */

/** The longest timeout that a webhook may have. */
export const maxRequestMs = 30_000;

/** How long `deliver` waits for a permit of its process. After that it goes without. */
export const maxPermitWaitMs = 3_000;
/** How long a delivery waits for its body to be made: 0.1 s, or 1.6 s with a second try; the rest is the queue. */
export const maxTransformMs = 3_000;
/** How long a delivery that could take a token lets deliveries that became due earlier go first. */
export const maxBehindMs = 2_000;
/** From asking for the token to the request. After that, too little of the lease is left, and nothing is sent. */
export const maxTakeMs = 2_500;
/** How long the process tries to record an attempt before it hands the record to the workflow. */
export const maxRecordMs = 5_000;

/** How long nobody else may send the delivery, beyond its timeout. The function `request_lease` says the same in SQL. */
export const leaseMarginMs = 5_000;

/** The most that `deliverAtOnce` may take. A request is never cut off, so Temporal must not give up earlier. */
export const atOnceBudgetMs = (timeoutMs: number) =>
  maxTransformMs + maxBehindMs + maxTakeMs + timeoutMs + maxRecordMs + 500;

/** The most that `deliver` may take. */
export const deliverBudgetMs = (timeoutMs: number) => maxPermitWaitMs + atOnceBudgetMs(timeoutMs);

/** How long a stopping process waits for its open requests. */
export const drainMs = maxRequestMs + leaseMarginMs;

/*
 * The time that one attempt may take, written once. Milliseconds.
 *
 *   permit      behind      take            request               record
 *   ├─ ≤ 3 s ──┼─ ≤ 2 s ──┼─ ≤ 2.5 s ──┼─ ≤ the timeout ──┼─ ≤ 5 s ──┤
 *                           ├──────────── lease: the timeout and 5 s ───┤   nobody else sends
 */

/** The most that a webhook may have as its timeout. */
export const longestRequestMs = 30_000;

/** `deliver` waits so long for a permit of its process, then goes without. */
export const longestPermitWaitMs = 3_000;
/** With a token free, deliveries that became due earlier go first for so long. */
export const longestBehindMs = 2_000;
/** From asking for the token to the request: later, too little of the lease is left, and nothing is sent. */
export const longestTakeMs = 2_500;
/** The process tries so long to record an attempt, then hands the record to the workflow. */
export const longestRecordMs = 5_000;

/** How long nobody else may send the delivery, beyond its timeout. The function `request_lease` says the same in SQL. */
export const leaseMarginMs = 5_000;

/** What an attempt at once may take at the most. A request is never cut off, so Temporal must not give up earlier. */
export const atOnceBudgetMs = (timeoutMs: number) =>
  longestBehindMs + longestTakeMs + timeoutMs + longestRecordMs + 500;

/** What `deliver` may take at the most. */
export const deliverBudgetMs = (timeoutMs: number) => longestPermitWaitMs + atOnceBudgetMs(timeoutMs);

/** A stopping process waits for its open requests for so long. */
export const drainMs = longestRequestMs + leaseMarginMs;

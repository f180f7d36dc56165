import type { RetryPolicy } from '@temporalio/common';

/** The schedule promised to tenants: the first attempt immediately, then after 1, 2, 4, 8, 16 s, then every 16 s. */
const firstDelayMs = 1_000;
const factor = 2;
const maxDelayMs = 16_000;

/** The delay between the failure of attempt `used` (1 is the first) and the next attempt. */
export function retryDelayMs(used: number): number {
  return Math.min(maxDelayMs, firstDelayMs * factor ** (used - 1));
}

/** What is left of the schedule, as Temporal's policy, once `used` attempts have been made. `left` is at least 1. */
export function retryPolicy(used: number, left: number): RetryPolicy {
  return {
    initialInterval: retryDelayMs(used + 1),
    backoffCoefficient: factor,
    maximumInterval: maxDelayMs,
    maximumAttempts: left,
  };
}

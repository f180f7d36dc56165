import type { RetryPolicy } from '@temporalio/common';

/**
 * The delays that a tenant may choose by name, in seconds: before the second, third … attempt of a delivery. `guide` is
 * the integration guide's and the default; `patient` goes on for three days, as Standard Webhooks recommends, so that a
 * receiver may be away for two.
 */
export const namedSchedules = {
  guide: [1, 2, 4, 8, 16],
  patient: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
} as const;

/**
 * The delay between the failure of attempt `used` (1 is the first) and the next attempt, in milliseconds. `schedule`: the
 * delays in seconds; its last one repeats. Null: the guide's.
 */
export function retryDelayMs(used: number, schedule: readonly number[] | null = null): number {
  const seconds = schedule ?? namedSchedules.guide;
  return 1_000 * seconds[Math.min(used, seconds.length) - 1]!;
}

/**
 * What is left of the schedule, as Temporal's policy, once `used` attempts have been made. `left` is at least 1. Where the
 * delays are no geometric series, the activity gives each of them (`nextRetryDelay`).
 */
export function retryPolicy(used: number, left: number, schedule: readonly number[] | null = null): RetryPolicy {
  const delays = (schedule ?? namedSchedules.guide).map((_, i) => retryDelayMs(used + 1 + i, schedule));
  const [first, second] = [delays[0]!, delays[1] ?? delays[0]!];
  const [factor, most] = [second / first, Math.max(...delays)];
  const isGeometric = factor >= 1 && delays.every((delay, i) => delay === Math.min(first * factor ** i, most));
  return {
    initialInterval: first,
    backoffCoefficient: isGeometric ? factor : 1,
    maximumInterval: most,
    maximumAttempts: left,
  };
}

import type { components } from '../../../src/client/api-types.js';

export type Bucket = components['schemas']['StatisticsBucket'];
export type Latency = 'duration_ms' | 'delay_ms';
export type Percentile = 'p50' | 'p95' | 'p99';

/** What a period has in all. */
export function totalsOf(buckets: readonly Bucket[]) {
  const totals = { events: 0, delivered: 0, failed: 0, expired: 0, attempts: 0 };
  for (const bucket of buckets) {
    totals.events += bucket.events;
    totals.delivered += bucket.delivered;
    totals.failed += bucket.failed;
    totals.expired += bucket.expired;
    totals.attempts += bucket.attempts;
  }
  return { ...totals, ended: totals.delivered + totals.failed + totals.expired };
}

/**
 * A percentile over a period. Percentiles of buckets do not add up to that of all, so it is the one of the usual bucket:
 * half of the attempts were in buckets with this or a lower one. Null: nothing was measured.
 */
export function usualLatency(
  buckets: readonly Bucket[],
  latency: Latency,
  percentile: Percentile,
): { usual: number; worst: number } | null {
  const measured = buckets
    .flatMap((bucket) => {
      const ms = bucket[latency][percentile];
      return ms === null ? [] : [{ ms, weight: Math.max(1, bucket.attempts) }];
    })
    .sort((a, b) => a.ms - b.ms);
  const half = measured.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let passed = 0;
  const usual = measured.find(({ weight }) => (passed += weight) >= half);
  return usual ? { usual: usual.ms, worst: measured.at(-1)!.ms } : null;
}

/** Heights of bars that stand on each other, highest first, as each is drawn over the one before. */
export const stacked = (buckets: readonly Bucket[]): [expired: number[], failed: number[], delivered: number[]] => [
  buckets.map(({ delivered, failed, expired }) => delivered + failed + expired),
  buckets.map(({ delivered, failed }) => delivered + failed),
  buckets.map(({ delivered }) => delivered),
];

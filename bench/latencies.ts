export interface Latencies {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export const percentileNames = ['p50', 'p95', 'p99'] as const;
export type PercentileName = (typeof percentileNames)[number];

/** Exact percentiles by nearest rank: the smallest value that at least that percentage of all values do not exceed. */
export function summarize(values: readonly number[]): Latencies {
  if (values.length === 0) throw new Error('there is nothing to summarize');
  const sorted = Float64Array.from(values).sort();
  const at = (percent: number) => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!;
  return { count: sorted.length, p50: at(50), p95: at(95), p99: at(99), max: at(100) };
}

export const median = (values: readonly number[]): number => summarize(values).p50;

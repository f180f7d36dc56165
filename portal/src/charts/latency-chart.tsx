import { useMemo, useState } from 'react';
import { duration } from '../text/times.js';
import { usualLatency, type Bucket, type Latency, type Percentile } from './buckets.js';
import { ChartCard } from './chart-card.js';
import { middles } from './deliveries-chart.js';
import { Legend } from './legend.js';
import { bucketTime, type Period } from './period.js';
import { lines, type Kind } from './plot-options.js';
import { Plot } from './plot.js';

const kinds: readonly (Kind & { name: Percentile })[] = [
  { name: 'p50', token: 'good', dash: [20, 0] },
  { name: 'p95', token: 'accent', dash: [7, 3] },
  { name: 'p99', token: 'warn', dash: [2, 3] },
];
const meanings: Record<Latency, string> = {
  duration_ms: 'How long requests took',
  delay_ms: 'From event to first attempt',
};
const ms = (value: number | null): string => (value === null ? '–' : duration(value));

/** How fast receivers answer, or how soon events reach them. */
export function LatencyChart({ buckets, period }: { buckets: readonly Bucket[]; period: Period }) {
  const [latency, setLatency] = useState<Latency>('duration_ms');
  const [point, setPoint] = useState<number | null>(null);
  const unit = period.bucket;
  const data = useMemo<[number[], ...(number | null)[][]]>(
    () => [
      middles(buckets, period),
      ...kinds.map(({ name }) =>
        // A logarithmic scale has no 0.
        buckets.map(({ [latency]: { [name]: value } }) => (value === null ? null : Math.max(1, value))),
      ),
    ],
    [buckets, period, latency],
  );
  const options = useMemo(() => lines(unit, kinds), [unit]);
  const at = point === null ? undefined : buckets[point];
  const usual = kinds.map(({ name }) => usualLatency(buckets, latency, name)?.usual ?? null);
  return (
    <ChartCard
      title="Latency"
      actions={
        <select
          className="small-select"
          aria-label="What the latency is of"
          value={latency}
          onChange={(event) => setLatency(event.target.value as Latency)}
        >
          {(['duration_ms', 'delay_ms'] as const).map((value) => (
            <option key={value} value={value}>
              {meanings[value]}
            </option>
          ))}
        </select>
      }
      buckets={buckets}
      unit={unit}
      columns={kinds.map(({ name }) => name)}
      cells={({ [latency]: percentiles }) =>
        percentiles.p50 === null ? null : kinds.map(({ name }) => ms(percentiles[name]))
      }
    >
      <Legend
        kinds={kinds}
        values={at ? kinds.map(({ name }) => ms(at[latency][name])) : usual.map(ms)}
        when={at ? bucketTime(at.start, unit) : `Usual ${unit}`}
      />
      {usual[0] === null ? (
        <p className="chart-empty">Nothing was sent in this time.</p>
      ) : (
        <Plot
          data={data}
          options={options}
          onPoint={setPoint}
          label={`Line chart: ${meanings[latency].toLowerCase()}; in the usual ${unit} ${kinds.map(({ name }, index) => `${name} ${ms(usual[index] ?? null)}`).join(', ')}. The table below has the numbers.`}
        />
      )}
    </ChartCard>
  );
}

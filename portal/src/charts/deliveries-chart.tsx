import { useMemo, useState, type ReactNode } from 'react';
import { count, counted } from '../text/numbers.js';
import { stacked, totalsOf, type Bucket } from './buckets.js';
import { ChartCard } from './chart-card.js';
import { Legend } from './legend.js';
import { bucketTime, unitSeconds, type Period } from './period.js';
import { bars, type Kind } from './plot-options.js';
import { Plot } from './plot.js';

const kinds: readonly Kind[] = [
  { name: 'Expired', token: 'warn' },
  { name: 'Failed', token: 'bad' },
  { name: 'Delivered', token: 'good' },
];

/** The middle of each bucket, in seconds. */
export const middles = (buckets: readonly Bucket[], { bucket: unit }: Period): number[] =>
  buckets.map(({ start }) => Date.parse(start) / 1_000 + unitSeconds[unit] / 2);

/** How deliveries ended over time. */
export function DeliveriesChart({
  buckets,
  period,
  actions,
}: {
  buckets: readonly Bucket[];
  period: Period;
  actions?: ReactNode;
}) {
  const [point, setPoint] = useState<number | null>(null);
  const unit = period.bucket;
  const data = useMemo<[number[], ...number[][]]>(
    () => [middles(buckets, period), ...stacked(buckets)],
    [buckets, period],
  );
  const options = useMemo(() => bars(unit, kinds), [unit]);
  const totals = totalsOf(buckets);
  const at = point === null ? undefined : buckets[point];
  const shown = at ?? totals;
  return (
    <ChartCard
      title="Deliveries over time"
      actions={actions}
      buckets={buckets}
      unit={unit}
      columns={['Delivered', 'Failed', 'Expired']}
      cells={({ delivered, failed, expired }) =>
        delivered + failed + expired === 0 ? null : [count(delivered), count(failed), count(expired)]
      }
    >
      <Legend
        kinds={kinds.toReversed()}
        values={[count(shown.delivered), count(shown.failed), count(shown.expired)]}
        when={at ? bucketTime(at.start, unit) : period.title}
      />
      {totals.ended === 0 ? (
        <p className="chart-empty">No delivery has ended in this time.</p>
      ) : (
        <Plot
          data={data}
          options={options}
          onPoint={setPoint}
          label={`Bar chart: ${counted(totals.delivered, 'delivery', 'deliveries')} delivered, ${count(totals.failed)} failed, ${count(totals.expired)} expired. The table below has the numbers.`}
        />
      )}
    </ChartCard>
  );
}

import type { ReactNode } from 'react';
import { useQueries } from '../../api/session.js';
import { totalsOf, usualLatency, type Bucket } from '../../charts/buckets.js';
import type { Unit } from '../../charts/period.js';
import { count, counted, percent } from '../../text/numbers.js';
import { duration } from '../../text/times.js';
import { Link } from '../../ui/link.js';

const countedAtMost = 200;

/** The period in numbers. */
export function Figures({ buckets, unit }: { buckets: readonly Bucket[]; unit: Unit }) {
  const totals = totalsOf(buckets);
  return (
    <ul className="figures overview-figures">
      <Figure
        name="Delivered"
        value={count(totals.delivered)}
        more={`of ${counted(totals.events, 'event')} accepted`}
      />
      <Figure
        name="Failed"
        value={count(totals.failed)}
        more={
          totals.expired > 0 ? (
            `${count(totals.expired)} more expired`
          ) : (
            <Link to="deliveries?status=failed">Show failures</Link>
          )
        }
      />
      <Figure
        name="Success rate"
        value={percent(totals.delivered, totals.ended) ?? '–'}
        more={`${counted(totals.attempts, 'attempt')} made`}
      />
      <Latency name="Request time, p95" latency="duration_ms" meaning={`usual ${unit}`} buckets={buckets} unit={unit} />
      <Latency name="Delay, p95" latency="delay_ms" meaning="to first attempt" buckets={buckets} unit={unit} />
      <Pending />
    </ul>
  );
}

function Figure({ name, value, more, title }: { name: string; value: string; more: ReactNode; title?: string }) {
  return (
    <li className="figure" title={title}>
      <span className="figure-name">{name}</span>
      <span className="figure-value">{value}</span>
      <span className="figure-more">{more}</span>
    </li>
  );
}

function Latency({
  name,
  latency,
  meaning,
  buckets,
  unit,
}: {
  name: string;
  latency: 'duration_ms' | 'delay_ms';
  meaning: string;
  buckets: readonly Bucket[];
  unit: Unit;
}) {
  const found = usualLatency(buckets, latency, 'p95');
  return (
    <Figure
      name={name}
      value={found ? inOneLine(found.usual) : '–'}
      more={found ? `${meaning}; worst ${inOneLine(found.worst)}` : 'nothing was sent'}
      title={`Of each ${unit}, the time within which 95 of 100 were. Half of the attempts were in a ${unit} with this or less.`}
    />
  );
}

const inOneLine = (ms: number): string => duration(ms).replaceAll(' ', '\u00a0');

/** Now, whatever the period is. */
function Pending() {
  const { data } = useQueries().useQuery(
    'get',
    '/v1/deliveries',
    { params: { query: { status: 'pending', limit: countedAtMost } } },
    { refetchInterval: 15_000 },
  );
  const value = data && `${count(data.deliveries.length)}${data.next_cursor ? '+' : ''}`;
  return (
    <Figure name="Pending now" value={value ?? '–'} more={<Link to="deliveries?status=pending">Show pending</Link>} />
  );
}

import { useQueries } from '../../api/session.js';
import { totalsOf } from '../../charts/buckets.js';
import { CsvButton } from '../../charts/csv-button.js';
import { DeliveriesChart } from '../../charts/deliveries-chart.js';
import { LatencyChart } from '../../charts/latency-chart.js';
import { PeriodPicker, usePeriod } from '../../charts/period-picker.js';
import { useStatistics } from '../../charts/use-statistics.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { AttentionCard } from './attention.js';
import { Figures } from './figures.js';
import { FirstSteps } from './first-steps.js';
import { LatestFailures } from './latest-failures.js';
import './overview.css';

/** How deliveries go, and what needs attention. */
export function Overview() {
  const period = usePeriod();
  const statistics = useStatistics(period);
  const webhooks = useQueries().useQuery(
    'get',
    '/v1/webhooks',
    { params: { query: { limit: 200 } } },
    { refetchInterval: 30_000 },
  );
  const hasNone = webhooks.data?.webhooks.length === 0;
  if (hasNone && (!statistics.data || totalsOf(statistics.data).attempts === 0))
    return (
      <Page title="Overview">
        <FirstSteps events={statistics.data ? totalsOf(statistics.data).events : 0} />
      </Page>
    );
  return (
    <Page title="Overview" actions={<PeriodPicker />}>
      <Loaded query={statistics} lines={3}>
        {(buckets) => <Figures buckets={buckets} unit={period.bucket} />}
      </Loaded>
      <Loaded query={webhooks} lines={3}>
        {({ webhooks, next_cursor: cursor }) =>
          hasNone ? <FirstSteps events={0} /> : <AttentionCard webhooks={webhooks} isAll={cursor === null} />
        }
      </Loaded>
      {statistics.data && (
        <div className="columns charts">
          <DeliveriesChart
            buckets={statistics.data}
            period={period}
            actions={<CsvButton webhookId={null} period={period} />}
          />
          <LatencyChart buckets={statistics.data} period={period} />
        </div>
      )}
      <LatestFailures />
    </Page>
  );
}

import { CsvButton } from '../../charts/csv-button.js';
import { DeliveriesChart } from '../../charts/deliveries-chart.js';
import { LatencyChart } from '../../charts/latency-chart.js';
import { PeriodPicker, usePeriod } from '../../charts/period-picker.js';
import { useStatistics } from '../../charts/use-statistics.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { Attention } from './attention.js';
import { Figures } from './figures.js';
import './overview.css';

/** How deliveries go, and what needs attention. */
export function Overview() {
  const period = usePeriod();
  const statistics = useStatistics(period);
  return (
    <Page title="Overview" actions={<PeriodPicker />}>
      <Loaded query={statistics} lines={3}>
        {(buckets) => <Figures buckets={buckets} unit={period.bucket} />}
      </Loaded>
      <Attention />
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
    </Page>
  );
}

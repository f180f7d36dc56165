import { Loaded } from '../ui/loaded.js';
import { CsvButton } from './csv-button.js';
import { DeliveriesChart } from './deliveries-chart.js';
import { LatencyChart } from './latency-chart.js';
import { PeriodPicker, usePeriod } from './period-picker.js';
import { useWebhookStatistics } from './use-statistics.js';

/** What happened to one webhook over time; the period is in the page's url. */
export function WebhookCharts({ webhookId }: { webhookId: number }) {
  const period = usePeriod();
  const query = useWebhookStatistics(webhookId, period);
  return (
    <div className="stack">
      <PeriodPicker />
      <Loaded query={query} lines={8}>
        {(buckets) => (
          <div className="columns charts">
            <DeliveriesChart
              buckets={buckets}
              period={period}
              actions={<CsvButton webhookId={webhookId} period={period} />}
            />
            <LatencyChart buckets={buckets} period={period} />
          </div>
        )}
      </Loaded>
    </div>
  );
}

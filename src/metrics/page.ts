import type { RequestListener } from 'node:http';
import { Registry } from 'prom-client';
import type { Logger } from '../log.js';
import { OnceAMinute } from '../once-a-minute.js';
import { counted } from './counted.js';

export interface MetricsPageOptions {
  gauges: Registry;
  /** `host:port` at which Temporal's SDK serves its metrics; absent: this process has none. */
  sdkAddress?: string | undefined;
  log: Logger;
}

const sdkTimeoutMs = 1_000;

/** `GET /metrics`: one page in Prometheus' text format with our metrics and those of Temporal's SDK. */
export function metricsPage({ gauges, sdkAddress, log }: MetricsPageOptions): RequestListener {
  const ours = Registry.merge([counted, gauges]);
  const onceAMinute = new OnceAMinute();
  const ofSdk = async () => {
    try {
      return sdkAddress === undefined ? '' : await sdkMetrics(sdkAddress);
    } catch (error) {
      if (onceAMinute.isDue('sdk')) log.warn({ error, sdkAddress }, "metrics.without_sdk: Temporal's are left out");
      return '';
    }
  };
  return (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics')
      return void response.writeHead(404, { 'Content-Type': 'text/plain' }).end('The metrics are at GET /metrics.\n');
    Promise.all([ours.metrics(), ofSdk()]).then(
      (parts) => response.writeHead(200, { 'Content-Type': ours.contentType }).end(parts.join('\n')),
      (error: unknown) => {
        log.error({ error }, 'metrics.failed');
        response.writeHead(500, { 'Content-Type': 'text/plain' }).end('The log says why: metrics.failed.\n');
      },
    );
  };
}

/** The SDK can only serve a page of its own, which nobody else reads. */
async function sdkMetrics(address: string): Promise<string> {
  const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(sdkTimeoutMs) });
  if (!response.ok) throw new Error(`the SDK's page of metrics answered ${response.status}`);
  return response.text();
}

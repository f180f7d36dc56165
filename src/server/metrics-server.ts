import { createServer, type AddressInfo } from 'node:net';
import { shareCheck } from '../api/http/share-check.js';
import { listen, type ListeningServer } from '../api/http/listen.js';
import type { Config } from '../config/service.js';
import { readBacklog } from '../db/backlog.js';
import type { Logger } from '../log.js';
import { countProcess } from '../metrics/counted.js';
import { metricsPage } from '../metrics/page.js';
import { serviceGauges } from '../metrics/service-gauges.js';
import { OnceAMinute } from '../once-a-minute.js';
import type { Databases } from './open-databases.js';

/** Whoever asks within this time gets the same numbers. */
const backlogEveryMs = 5_000;
const backlogTimeoutMs = 2_000;

/** The SDK's own metrics: where it serves them, of which `METRICS_ADDRESS` makes a part of our page. */
export async function sdkMetricsAddress({ metricsAddress, temporal }: Config): Promise<string | undefined> {
  return temporal.metricsAddress ?? (metricsAddress === undefined ? undefined : `127.0.0.1:${await freePort()}`);
}

export interface MetricsServerDeps {
  /** `METRICS_ADDRESS`. */
  address: string;
  /** Absent: this process has no worker. */
  sdkAddress: string | undefined;
  databases: Pick<Databases, 'api' | 'worker' | 'metrics'>;
  temporalProblems: () => number;
  log: Logger;
}

/** Serves the page of metrics. Rejects with a clear message when the port is taken. */
export function serveMetrics(deps: MetricsServerDeps): Promise<ListeningServer> {
  const { address, sdkAddress, databases, temporalProblems, log } = deps;
  countProcess();
  const onceAMinute = new OnceAMinute();
  const backlog = shareCheck(async () => {
    try {
      return await readBacklog(databases.metrics, backlogTimeoutMs);
    } catch (error) {
      if (onceAMinute.isDue('backlog')) log.warn({ error }, 'metrics.without_backlog: irisx_postgres_up is 0');
      return undefined;
    }
  }, backlogEveryMs);
  const { api, worker } = databases;
  const pools = { api: () => api.connections, ...(worker !== api && { worker: () => worker.connections }) };
  const page = metricsPage({ gauges: serviceGauges({ backlog, pools, temporalProblems }), sdkAddress, log });
  const colon = address.lastIndexOf(':');
  return listen(page, {
    host: address.slice(0, colon).replace(/^\[|\]$/g, ''),
    port: Number(address.slice(colon + 1)),
    purpose: { what: 'metrics', variable: 'METRICS_ADDRESS' },
  });
}

/** The SDK must be told a port and cannot say which one it took. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

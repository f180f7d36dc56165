import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseMetrics } from '../../../bench/sdk-metrics.js';
import { listen } from '../../../src/api/http/listen.js';
import type { Backlog } from '../../../src/db/backlog.js';
import { createLogger } from '../../../src/log.js';
import { metricsPage } from '../../../src/metrics/page.js';
import { serviceGauges, type ServiceState } from '../../../src/metrics/service-gauges.js';

const backlog: Backlog = {
  pending: 7,
  unstarted: 2,
  oldestUnstartedAt: null,
  waitingForRateLimit: 3,
  oldestPendingAt: null,
  oldestPendingMs: 61_500,
};

describe('the page of metrics', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const pageOf = (state: Partial<ServiceState>, sdkAddress?: string) =>
    serve(
      metricsPage({
        gauges: serviceGauges({
          backlog: async () => backlog,
          pools: { api: () => ({ open: 5, idle: 2, waiting: 4 }) },
          temporalProblems: () => 1,
          ...state,
        }),
        sdkAddress,
        log: createLogger({ level: 'silent', format: 'json' }),
      }),
    );
  const read = async (address: string) => {
    const response = await fetch(`http://${address}/metrics`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/);
    const samples = parseMetrics(await response.text());
    return (name: string) => samples.filter((sample) => sample.name === name).map(({ value }) => value);
  };

  it('shows what Postgres, the pools and the check of Temporal say', async () => {
    const values = await read(await pageOf({}));
    assert.deepEqual(values('irisx_postgres_up'), [1]);
    assert.deepEqual(values('irisx_deliveries_pending'), [7]);
    assert.deepEqual(values('irisx_deliveries_unstarted'), [2]);
    assert.deepEqual(values('irisx_deliveries_waiting_for_rate_limit'), [3]);
    assert.deepEqual(values('irisx_oldest_pending_seconds'), [61.5]);
    assert.deepEqual(values('irisx_postgres_connections'), [3, 2]);
    assert.deepEqual(values('irisx_postgres_waiting'), [4]);
    assert.deepEqual(values('irisx_temporal_problems'), [1]);
  });

  it('is served while Postgres is away, says so, and shows no old numbers', async () => {
    let isAway = false;
    const address = await pageOf({ backlog: async () => (isAway ? undefined : backlog) });
    assert.deepEqual((await read(address))('irisx_deliveries_pending'), [7]);
    isAway = true;
    const away = await read(address);
    assert.deepEqual(away('irisx_postgres_up'), [0]);
    assert.deepEqual(away('irisx_deliveries_pending'), []);
    assert.deepEqual(away('irisx_oldest_pending_seconds'), []);
    assert.deepEqual(away('irisx_temporal_problems'), [1]);
    isAway = false;
    assert.deepEqual((await read(address))('irisx_deliveries_pending'), [7]);
  });

  it("holds the SDK's metrics as they are, and is served without them", async () => {
    const sdk = await serve((request, response) => {
      if (request.url === '/metrics') response.end('# TYPE temporal_request counter\ntemporal_request{a="b"} 4\n');
      else response.writeHead(404).end();
    });
    const address = await pageOf({}, sdk);
    assert.deepEqual((await read(address))('temporal_request'), [4]);
    await closers.shift()!();
    const without = await read(address);
    assert.deepEqual(without('temporal_request'), []);
    assert.deepEqual(without('irisx_deliveries_pending'), [7]);
  });

  it('is at GET /metrics alone', async () => {
    const address = await pageOf({});
    assert.equal((await fetch(`http://${address}/`)).status, 404);
    assert.equal((await fetch(`http://${address}/metrics`, { method: 'POST' })).status, 404);
  });

  it('names its variable when its port is taken', async () => {
    const address = await pageOf({});
    const at = { host: '127.0.0.1', port: Number(address.split(':')[1]) };
    const purpose = { what: 'metrics', variable: 'METRICS_ADDRESS' };
    await assert.rejects(
      listen(() => undefined, { ...at, purpose }),
      /meant for metrics, is taken by another program.*set METRICS_ADDRESS to a free port/,
    );
  });
});

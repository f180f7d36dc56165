import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { parseMetrics, type Sample } from '../../bench/sdk-metrics.js';
import { findFreePort } from '../../src/dev/embedded/ports.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { startCollector, type Collector } from '../support/collector.js';
import { readPromql } from '../support/promql.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const callersTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const callersSpan = '00f067aa0ba902b7';

describe('a process with metrics and traces', function () {
  this.timeout(60_000);
  let stack: Stack;
  let child: ChildService;
  let collector: Collector;
  let receiver: Receiver;
  let batchReceiver: Receiver;
  let tenantId: string;
  let secret: string;
  let samples: Sample[];
  before(async () => {
    stack = await startStack({ parts: { api: false, worker: false } });
    collector = await startCollector();
    const address = `127.0.0.1:${await findFreePort()}`;
    child = await startChildService('service', stack.config, {
      env: { METRICS_ADDRESS: address, ...collector.env },
    });
    // The first delivery fails once.
    receiver = await startReceiver([500, 200]);
    tenantId = await stack.insertTenant();
    ({ secret } = await stack.insertWebhook(tenantId, { url: receiver.url }));
    await trigger('call-with', { traceparent: `00-${callersTrace}-${callersSpan}-01` });
    await waitFor(() => receiver.requests.length === 2, { what: 'the second attempt' });
    await trigger('call-without', {});
    batchReceiver = await startReceiver();
    const ofBatches = await stack.insertTenant();
    const { id } = await stack.insertWebhook(ofBatches, { url: batchReceiver.url });
    await stack.database.pool.query(
      'update webhooks set batch_max_events = 3, batch_max_wait_seconds = 60 where id = $1',
      [id],
    );
    for (const eventId of ['call-1', 'call-2', 'call-3']) await trigger(eventId, {}, ofBatches);
    const read = async () => {
      samples = parseMetrics(await (await fetch(`http://${address}/metrics`)).text());
      return sum('irisx_deliveries_ended_total', { outcome: 'delivered' }) >= 2 + 3;
    };
    await waitFor(read, { what: 'all deliveries in the metrics', intervalMs: 50 });
    assert.deepEqual(collector.spans, [], 'the first spans are sent after a minute');
    child.kill('SIGTERM');
    assert.equal((await child.exited).code, 0);
  });
  after(async () => {
    await child?.end();
    await collector?.close();
    await receiver?.close();
    await batchReceiver?.close();
    await stack?.close();
  });

  async function trigger(eventId: string, headers: Record<string, string>, ofTenant = tenantId) {
    const response = await fetch(`${child.url}/v1/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stack.adminKey}`, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({
        tenant_id: ofTenant,
        event_type: 'call.completed',
        event_id: eventId,
        payload: callCompleted,
      }),
    });
    assert.equal(response.status, 201);
  }

  const attempts = () => collector.spans.filter(({ name }) => name === 'attempt');
  const sum = (name: string, labels: Record<string, string> = {}) =>
    samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((total, { value }) => total + value, 0);

  it('counts what happens to events, deliveries and attempts', () => {
    assert.equal(sum('irisx_events_accepted_total', { event_type: 'call.completed' }), 5);
    assert.equal(batchReceiver.requests.length, 1);
    assert.equal(sum('irisx_deliveries_ended_total'), 5, 'each of the batch');
    assert.equal(sum('irisx_attempt_duration_seconds_count', { outcome: '5xx' }), 1);
    assert.equal(sum('irisx_attempt_duration_seconds_count', { outcome: '2xx' }), 3);
    assert.equal(sum('irisx_first_attempt_delay_seconds_count'), 3);
    const delay = sum('irisx_first_attempt_delay_seconds_sum');
    assert.ok(delay > 0 && delay < 30, String(delay));
    assert.equal(sum('irisx_postgres_up'), 1);
    assert.ok(sum('irisx_postgres_connections') > 0);
    assert.ok(sum('nodejs_eventloop_lag_p99_seconds') > 0);
  });

  it("shows the SDK's metrics on the same page", () => {
    assert.ok(sum('temporal_request', { operation: 'RespondWorkflowTaskCompleted' }) > 0);
  });

  it('has no label that any number of things could give a value', () => {
    const ours = samples.filter(({ name }) => name.startsWith('irisx_'));
    const labels = new Set(ours.flatMap((sample) => Object.keys(sample.labels)));
    assert.deepEqual([...labels].sort(), ['event_type', 'le', 'outcome', 'pool', 'reason', 'state']);
    for (const { labels } of samples)
      for (const value of Object.values(labels)) assert.ok(!value.includes(tenantId), value);
  });

  it('has every metric and label that the dashboard and the alerts read', () => {
    const folder = 'monitoring/grafana/dashboards';
    const { panels } = JSON.parse(readFileSync(`${folder}/irisx-webhooks.json`, 'utf8')) as {
      panels: { title: string; targets?: { expr: string; legendFormat: string }[] }[];
    };
    const { groups } = parse(readFileSync('monitoring/alerts.yml', 'utf8')) as {
      groups: { rules: { alert: string; expr: string; annotations: { summary: string } }[] }[];
    };
    const read = [
      ...panels.flatMap(({ title, targets = [] }) =>
        targets.map(({ expr, legendFormat }) => ({ what: title, expr, shows: legendFormat })),
      ),
      ...groups.flatMap(({ rules }) =>
        rules.map(({ alert, expr, annotations }) => ({ what: alert, expr, shows: annotations.summary })),
      ),
    ];
    assert.ok(read.length > 30);
    // These come from Prometheus itself.
    const page = [...samples, { name: 'up', labels: {}, value: 1 }];
    for (const { what, expr, shows } of read) {
      const { selectors, groupedBy } = readPromql(expr.replaceAll('$__rate_interval', '5m'));
      assert.ok(selectors.length > 0, what);
      const known = new Set(['job', 'instance']);
      for (const { metric, labels } of selectors) {
        const found = page.filter(({ name }) => name === metric);
        assert.ok(found.length > 0, `${what} reads ${metric}, which is not on the page`);
        for (const { labels } of found) for (const label of Object.keys(labels)) known.add(label);
        for (const label of labels) assert.ok(known.has(label), `${what} compares ${label}, which ${metric} lacks`);
      }
      const shown = [...shows.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, label]) => label!);
      for (const label of [...groupedBy, ...shown]) assert.ok(known.has(label), `${what} reads ${label}`);
    }
  });

  it("continues the caller's trace, from the request over the workflow to every attempt and the receiver", () => {
    const spans = collector.spans.filter(({ traceId }) => traceId === callersTrace);
    const names = spans.map(({ name }) => name).sort();
    assert.deepEqual(names, ['POST /v1/events', 'attempt', 'attempt', 'start deliverEvent']);
    const request = spans.find(({ name }) => name === 'POST /v1/events')!;
    assert.equal(request.parentSpanId, callersSpan);
    assert.equal(request.attributes['http.response.status_code'], 201);
    for (const span of spans) if (span !== request) assert.equal(span.parentSpanId, request.spanId, span.name);
    const [failed, succeeded] = spans.filter(({ name }) => name === 'attempt');
    assert.deepEqual(
      [failed!, succeeded!].map(({ attributes }) => attributes['http.response.status_code']),
      [500, 200],
    );
    assert.deepEqual(
      receiver.requests.slice(0, 2).map(({ headers }) => headers['traceparent']),
      [failed!, succeeded!].map(({ spanId }) => `00-${callersTrace}-${spanId}-01`),
    );
  });

  it('begins a trace for a caller without one, and sends the receiver none', () => {
    // Not that of the batch, which belongs to several requests.
    const requests = new Map(collector.spans.map((span) => [span.spanId, span]));
    const [attempt] = attempts().filter(
      ({ traceId, parentSpanId }) => traceId !== callersTrace && requests.has(parentSpanId ?? ''),
    );
    const spans = collector.spans.filter(({ traceId }) => traceId === attempt!.traceId);
    assert.deepEqual(spans.map(({ name }) => name).sort(), ['POST /v1/events', 'attempt', 'start deliverEvent']);
    const request = spans.find(({ name }) => name === 'POST /v1/events')!;
    assert.ok(!request.parentSpanId);
    assert.equal(attempt!.parentSpanId, request.spanId);
    assert.equal(receiver.requests[2]!.headers['traceparent'], undefined);
  });

  it("puts no tenant's data and no secret into spans", () => {
    const { from, call_sid: callSid } = callCompleted;
    for (const text of [receiver.url, from, callSid, 'call-with', secret, stack.adminKey])
      assert.ok(!collector.text.includes(text), text);
  });
});

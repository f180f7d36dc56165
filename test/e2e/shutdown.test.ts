import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type pg from 'pg';
import type { Config } from '../../src/config/service.js';
import { createLogger } from '../../src/log.js';
import { openService } from '../../src/server/open-service.js';
import { startChildService, type ChildExit, type ChildService } from '../support/child-service.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

/** The promise: the longest timeout that a webhook may have, plus 5 s. */
const maxStopMs = 35_000;

const silent = createLogger({ level: 'silent', format: 'json' });

interface Sent {
  id: string;
  webhookId: number;
  receiver: Receiver;
}

describe('a worker that gets SIGTERM', function () {
  this.timeout(90_000);
  let stack: Stack;
  let worker: ChildService;
  const receivers: Receiver[] = [];
  let succeeding: Sent;
  let failing: Sent;
  let retrying: Sent;
  let hanging: Sent;
  let backingOff: Sent;
  let stoppedAtMs: number;
  let exit: Promise<ChildExit>;

  before(async () => {
    stack = await startStack({ parts: { api: false, worker: false } });
    worker = await startChildService('worker', stack.config);

    hanging = await send((_request, response, index) => (index === 0 ? undefined : void response.end()), {
      timeoutMs: 30_000,
    });
    retrying = await send([500, { delayMs: 4_000 }]);
    backingOff = await send([500, 500, 500, 200]);
    await retrying.receiver.waitForRequests(2);
    await backingOff.receiver.waitForRequests(3);
    succeeding = await send({ delayMs: 4_000 });
    failing = await send([{ status: 500, delayMs: 4_000 }, 200]);
    for (const { receiver } of [succeeding, failing, hanging]) await receiver.waitForRequests(1);
    await waitFor(async () => (await stack.delivery(backingOff.id)).attempt_count === 3, { what: 'the third attempt' });
    worker.kill('SIGTERM');
    stoppedAtMs = performance.now();
    exit = worker.exited;
    await worker.waitForLine('process.draining');
    await (
      await stack.openAnother({ api: false, worker: true })
    ).ready;
  });
  after(async () => {
    await worker.end();
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  async function send(respond: Receiver['respond'], row: { timeoutMs?: number } = {}): Promise<Sent> {
    const receiver = await startReceiver(respond);
    receivers.push(receiver);
    const tenantId = await stack.insertTenant();
    const { id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url, ...row });
    const [id] = await stack.trigger(tenantId);
    assert.ok(id);
    return { id, webhookId, receiver };
  }

  async function assertDelivered({ id, webhookId, receiver }: Sent, requests: number): Promise<void> {
    await waitFor(async () => (await stack.delivery(id)).status === 'delivered', {
      what: `delivery ${id}`,
      timeoutMs: 50_000,
    });
    assert.equal(receiver.requests.length, requests, 'requests');
    assert.equal((await stack.delivery(id)).attempt_count, requests, 'attempts');
    assert.equal(receiver.maxOpenRequests, 1, 'requests open at once');
    await assertInvariants(stack.database.pool, webhookId);
  }

  it('lets a first attempt finish and records it', () => assertDelivered(succeeding, 1));

  it('records a first attempt that fails meanwhile, and another worker makes the next one', () =>
    assertDelivered(failing, 2));

  it('leaves a waiting retry to another worker, which makes it on time', async () => {
    await assertDelivered(backingOff, 4);
    const [third, fourth] = backingOff.receiver.requests.slice(2);
    assert.ok(fourth!.at - third!.at >= 3_900, `${fourth!.at - third!.at} ms after attempt 3`);
  });

  it('lets a retry finish and records it', () => assertDelivered(retrying, 2));

  it('waits for a request up to the longest timeout and records the timeout, and another worker makes the next attempt', async () => {
    await assertDelivered(hanging, 2);
    const { rows } = await stack.database.pool.query<{ duration_ms: number; error_class: string }>(
      'select duration_ms, error_class from webhook_attempts where delivery_id = $1 and number = 1',
      [hanging.id],
    );
    assert.equal(rows[0]?.error_class, 'timeout');
    assert.ok(rows[0].duration_ms >= 30_000);
  });

  it('exits with 0 within 35 s', async () => {
    const { code, signal, atMs } = await exit;
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.ok(atMs - stoppedAtMs < maxStopMs, `${atMs - stoppedAtMs} ms`);
    assert.deepEqual(
      worker.lines.filter(({ level }) => level === 'error' || level === 'fatal'),
      [],
    );
  });
});

describe('a process that gets SIGTERM', function () {
  this.timeout(60_000);
  let stack: Stack;
  let receiver: Receiver;
  const children: ChildService[] = [];
  const proxies: TcpProxy[] = [];

  before(async () => {
    receiver = await startReceiver();
    stack = await startStack({ parts: { api: false, worker: true } });
  });
  after(async () => {
    await Promise.all(children.map((child) => child.end()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await stack.close();
    await receiver.close();
  });

  async function startTemporalProxy(): Promise<TcpProxy> {
    const proxy = await startTcpProxy(Number(stack.config.temporal.address.split(':')[1]));
    proxies.push(proxy);
    return proxy;
  }

  const withTemporal = ({ port }: TcpProxy, taskQueue = stack.config.temporal.taskQueue): Config => ({
    ...stack.config,
    temporal: { ...stack.config.temporal, address: `127.0.0.1:${port}`, taskQueue },
  });

  async function startChild(name: 'api' | 'service'): Promise<ChildService> {
    const child = await startChildService(name, stack.config);
    children.push(child);
    return child;
  }

  /** A process in the middle of accepting an event; `release` lets it continue. */
  async function startAccepting(name: 'api' | 'service') {
    const child = await startChild(name);
    const tenantId = await stack.insertTenant();
    const { id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url });
    const lock = await stack.database.pool.connect();
    await lock.query('begin');
    await lock.query('select 1 from webhooks where id = $1 for update', [webhookId]);
    const response = fetch(`${child.url}/v1/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stack.adminKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        tenant_id: tenantId,
        event_type: 'call.completed',
        event_id: 'one',
        payload: callCompleted,
      }),
    });
    response.catch(() => undefined);
    await waitFor(() => isWaitedFor(lock), { what: 'the insert of the event' });
    return {
      child,
      webhookId,
      response,
      async release() {
        await lock.query('commit');
        lock.release();
      },
    };
  }

  /** Whether another session waits for a lock of this transaction. */
  async function isWaitedFor(lock: pg.PoolClient): Promise<boolean> {
    // Otherwise the transaction would keep showing its first snapshot of pg_stat_activity.
    await lock.query('select pg_stat_clear_snapshot()');
    const { rows } = await lock.query<{ waits: boolean }>(
      'select exists (select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))) as waits',
    );
    return rows[0]!.waits;
  }

  /** Waits for the delivery, for less time than the sweeper would take to find it. */
  const delivered = (webhookId: number) =>
    waitFor(
      async () => {
        const { rows } = await stack.database.pool.query(
          'select 1 from webhook_deliveries where webhook_id = $1 and status = $2',
          [webhookId, 'delivered'],
        );
        return rows.length === 1;
      },
      { what: 'the delivery' },
    );

  async function assertEndedWell(child: ChildService): Promise<void> {
    const { code, signal } = await child.exited;
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.deepEqual(
      child.lines.filter(({ level }) => level === 'error' || level === 'fatal'),
      [],
    );
  }

  for (const name of ['api', 'service'] as const) {
    scenario(`answers the open call, starts its deliveries and exits with 0 (${name})`, async () => {
      const { child, webhookId, response, release } = await startAccepting(name);
      child.kill('SIGTERM');
      await child.waitForLine('process.draining');
      await waitFor(
        () =>
          fetch(`${child.url}/healthz`).then(
            () => false,
            () => true,
          ),
        { what: 'new connections to be refused' },
      );
      await release();
      assert.equal((await response).status, 201);
      await delivered(webhookId);
      await assertEndedWell(child);
    });
  }

  scenario('answers a call of which a client has sent only the first line', async () => {
    const child = await startChild('api');
    const { hostname, port } = new URL(child.url!);
    const socket = connect(Number(port), hostname);
    const response = text(socket);
    socket.write('GET /nothing-here HTTP/1.1\r\n');
    // Its response proves that what was sent before it has been read.
    await fetch(`${child.url}/healthz`);
    child.kill('SIGTERM');
    await child.waitForLine('process.draining');
    socket.write('Host: localhost\r\n\r\n');
    assert.match(await response, /^HTTP\/1\.1 404 .*\r\nConnection: close\r\n/s);
    await assertEndedWell(child);
  });

  scenario('exits in time although clients have sent half a request, or nothing', async () => {
    const child = await startChild('api');
    const { hostname, port } = new URL(child.url!);
    const begun = ['', 'GET /healthz HTTP/1.1\r\nHost: local', 'POST /v1/events HTTP/1.1\r\nHost: localhost\r\n'];
    const body = `Authorization: Bearer ${stack.adminKey}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"`;
    for (const words of [...begun, `${begun[2]}${body}`]) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      socket.write(words);
    }
    // Its response proves that what was sent before it has been read.
    await fetch(`${child.url}/healthz`);
    child.kill('SIGTERM');
    const stoppedAtMs = performance.now();
    await assertEndedWell(child);
    const stopMs = (await child.exited).atMs - stoppedAtMs;
    assert.ok(stopMs < maxStopMs, `${stopMs} ms`);
  });

  scenario('exits within 10 s while it still tries to reach a silent Temporal', async () => {
    const temporal = await startTemporalProxy();
    temporal.freeze();
    const child = await startChildService('worker', withTemporal(temporal), { waitUntilReady: false });
    children.push(child);
    // The process runs and has its database, so its next step is Temporal.
    await waitFor(() => temporal.held() !== '', { what: 'its call to Temporal', timeoutMs: 30_000 });
    child.kill('SIGTERM');
    const stoppedAtMs = performance.now();
    await assertEndedWell(child);
    // Most orchestrators wait at least 10 s before they kill. The call alone would wait half a minute.
    const stopMs = (await child.exited).atMs - stoppedAtMs;
    assert.ok(stopMs < 10_000, `${stopMs} ms`);
  });

  scenario('records the request in flight and exits with 0 when Temporal is gone', async () => {
    const temporal = await startTemporalProxy();
    // A queue of its own, so that no other worker takes the delivery.
    const taskQueue = `test-${randomUUID()}`;
    const child = await startChildService('worker', withTemporal(temporal, taskQueue));
    children.push(child);
    const starting = await openService({ ...stack.config, temporal: { ...stack.config.temporal, taskQueue } }, silent, {
      api: false,
      worker: false,
    });
    const slow = await startReceiver({ delayMs: 3_000 });
    const tenantId = await stack.insertTenant();
    await stack.insertWebhook(tenantId, { url: slow.url });
    const event = { tenantId, eventType: 'call.completed' as const, eventId: 'one', payload: callCompleted };
    const { deliveries } = await starting.triggerEvent(event);
    await slow.waitForRequests(1);
    await temporal.cut();
    child.kill('SIGTERM');
    const stoppedAtMs = performance.now();
    await assertEndedWell(child);
    const stopMs = (await child.exited).atMs - stoppedAtMs;
    assert.ok(stopMs < maxStopMs, `${stopMs} ms`);
    assert.equal((await stack.delivery(deliveries[0]!.id)).status, 'delivered');
    assert.equal(slow.requests.length, 1);
    await starting.close();
    await slow.close();
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Config } from '../../src/config/service.js';
import { DatabaseUnavailableError, openDatabase } from '../../src/db/database.js';
import { createLogger } from '../../src/log.js';
import { openService, type Service } from '../../src/server/open-service.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { insertUnstarted } from '../support/insert-unstarted.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const log = createLogger({ level: 'silent', format: 'json' });

describe('an event that was accepted and not started', function () {
  this.timeout(90_000);
  let stack: Stack;
  const receivers: Receiver[] = [];
  const proxies: TcpProxy[] = [];
  const services: Service[] = [];
  const children: ChildService[] = [];

  before(async () => {
    stack = await startStack({ parts: { api: false, worker: true } });
  });
  after(async () => {
    await Promise.all(children.map((child) => child.end()));
    await Promise.all(services.map((service) => service.close()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  async function subscribe(): Promise<{ tenantId: string; webhookId: number; receiver: Receiver }> {
    const receiver = await startReceiver();
    receivers.push(receiver);
    const tenantId = await stack.insertTenant();
    const { id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url, rateLimitPerMinute: null });
    return { tenantId, webhookId, receiver };
  }

  async function temporalThroughProxy(): Promise<{ proxy: TcpProxy; config: Config }> {
    const proxy = await startTcpProxy(Number(stack.config.temporal.address.split(':')[1]));
    proxies.push(proxy);
    const config = { ...stack.config, temporal: { ...stack.config.temporal, address: `127.0.0.1:${proxy.port}` } };
    return { proxy, config };
  }

  const status = async (id: string) => (await stack.delivery(id)).status;
  /** The sweeper starts deliveries that were not started, after 15 s. */
  const delivered = (ids: string[], timeoutMs = 30_000) =>
    waitFor(async () => (await Promise.all(ids.map((id) => status(id)))).every((each) => each === 'delivered'), {
      what: `${ids.length} deliveries`,
      timeoutMs,
      intervalMs: 50,
    });

  scenario('no longer occurs within seconds after a long outage of Temporal ends', async () => {
    const { tenantId } = await subscribe();
    const { proxy, config } = await temporalThroughProxy();
    await proxy.cut();
    const service = await openService(config, log, { api: false, worker: false });
    services.push(service);
    const trigger = async () => {
      const event = { tenantId, eventType: 'call.completed' as const, eventId: randomUUID(), payload: callCompleted };
      return (await service.triggerEvent(event)).deliveries[0]!.id;
    };
    const cutAtMs = performance.now();
    await waitFor(async () => (await trigger()) && performance.now() - cutAtMs > 30_000, {
      what: 'the outage to last',
      timeoutMs: 40_000,
      intervalMs: 500,
    });
    await proxy.restore();
    const restoredAtMs = performance.now();
    const after: string[] = [];
    await waitFor(
      async () => {
        after.push(await trigger());
        return (await Promise.all(after.map((id) => status(id)))).includes('delivered');
      },
      { what: 'a delivery of what was triggered since', timeoutMs: 20_000, intervalMs: 250 },
    );
    // The sweeper would have waited for 15 s.
    const tookMs = performance.now() - restoredAtMs;
    assert.ok(tookMs < 14_000, `${tookMs} ms`);
  });

  scenario('field case 61: is delivered after a kill -9 of the process that accepted it', async () => {
    const { tenantId, webhookId, receiver } = await subscribe();
    const { proxy, config } = await temporalThroughProxy();
    proxy.freeze();
    const api = await startChildService('api', config);
    children.push(api);
    const response = await fetch(`${api.url}/v1/events`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${stack.adminKey}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        tenant_id: tenantId,
        event_type: 'call.completed',
        event_id: 'one',
        payload: callCompleted,
      }),
    });
    const { deliveries } = (await response.json()) as { deliveries: { id: string }[] };
    api.kill('SIGKILL');
    assert.equal(response.status, 201);
    assert.equal(receiver.requests.length, 0);
    await delivered([deliveries[0]!.id]);
    assert.equal(receiver.requests.length, 1);
    await assertInvariants(stack.database.pool, webhookId);
  });

  scenario('field case 61: is delivered by the sweeper', async () => {
    const { tenantId, webhookId, receiver } = await subscribe();
    const ids: string[] = [];
    for (let i = 0; i < 30; i++) ids.push(await insertUnstarted(stack.database.pool, tenantId));
    // A sweep starts it within 25 s, and an attempt of its own that was lost is repeated after 15 s.
    await delivered(ids, 60_000);
    assert.equal(receiver.requests.length, ids.length);
    await assertInvariants(stack.database.pool, webhookId);
  });

  scenario('field case 61: does not exist when its transaction was rolled back: nothing is delivered', async () => {
    const { tenantId, receiver } = await subscribe();
    const db = openDatabase({ url: stack.config.databaseUrl, poolSize: 1 });
    const broken = new Error('the caller changed its mind');
    const rolledBack = db.transaction(async (tx) => {
      await insertUnstarted(tx, tenantId, 'rolled back');
      throw broken;
    });
    await assert.rejects(rolledBack, broken);
    await db.close();
    await assertOnlyNextIsDelivered(tenantId, receiver);
  });

  scenario(
    'field case 61: does not exist when its connection broke in the transaction: the caller gets an error, nothing is delivered',
    async () => {
      const { tenantId, webhookId, receiver } = await subscribe();
      const lock = await stack.database.pool.connect();
      const { rows } = await lock.query<{ pid: number }>('select pg_backend_pid() as pid');
      await lock.query('begin');
      await lock.query('select from webhooks where id = $1 for update', [webhookId]);
      const triggered = stack.trigger(tenantId, 'cut off');
      triggered.catch(() => undefined);
      await waitFor(
        async () => {
          // Outside the transaction, which would keep showing its first snapshot of pg_stat_activity.
          const { rowCount } = await stack.database.pool.query(
            'select pg_terminate_backend(pid) from pg_stat_activity where $1 = any(pg_blocking_pids(pid))',
            [rows[0]!.pid],
          );
          return rowCount === 1;
        },
        { what: 'the insert to wait for the lock' },
      );
      await assert.rejects(triggered, DatabaseUnavailableError);
      await lock.query('commit');
      lock.release();
      await assertOnlyNextIsDelivered(tenantId, receiver);
    },
  );

  /** The event that the sweeper starts next is the only one. */
  async function assertOnlyNextIsDelivered(tenantId: string, receiver: Receiver): Promise<void> {
    await delivered([await insertUnstarted(stack.database.pool, tenantId, 'next')]);
    assert.deepEqual(
      receiver.requests.map(({ headers }) => headers['x-irisx-event-id']),
      ['next'],
    );
    const { rows } = await stack.database.pool.query('select event_id from webhook_events where tenant_id = $1', [
      tenantId,
    ]);
    assert.deepEqual(rows, [{ event_id: 'next' }]);
  }
});

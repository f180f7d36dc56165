import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { startTransactionPooler, type TransactionPooler } from '../support/transaction-pooler.js';
import { waitFor } from '../support/wait-for.js';
import { maxTakeMs } from '../../workflows/contract/time-budget.js';

const noLimit = { rateLimitPerMinute: null, rateLimitPerHour: null };

/** Waits until every event is delivered. */
const allDelivered = (stack: Stack, count: number) =>
  waitFor(
    async () => {
      const { rows } = await stack.database.pool.query<{ status: string; count: number }>(
        'select status, count(*)::int as count from webhook_deliveries group by status',
      );
      return rows.length === 1 && rows[0]!.status === 'delivered' && rows[0]!.count === count;
    },
    { what: `${count} deliveries`, timeoutMs: 90_000, intervalMs: 100 },
  );

function call(stack: Stack, method: string, path: string, key: string, body?: object): Promise<Response> {
  return fetch(`${stack.service.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
}
const trigger = (stack: Stack, tenantId: string, eventId: string) =>
  call(stack, 'POST', '/v1/events', stack.adminKey, {
    tenant_id: tenantId,
    event_type: 'call.completed',
    event_id: eventId,
    payload: callCompleted,
  });

/** How many deliveries wait for a lock to take their token. */
async function takesWaiting(stack: Stack): Promise<number> {
  // Not in the holder's transaction, which would keep showing its first snapshot of pg_stat_activity.
  const { rows } = await stack.database.pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%take_attempt%'`,
  );
  return rows[0]!.count;
}

describe('connections to Postgres', function () {
  this.timeout(150_000);
  let stack: Stack | undefined;
  let pooler: TransactionPooler | undefined;
  let receiver: Receiver;
  before(async () => void (receiver = await startReceiver(200)));
  afterEach(async () => {
    await stack?.close();
    await pooler?.close();
    stack = pooler = undefined;
  });
  after(() => receiver.close());

  it('field case 81: may go through a pooler in transaction mode: every trigger is accepted and delivered', async () => {
    const own = await startStack({ parts: { api: false, worker: false } });
    try {
      // Fewer sessions than each pool has connections, so that connections share sessions in any order.
      pooler = await startTransactionPooler(own.database.url, 3);
      stack = await startStack({
        database: { ...own.database, url: pooler.url, drop: () => Promise.resolve() },
        config: { databasePoolSize: 20 },
      });
      const tenantId = await own.insertTenant();
      await stack.insertWebhook(tenantId, { url: receiver.url, ...noLimit });
      const statuses = new Set<number>();
      let next = 0;
      const tenAtATime = Array.from({ length: 10 }, async () => {
        while (next < 100) statuses.add((await trigger(stack!, tenantId, `event ${next++}`)).status);
      });
      await Promise.all(tenAtATime);
      assert.deepEqual([...statuses], [201]);
      await allDelivered(own, 100);
      assert.ok(pooler.changes > 20, 'sessions of the server changed');
      await stack.close();
      stack = undefined;
    } finally {
      await pooler?.close();
      pooler = undefined;
      await own.close();
    }
  });

  it('may be just one per pool: nothing takes a second one while it holds the first', async () => {
    stack = await startStack({ config: { databasePoolSize: 1 } });
    const tenantId = await stack.insertTenant();
    const other = await stack.insertTenant();
    const gone = await startReceiver(410);
    try {
      const { id } = await stack.insertWebhook(tenantId, { url: receiver.url, ...noLimit });
      await stack.insertWebhook(other, { url: gone.url, ...noLimit });
      const path = `/v1/tenants/${tenantId}/api-keys`;
      const scopes = ['webhooks:read', 'webhooks:write'];
      const made = await call(stack, 'POST', path, stack.adminKey, { name: 'x', scopes });
      const { key } = (await made.json()) as { key: string };
      for (const [method, path, body, status] of [
        ['PATCH', `/v1/webhooks/${id}`, { enabled: false }, 200],
        ['POST', '/v1/events', undefined, 201],
        ['PATCH', `/v1/webhooks/${id}`, { enabled: true, rate_limit_per_minute: 100, max_retries: 2 }, 200],
        ['POST', `/v1/webhooks/${id}/test`, {}, 202],
        ['POST', `/v1/webhooks/${id}/rotate-secret`, { overlap_seconds: 60 }, 200],
        ['GET', `/v1/webhooks/${id}/deliveries`, undefined, 200],
        ['PUT', `/v1/tenants/${tenantId}/limits`, { call_minutes: 100 }, 200],
        ['GET', '/readyz', undefined, 200],
      ] as const) {
        const isAdmin = path.startsWith('/v1/tenants');
        const response: Response =
          path === '/v1/events'
            ? await trigger(stack, tenantId, 'held')
            : await call(stack, method, path, isAdmin ? stack.adminKey : key, body);
        assert.equal(response.status, status, `${method} ${path} ${await response.text()}`);
      }
      const responses = await Promise.all(
        Array.from({ length: 30 }, (_, i) => trigger(stack!, tenantId, `event ${i}`)),
      );
      assert.deepEqual([...new Set(responses.map(({ status }) => status))], [201]);
      // The worker disables the webhook and holds its other deliveries, in a transaction.
      assert.equal((await trigger(stack, other, 'gone')).status, 201);
      await waitFor(async () => (await stack!.database.pool.query('select from webhooks where not enabled')).rowCount, {
        what: 'the 410 to disable its webhook',
      });
      await stack.database.pool.query('delete from webhook_deliveries where tenant_id = $1', [other]);
      await allDelivered(stack, 32);
      assert.equal((await call(stack, 'DELETE', `/v1/webhooks/${id}`, key)).status, 204);
    } finally {
      await gone.close();
    }
  });

  it('for triggers stay free while deliveries wait for a lock, and those deliveries are retried', async () => {
    stack = await startStack({ config: { databasePoolSize: 6 } });
    const locked = await stack.insertTenant();
    const { id } = await stack.insertWebhook(locked, { url: receiver.url, ...noLimit });
    const free = await stack.insertTenant();
    await stack.insertWebhook(free, { url: receiver.url, ...noLimit });
    const holder = await stack.database.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select from webhook_limiters where webhook_id = $1 for update', [id]);
      for (let i = 0; i < 30; i++) assert.equal((await trigger(stack, locked, `locked ${i}`)).status, 201);
      await waitFor(async () => (await takesWaiting(stack!)) >= 3, { what: 'the whole pool of the worker to wait' });
      for (let i = 0; i < 20; i++) assert.equal((await trigger(stack, free, `free ${i}`)).status, 201);
      assert.equal((await call(stack, 'GET', '/readyz', stack.adminKey)).status, 200);
      assert.ok((await takesWaiting(stack)) >= 3, 'they wait all the while');
      await holder.query('rollback');
    } finally {
      holder.release(true);
    }
    await allDelivered(stack, 50);
  });

  it('that give a token too late cost seconds: nothing is sent with it, and it is given back before its lease ends', async () => {
    stack = await startStack();
    const tenantId = await stack.insertTenant();
    const { id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url, ...noLimit });
    const { pool } = stack.database;
    const holder = await pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select from webhook_limiters where webhook_id = $1 for update', [webhookId]);
      assert.equal((await trigger(stack, tenantId, 'late')).status, 201);
      await waitFor(async () => (await takesWaiting(stack!)) > 0, { what: 'the delivery to wait for the lock' });
      await delay(maxTakeMs + 200);
      await holder.query('rollback');
    } finally {
      holder.release(true);
    }
    await allDelivered(stack, 1);
    const { rows } = await pool.query<{ ms: number }>(
      `select (extract(epoch from a.started_at - d.created_at) * 1000)::integer as ms
         from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id`,
    );
    assert.deepEqual([rows.length, receiver.requests.at(-1)?.headers['x-irisx-attempt']], [1, '1']);
    // With its lease, the webhook's timeout of 10 s and 5 s, it would be more.
    assert.ok(rows[0]!.ms > maxTakeMs && rows[0]!.ms < maxTakeMs + 15_000, `${rows[0]!.ms} ms`);
  });
});

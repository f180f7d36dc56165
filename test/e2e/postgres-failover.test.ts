import assert from 'node:assert/strict';
import pg from 'pg';
import { startChildService, type ChildService } from '../support/child-service.js';
import { startPostgresPair, type PostgresPair } from '../support/postgres-pair.js';
import { holdResponse, startReceiver, type Receiver } from '../support/receiver.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

/** This many triggers accepted in a row count as healthy. */
const streak = 40;

describe('field case 80: a failover of Postgres, with sessions that still lead to the old primary', function () {
  this.timeout(180_000);
  let pair: PostgresPair;
  let proxy: TcpProxy;
  let stack: Stack;
  let child: ChildService;
  let receiver: Receiver;
  let held: Receiver;
  /** Connected to the old primary directly, not through the proxy. */
  let pool: pg.Pool;
  const heldResponse = holdResponse();

  before(async () => {
    pair = await startPostgresPair();
    proxy = await startTcpProxy(pair.first.port);
    pool = new pg.Pool({ connectionString: pair.first.url });
    // When the old primary stops, it cuts the pool's idle connections.
    pool.on('error', () => {});
    const url = throughProxy(pair.first.url, proxy);
    stack = await startStack({
      parts: { api: false, worker: false },
      database: { url, pool, drop: () => Promise.resolve() },
    });
    child = await startChildService('service', stack.config);
    receiver = await startReceiver(200);
    held = await startReceiver(heldResponse.respond);
  });
  after(async () => {
    await child?.end();
    await stack?.close();
    await Promise.all([receiver?.close(), held?.close(), proxy?.close(), pool?.end()]);
    await pair?.stop();
  });

  const call = (path: string, body?: object) =>
    fetch(`${child.url}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { Authorization: `Bearer ${stack.adminKey}`, 'Content-Type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  let events = 0;
  const accepted: string[] = [];
  async function trigger(tenantId: string): Promise<Response> {
    const event_id = `event ${++events}`;
    const body = { tenant_id: tenantId, event_type: 'call.completed', event_id, payload: callCompleted };
    const response = await call('/v1/events', body);
    if (response.status === 201) accepted.push(event_id);
    else assert.equal(response.status, 503, await response.text());
    return response;
  }
  /** Resolves when that many triggers in a row were accepted, with the number of those refused before. */
  async function untilHealthy(tenantId: string): Promise<number> {
    let [inARow, refused] = [0, 0];
    await waitFor(
      async () => {
        if ((await trigger(tenantId)).status === 201) inARow += 1;
        else [inARow, refused] = [0, refused + 1];
        return inARow === streak;
      },
      { what: `${streak} accepted triggers in a row`, timeoutMs: 60_000 },
    );
    return refused;
  }

  it('makes the service refuse writes but answer reads meanwhile, and lose nothing and send nothing twice', async () => {
    const [tenantId, heldTenantId] = [await stack.insertTenant(), await stack.insertTenant()];
    await stack.insertWebhook(tenantId, { url: receiver.url, rateLimitPerMinute: null, rateLimitPerHour: null });
    // Its request is open until Postgres has changed to read-only, however long that takes here.
    await stack.insertWebhook(heldTenantId, { url: held.url, timeoutMs: 30_000 });
    await trigger(heldTenantId);
    await held.waitForRequests(1);
    assert.equal(await untilHealthy(tenantId), 0);

    await pair.demoteFirst();
    await waitFor(async () => (await call('/readyz')).status === 503, { what: 'not to be ready', timeoutMs: 30_000 });
    assert.equal(((await (await call('/readyz')).json()) as { postgres: string }).postgres, 'read_only');
    for (let i = 0; i < 20; i++) {
      const refused = await trigger(tenantId);
      assert.deepEqual([refused.status, refused.headers.get('Retry-After')], [503, '5']);
    }
    assert.equal((await call('/v1/tenants', { name: 'x' })).status, 503);
    assert.equal((await call('/v1/tenants')).status, 200);
    heldResponse.release();

    await pair.promoteSecond();
    proxy.retarget(pair.second.port);
    // Every session opened before still leads to the old primary and stays open there.
    await untilHealthy(tenantId);
    await waitFor(async () => (await call('/readyz')).status === 200, { what: 'to be ready', timeoutMs: 30_000 });

    const now = new pg.Pool({ connectionString: pair.second.url });
    now.on('error', () => {});
    try {
      await waitFor(
        async () => {
          const { rows } = await now.query<{ event_id: string }>(
            `select event_id from webhook_deliveries where status = 'delivered'`,
          );
          const delivered = new Set(rows.map(({ event_id }) => event_id));
          return accepted.every((event) => delivered.has(event));
        },
        { what: 'all accepted events to be delivered', timeoutMs: 60_000 },
      );
      const { rows } = await now.query(`select attempt_count from webhook_deliveries where tenant_id = $1`, [
        heldTenantId,
      ]);
      assert.deepEqual(rows, [{ attempt_count: 1 }]);
    } finally {
      await now.end();
    }
    assert.equal(held.requests.length, 1);
    assert.equal(child.hasExited(), false);
    const internal = child.lines.filter(({ msg }) => msg === 'request.failed');
    assert.deepEqual(internal, []);
  });
});

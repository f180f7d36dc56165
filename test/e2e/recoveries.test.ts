import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { insertBacklog } from '../support/insert-backlog.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const count = 700;
const unlimited = { rate_limit_per_minute: null, rate_limit_per_hour: null };

describe('a recovery', function () {
  this.timeout(180_000);
  let stack: Stack;
  let proxy: TcpProxy;
  let tenant: TenantClient;
  const receivers: Receiver[] = [];
  const children: ChildService[] = [];

  before(async () => {
    // Its workers are other processes; the API starts their workflows.
    stack = await startStack({ parts: { api: true, worker: false } });
    proxy = await startTcpProxy(Number(new URL(stack.database.url).port));
    tenant = await createTenantClient(stack);
  });
  after(async () => {
    await Promise.all(children.map((child) => child.end()));
    await proxy.close();
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  async function startWorker(): Promise<ChildService> {
    const config = { ...stack.config, databaseUrl: throughProxy(stack.database.url, proxy) };
    const worker = await startChildService('worker', config);
    children.push(worker);
    return worker;
  }

  async function webhookWithFailed(limits: Record<string, number | null> = unlimited) {
    const receiver = await startReceiver();
    receivers.push(receiver);
    const { id: webhookId } = await tenant.createWebhook({ url: receiver.url, events: ['call.completed'], ...limits });
    await insertBacklog(stack.database.pool, { tenantId: tenant.tenantId, webhookId, status: 'failed', count });
    return { webhookId, receiver, recoveries: `/v1/webhooks/${webhookId}/recoveries` };
  }

  const deliveryOf = ({ headers }: Receiver['requests'][number]) => headers['x-irisx-delivery'] as string;
  const unfinished = async (webhookId: number) => {
    const { rows } = await stack.database.pool.query<{ id: string }>(
      `select id from webhook_deliveries where webhook_id = $1 and status <> 'delivered'`,
      [webhookId],
    );
    return new Set(rows.map(({ id }) => id));
  };

  it('neither skips nor doubles a delivery when its workers are killed, at any time and before a batch is committed', async () => {
    const { webhookId, receiver, recoveries } = await webhookWithFailed();
    let worker = await startWorker();
    /** Requests whose sender was killed before it recorded the response: they may be sent again. */
    const unrecorded = new Set<string>();
    const kill = async () => {
      worker.kill('SIGKILL');
      await worker.exited;
      await proxy.cut();
      await proxy.restore();
      const open = await unfinished(webhookId);
      for (const id of receiver.requests.map(deliveryOf)) if (open.has(id)) unrecorded.add(id);
      worker = await startWorker();
    };
    const created = await tenant.post(recoveries, { statuses: ['failed'] });
    assert.equal(created.status, 202);
    const { id, total } = created.body.recovery as { id: string; total: number };
    assert.equal(total, count);
    await receiver.waitForRequests(20);
    await kill();
    // While it waits for the answer to a batch that Postgres never got.
    await receiver.waitForRequests(60, 60_000);
    await waitFor(
      async () => {
        proxy.freeze();
        await delay(300);
        return proxy.held().includes('requeue_batch') || void (await proxy.restore());
      },
      { what: 'a batch under way', timeoutMs: 60_000 },
    );
    await kill();
    const recovery = async () => (await tenant.get(`${recoveries}/${id}`)).body.recovery as Record<string, unknown>;
    await waitFor(async () => (await recovery())['status'] === 'completed', { what: 'its end', timeoutMs: 90_000 });
    const { requeued, delivered, failed } = await recovery();
    assert.deepEqual([requeued, delivered, failed], [count, count, 0]);
    const received = receiver.requests.map(deliveryOf);
    assert.equal(new Set(received).size, count, 'none is skipped');
    const doubled = received.filter((each, index) => received.indexOf(each) !== index);
    assert.deepEqual(
      doubled.filter((each) => !unrecorded.has(each)),
      [],
      'none is doubled',
    );
    await assertInvariants(stack.database.pool, webhookId);
  });

  it('is started by the sweeper if its workflow was not, and leaves the rest alone when it is cancelled', async () => {
    const { webhookId, receiver, recoveries } = await webhookWithFailed({ rate_limit_per_minute: 20 });
    // As if Temporal had been away when it was created.
    const { rows } = await stack.database.pool.query<{ id: string }>(
      `insert into webhook_recoveries (webhook_id, tenant_id, statuses, include_missing, total, checked_at)
       values ($1, $2, '{failed}', false, $3, now() - interval '2 min') returning id`,
      [webhookId, tenant.tenantId, count],
    );
    const id = rows[0]!.id;
    await receiver.waitForRequests(20, 60_000);
    const cancelled = await tenant.delete(`${recoveries}/${id}`);
    assert.equal(cancelled.body.recovery.status, 'cancelled');
    const { requeued } = cancelled.body.recovery as { requeued: number };
    assert.ok(requeued >= 20 && requeued <= 40, `${requeued} were on their way`);
    assert.equal(
      await stack.temporal.workflow
        .getHandle(`webhook-${webhookId}/recovery/${id}`)
        .result()
        .then(() => 'over'),
      'over',
    );
    const { rows: left } = await stack.database.pool.query(
      `select count(*)::int from webhook_deliveries where webhook_id = $1 and status = 'failed'`,
      [webhookId],
    );
    assert.deepEqual(left, [{ count: count - requeued }]);
  });
});

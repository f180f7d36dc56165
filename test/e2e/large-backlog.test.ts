import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { insertBacklog } from '../support/insert-backlog.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const backlog = 8_000;

describe('field case 90: a webhook with a large backlog', function () {
  this.timeout(180_000);
  let stack: Stack;
  let receiver: Receiver;
  let tenant: TenantClient;
  let webhookId: number;
  before(async () => {
    stack = await startStack();
    receiver = await startReceiver(() => 200);
    tenant = await createTenantClient(stack);
    ({ id: webhookId } = await tenant.createWebhook({
      url: receiver.url,
      rate_limit_per_minute: 1,
      enabled: false,
    }));
    await insertBacklog(stack.database.pool, { tenantId: tenant.tenantId, webhookId, status: 'held', count: backlog });
  });
  after(async () => {
    await stack.close();
    await receiver.close();
  });

  const counts = async (): Promise<Record<string, number>> => {
    const { rows } = await stack.database.pool.query<{ status: string; count: number }>(
      'select status, count(*)::int from webhook_deliveries where webhook_id = $1 group by status',
      [webhookId],
    );
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  };
  const settled = () =>
    waitFor(
      async () => {
        const { rows } = await stack.database.pool.query<{ settled: boolean }>(
          'select settling_since is null as settled from webhooks where id = $1',
          [webhookId],
        );
        return rows[0]!.settled;
      },
      { what: 'all deliveries to follow', timeoutMs: 120_000, intervalMs: 100 },
    );

  it('is resumed, paused and deleted immediately; its deliveries follow, and other tenants are not affected', async () => {
    const healthy = await startReceiver(() => 200);
    const other = await createTenantClient(stack);
    await other.createWebhook({ url: healthy.url, rate_limit_per_minute: null, rate_limit_per_hour: null });
    let isOver = false;
    let triggered = 0;
    const load = (async () => {
      // Each must be accepted: trigger fails on any other response.
      for (; !isOver; triggered++) {
        await other.trigger();
        await delay(100);
      }
    })();
    try {
      const resumed = await tenant.patch(`/v1/webhooks/${webhookId}`, { enabled: true });
      assert.equal(resumed.status, 200);
      assert.ok((await counts())['held']! > backlog / 2, 'most follow after the answer');
      assert.notEqual(resumed.body.webhook.settling_since, null);

      // No wait here: the next setting counts immediately, even while deliveries still follow the previous one.
      const paused = await tenant.patch(`/v1/webhooks/${webhookId}`, { enabled: false });
      assert.equal(paused.status, 200);
      await settled();
      const afterPause = await counts();
      assert.equal((afterPause['held'] ?? 0) + (afterPause['delivered'] ?? 0), backlog);
      await assertInvariants(stack.database.pool, webhookId);

      assert.equal((await tenant.delete(`/v1/webhooks/${webhookId}`)).status, 204);
      await settled();
      const afterDelete = await counts();
      assert.equal((afterDelete['cancelled'] ?? 0) + (afterDelete['delivered'] ?? 0), backlog);
      await assertInvariants(stack.database.pool, webhookId);
    } finally {
      isOver = true;
      await load;
    }
    await waitFor(() => healthy.requests.length === triggered, { what: `${triggered} events at the other's receiver` });
    await healthy.close();
  });
});

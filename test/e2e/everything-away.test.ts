import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { startChildService, type ChildService } from '../support/child-service.js';
import { assertInvariants } from '../support/invariants.js';
import { holdResponse, startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

const deliveries = 8;
/** Longer than a request counts as open (timeout plus 5 s), and longer than Temporal waits for a workflow task. */
const outageMs = 15_000;

describe('with Postgres and Temporal away together, as when one Postgres serves both', function () {
  this.timeout(180_000);
  let stack: Stack;
  let postgres: TcpProxy;
  let temporal: TcpProxy;
  let receiver: Receiver;
  const services: ChildService[] = [];
  before(async () => {
    stack = await startStack({ parts: { api: false, worker: false } });
    postgres = await startTcpProxy(Number(new URL(stack.database.url).port));
    temporal = await startTcpProxy(Number(stack.config.temporal.address.split(':')[1]));
    const config = {
      ...stack.config,
      databaseUrl: throughProxy(stack.database.url, postgres),
      temporal: { ...stack.config.temporal, address: `127.0.0.1:${temporal.port}` },
    };
    services.push(...(await Promise.all([startChildService('service', config), startChildService('service', config)])));
  });
  after(async () => {
    await Promise.all(services.map((service) => service.end()));
    await receiver?.close();
    await postgres.close();
    await temporal.close();
    await stack.close();
  });

  it('issue 8.6: no process sends again what was answered meanwhile', async () => {
    const held = holdResponse();
    receiver = await startReceiver(held.respond);
    const tenantId = await stack.insertTenant();
    const { id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url, timeoutMs: 8_000 });
    const ids: string[] = [];
    for (let i = 0; i < deliveries; i++) {
      const response = await fetch(`${services[i % 2]!.url}/v1/events`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${stack.adminKey}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({
          tenant_id: tenantId,
          event_type: 'webhook.test',
          event_id: `event-${i}`,
          payload: { webhook_id: webhookId, message: 'x' },
        }),
      });
      const body = (await response.json()) as { deliveries: { id: string }[] };
      assert.equal(response.status, 201, JSON.stringify(body));
      ids.push(body.deliveries[0]!.id);
    }
    await receiver.waitForRequests(deliveries);
    await postgres.cut();
    await temporal.cut();
    held.release();
    await delay(outageMs);
    await postgres.restore();
    await temporal.restore();
    await waitFor(
      async () => (await Promise.all(ids.map(stack.delivery))).every(({ status }) => status === 'delivered'),
      { what: 'all to be delivered', timeoutMs: 90_000, intervalMs: 100 },
    );
    assert.equal(receiver.requests.length, deliveries, 'requests at the receiver');
    for (const id of ids) assert.equal((await stack.delivery(id)).attempt_count, 1);
    await assertInvariants(stack.database.pool, webhookId);
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { recordAttempt } from '../../src/db/attempts.js';
import { createTenantClient } from '../support/api-client.js';
import { startReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('a change of health', function () {
  this.timeout(60_000);
  let stack: Stack;
  const receivers: Receiver[] = [];
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  /** A webhook that subscribes to everything and makes one attempt per delivery, and one that watches it. */
  async function watchedWebhook() {
    const [receiver, watcher] = [await startReceiver(500), await startReceiver()];
    receivers.push(receiver, watcher);
    const tenant = await createTenantClient(stack);
    const { id } = await tenant.createWebhook({ url: receiver.url, max_retries: 0 });
    const events = ['webhook.failing', 'webhook.recovered', 'webhook.disabled'];
    await tenant.createWebhook({ url: watcher.url, events });
    const healthIs = (state: string) =>
      waitFor(async () => (await tenant.webhook(id)).webhook.health.state === state, { what: `it to be ${state}` });
    return { tenant, id, receiver, watcher, healthIs };
  }

  const eventOf = ({ body }: ReceivedRequest) => JSON.parse(body.toString()) as { event: string; data: object };

  it('is announced by a sweep if the process that recorded the change was killed', async () => {
    const { tenant, id, watcher } = await watchedWebhook();
    await tenant.patch(`/v1/webhooks/${id}`, { enabled: false });
    const [delivery] = await tenant.trigger();
    // Enabled as if nobody had started the delivery yet; then recorded without what follows.
    await stack.database.pool.query('update webhooks set enabled = true where id = $1', [id]);
    await recordAttempt(stack.database.pool, {
      ...{ deliveryId: delivery!, requestId: randomUUID(), number: 1, targetVersion: 0, token: null },
      ...{
        startedAt: new Date().toISOString(),
        durationMs: 5,
        elapsedMs: 5,
        statusCode: 410,
        target: 'primary' as const,
      },
      ...{ requestHeaders: {}, responseHeaders: {}, responseBody: '', responseTruncated: false },
      ...{
        error: { class: 'http_status', message: '410' },
        verdict: 'gone',
        retryWaitMs: 0,
        disabledReason: '410 Gone',
      },
    });
    const [request] = await watcher.waitForRequests(1);
    assert.equal(eventOf(request!).event, 'webhook.disabled');
  });

  it('makes one event for each change, for the other webhook alone, without waiting for a sweep', async () => {
    const sweeps = stack.temporal.schedule.getHandle(`${stack.config.temporal.taskQueue}-sweep`);
    await sweeps.pause();
    const { tenant, id, receiver, watcher, healthIs } = await watchedWebhook();
    for (let i = 0; i < 7; i++) await tenant.trigger();
    await healthIs('failing');
    await watcher.waitForRequests(1);
    receiver.respond = 200;
    await tenant.trigger();
    await healthIs('healthy');
    await watcher.waitForRequests(2);
    receiver.respond = 410;
    await tenant.trigger();
    await watcher.waitForRequests(3);
    await healthIs('disabled');
    assert.deepEqual(
      watcher.requests.map((request) => eventOf(request).event),
      ['webhook.failing', 'webhook.recovered', 'webhook.disabled'],
    );
    const { webhook } = await tenant.webhook(id);
    assert.deepEqual(eventOf(watcher.requests[2]!).data, {
      webhook_id: id,
      url: webhook.url,
      since: webhook.disabled_at,
      reason: webhook.disabled_reason,
      consecutive_failures: 1,
    });
    const types = new Set(receiver.requests.map((request) => eventOf(request).event));
    assert.deepEqual([...types], ['call.completed'], 'nothing about itself');
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createTenantClient, type ApiResponse, type TenantClient } from '../support/api-client.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { sendEvent, type SentDelivery } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';

describe('a tenant', function () {
  this.timeout(60_000);
  let stack: Stack;
  let receiver: Receiver;
  let failing: Receiver;
  before(async () => {
    stack = await startStack();
    receiver = await startReceiver();
    failing = await startReceiver(500);
  });
  after(async () => {
    await stack.close();
    await Promise.all([receiver.close(), failing.close()]);
  });

  /** Both calls are refused with the same words, except for the id that was asked for. */
  const assertAlike = (theirs: ApiResponse, missing: ApiResponse, what: string): void => {
    assert.equal(theirs.status, 404, what);
    const withoutId = ({ status, body }: ApiResponse) => [
      status,
      { ...body, detail: String(body['detail']).replace(/(There is no \w+) [^;. ]+/, '$1') },
    ];
    assert.deepEqual(withoutId(theirs), withoutId(missing), what);
  };

  /** Everything that would show a change of the delivery or its webhook. */
  const stateOf = async ({ tenant, webhookId, read }: SentDelivery) => [await tenant.webhook(webhookId), await read()];

  it("field case 34: cannot reach another's webhook or delivery; nothing is sent, nothing is counted", async () => {
    const theirs = await sendEvent(stack, { url: receiver.url });
    const failed = await sendEvent(stack, { url: failing.url, max_retries: 0 });
    await Promise.all([theirs.waitForEnd('delivered'), failed.waitForEnd('failed')]);
    const before = await Promise.all([stateOf(theirs), stateOf(failed)]);
    const own = await createTenantClient(stack);
    const ownWebhook = await own.createWebhook({ url: receiver.url });
    const otherWebhook = await own.createWebhook({ url: receiver.url, events: ['call.dtmf'] });
    const [ownDelivery] = await own.trigger();
    await receiver.waitForRequests(2);
    const noWebhook = 2_000_000_000;

    const calls: [what: string, call: (tenant: TenantClient, webhookId: number, id: string) => Promise<ApiResponse>][] =
      [
        ['GET', (tenant, webhookId) => tenant.get(`/v1/webhooks/${webhookId}`)],
        ['PATCH', (tenant, webhookId) => tenant.patch(`/v1/webhooks/${webhookId}`, { enabled: false })],
        ['DELETE', (tenant, webhookId) => tenant.delete(`/v1/webhooks/${webhookId}`)],
        ['test', (tenant, webhookId) => tenant.post(`/v1/webhooks/${webhookId}/test`)],
        ['rotate', (tenant, webhookId) => tenant.post(`/v1/webhooks/${webhookId}/rotate-secret`)],
        ['list', (tenant, webhookId) => tenant.get(`/v1/webhooks/${webhookId}/deliveries`)],
        ['delivery', (tenant, webhookId, id) => tenant.get(`/v1/webhooks/${webhookId}/deliveries/${id}`)],
        [
          'retry',
          (tenant, webhookId, id) => tenant.post(`/v1/webhooks/${webhookId}/deliveries/${id}/retry`, { force: true }),
        ],
      ];
    for (const target of [theirs, failed]) {
      for (const [what, call] of calls) {
        assertAlike(await call(own, target.webhookId, target.id), await call(own, noWebhook, randomUUID()), what);
      }
      // The other tenant's delivery under a webhook of its own.
      for (const [what, call] of calls.slice(-2)) {
        assertAlike(await call(own, ownWebhook.id, target.id), await call(own, ownWebhook.id, randomUUID()), what);
      }
    }
    for (const [what, call] of calls.slice(-2)) {
      assertAlike(await call(own, otherWebhook.id, ownDelivery!), await call(own, otherWebhook.id, randomUUID()), what);
    }
    assert.equal(
      (await own.get(`/v1/webhooks/${ownWebhook.id}/deliveries?webhook_id=${theirs.webhookId}`)).status,
      400,
    );

    assert.deepEqual(await Promise.all([stateOf(theirs), stateOf(failed)]), before);
    // The tenant's own event is delivered; a request caused by any of the calls would have come before it.
    const [marker] = await own.trigger({ event_id: 'marker' });
    await receiver.waitForRequests(3);
    assert.deepEqual(
      receiver.requests.map(({ headers }) => headers['x-irisx-delivery']),
      [theirs.id, ownDelivery, marker],
    );
    assert.equal(failing.requests.length, 1);
  });
});

import assert from 'node:assert/strict';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Handler, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { attemptSummary, followDelivery } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('field case 14: 410 Gone', function () {
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

  /** A webhook with its own tenant. Its receiver responds by event id. */
  async function webhookWith(handlers: Record<string, Handler>, settings: Record<string, unknown> = {}) {
    const receiver = await startReceiver((request, response, index) => {
      const handler = handlers[request.headers['x-irisx-event-id'] as string];
      return handler ? handler(request, response, index) : 200;
    });
    receivers.push(receiver);
    const tenant = await createTenantClient(stack);
    const { id } = await tenant.createWebhook({ url: receiver.url, ...settings });
    const trigger = async (eventId: string) => {
      const [deliveryId] = await tenant.trigger({ event_id: eventId });
      return followDelivery(stack, tenant, id, deliveryId!);
    };
    const requestsOf = (eventId: string) =>
      receiver.requests.filter(({ headers }) => headers['x-irisx-event-id'] === eventId);
    return { tenant, id, receiver, trigger, requestsOf };
  }

  async function assertDisabled(tenant: TenantClient, id: number, deliveryId: string): Promise<void> {
    const { webhook } = await tenant.webhook(id);
    assert.equal(webhook.enabled, false);
    assert.match(webhook.disabled_reason!, /410 Gone/);
    assert.ok(webhook.disabled_reason!.includes(deliveryId), 'the reason names the delivery');
    assert.ok(Date.parse(webhook.disabled_at!) <= Date.now());
  }

  scenario('disables the webhook with a reason and holds its deliveries until it is enabled again', async () => {
    const handlers: Record<string, Handler> = {
      // Leaves time for the other delivery before the retry.
      waits: () => ({ status: 500, headers: { 'Retry-After': '4' } }),
      gone: () => 410,
    };
    const { tenant, id, receiver, trigger, requestsOf } = await webhookWith(handlers);
    const waits = await trigger('waits');
    await waits.waitForAttempts(1);
    const gone = await trigger('gone');
    const failed = await gone.waitForEnd('failed');
    assert.deepEqual(attemptSummary(failed), ['http_status 410']);
    assert.equal(requestsOf('gone').length, 1);
    await assertDisabled(tenant, id, gone.id);

    assert.equal((await waits.read()).status, 'held', 'at once, not when its retry is due');
    // waitForEnd returns after the workflow has ended, so past the time at which the next request was due.
    const held = await waits.waitForEnd('held');
    assert.equal(held.next_attempt_at, null);
    assert.equal(receiver.requests.at(-1)!.headers['x-irisx-event-id'], 'gone', 'nothing is sent after the 410');
    const later = await trigger('later');
    assert.equal((await later.read()).status, 'held');
    assert.equal((await tenant.post(`/v1/webhooks/${id}/deliveries/${waits.id}/retry`)).status, 409);
    const { statistics } = await tenant.webhook(id);
    assert.deepEqual(
      [statistics.pending_deliveries, statistics.held_deliveries, statistics.failed_deliveries],
      ['0', '2', '1'],
    );
    assert.deepEqual((await tenant.get(`/v1/webhooks/${id}/deliveries?status=pending`)).body.deliveries, []);
    assert.equal(receiver.requests.length, 2);

    handlers['waits'] = handlers['gone'] = () => 200;
    const { body } = await tenant.patch(`/v1/webhooks/${id}`, { enabled: true });
    assert.deepEqual(
      [body.webhook.enabled, body.webhook.disabled_reason, body.webhook.disabled_at],
      [true, null, null],
    );
    await Promise.all([waits.waitForEnd('delivered'), later.waitForEnd('delivered')]);
    assert.deepEqual([requestsOf('waits').length, requestsOf('later').length], [2, 1]);
    // A delivery that failed for good is sent again only by hand.
    assert.equal((await gone.read()).status, 'failed');
    assert.equal((await tenant.post(`/v1/webhooks/${id}/deliveries/${gone.id}/retry`)).status, 202);
    assert.deepEqual(attemptSummary(await gone.waitForEnd('delivered')), ['http_status 410', 'ok 200']);
    await assertInvariants(stack.database.pool, id);
  });

  scenario('does not stop a test event, which is sent at once and counted nowhere, nor does a pause', async () => {
    const handlers: Record<string, Handler> = { gone: () => 410 };
    const { tenant, id, receiver, trigger } = await webhookWith(handlers, { rate_limit_per_minute: null });
    await (await trigger('gone')).waitForEnd('failed');
    const held = await trigger('held');
    for (const state of ['disabled', 'paused']) {
      if (state === 'paused') {
        handlers['held'] = () => 200;
        await tenant.patch(`/v1/webhooks/${id}`, { enabled: true });
        await held.waitForEnd('delivered');
        await tenant.patch(`/v1/webhooks/${id}`, { enabled: false });
      }
      const before = await tenant.webhook(id);
      const { delivery } = (await tenant.post(`/v1/webhooks/${id}/test`)).body;
      const sent = await followDelivery(stack, tenant, id, delivery.id).waitForEnd('delivered');
      assert.equal(receiver.requests.at(-1)!.headers['x-irisx-delivery'], delivery.id, state);
      const waitedMs = Date.parse(sent.attempts[0]!.started_at) - Date.parse(sent.created_at);
      assert.ok(waitedMs < 15_000, `${state}: sent after ${waitedMs} ms`);
      assert.deepEqual(await tenant.webhook(id), before, state);
    }
    await assertInvariants(stack.database.pool, id);
  });

  scenario('in response to a retry ends that delivery, whatever is left of its schedule', async () => {
    let requests = 0;
    const { tenant, id, trigger, requestsOf } = await webhookWith({ event: () => (++requests === 1 ? 503 : 410) });
    const sent = await trigger('event');
    assert.deepEqual(attemptSummary(await sent.waitForEnd('failed')), ['http_status 503', 'http_status 410']);
    assert.equal(requestsOf('event').length, 2);
    await assertDisabled(tenant, id, sent.id);
    await assertInvariants(stack.database.pool, id);
  });

  scenario('lets open requests finish, and they count', async () => {
    const pending: (() => void)[] = [];
    const whenReleased =
      (status: number): Handler =>
      async () => {
        await new Promise<void>((resolve) => pending.push(resolve));
        return status;
      };
    const { tenant, id, receiver, trigger } = await webhookWith({
      succeeds: whenReleased(200),
      fails: whenReleased(500),
      goneToo: whenReleased(410),
      gone: () => 410,
    });
    const [succeeds, fails, goneToo] = await Promise.all([trigger('succeeds'), trigger('fails'), trigger('goneToo')]);
    await waitFor(() => pending.length === 3, { what: 'three open requests' });
    const gone = await trigger('gone');
    await gone.waitForEnd('failed');
    await assertDisabled(tenant, id, gone.id);
    for (const respond of pending) respond();
    await Promise.all([succeeds.waitForEnd('delivered'), fails.waitForEnd('held'), goneToo.waitForEnd('failed')]);
    assert.deepEqual(attemptSummary(await fails.read()), ['http_status 500']);
    assert.equal(receiver.requests.length, 4);
    // The first 410 stays the reason, not the last one.
    await assertDisabled(tenant, id, gone.id);
    await assertInvariants(stack.database.pool, id);
  });

  scenario('holds a delivery that waits for a token, and returns its token', async () => {
    let respond = (): void => undefined;
    const respondLater: Handler = async () => {
      await new Promise<void>((resolve) => (respond = resolve));
      return 410;
    };
    const { tenant, id, receiver, trigger } = await webhookWith({ gone: respondLater }, { rate_limit_per_minute: 1 });
    const gone = await trigger('gone');
    await waitFor(() => receiver.openRequests === 1, { what: 'an open request' });
    const waits = await trigger('waits');
    await waitFor(async () => (await stack.delivery(waits.id)).holds_token, {
      what: 'the second to wait for a token',
    });
    respond();
    await gone.waitForEnd('failed');
    await waitFor(async () => (await waits.read()).status === 'held', {
      what: 'the second to be held',
    });
    await assertInvariants(stack.database.pool, id);
    await assertDisabled(tenant, id, gone.id);
    await tenant.patch(`/v1/webhooks/${id}`, { enabled: true, rate_limit_per_minute: null });
    await waits.waitForEnd('delivered');
    assert.equal(receiver.requests.length, 2);
    await assertInvariants(stack.database.pool, id);
  });
});

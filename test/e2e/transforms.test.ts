import assert from 'node:assert/strict';
import { createTenantClient } from '../support/api-client.js';
import { startReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.js';
import { attemptSummary, followDelivery, sendEvent } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('a webhook with a transform', function () {
  this.timeout(90_000);
  let stack: Stack;
  let receiver: Receiver;
  before(async () => {
    stack = await startStack();
  });
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());
  after(() => stack.close());

  const bodyOf = (request: ReceivedRequest | undefined) => request?.body.toString();

  it('gets what the transform makes of the event, and its tenant sees what was sent', async () => {
    const transform = '{"text": "Call of " & data.call_sid & " at " & $now(), "type": event}';
    const sent = await sendEvent(stack, { url: receiver.url, transform }, { occurred_at: '2026-01-02T03:04:05.678Z' });
    const delivery = await sent.waitForEnd('delivered');
    const [request] = await receiver.waitForRequests(1);
    const body = JSON.parse(bodyOf(request)!) as Record<string, string>;
    assert.match(body['text']!, /^Call of .+ at 2026-01-02T03:04:05\.678Z$/);
    assert.equal(body['type'], 'call.completed');
    assert.equal(request!.headers['content-type'], 'application/json');
    assert.equal(delivery.body, bodyOf(request));
    assert.equal(delivery.request_body_differs, true);

    // A test too.
    const { body: answer } = await sent.tenant.post(`/v1/webhooks/${sent.webhookId}/test`, {
      event_type: 'call.completed',
    });
    const [, test] = await receiver.waitForRequests(2);
    assert.match(bodyOf(test)!, /^\{"text":"Call of /);
    assert.equal(test!.headers['x-irisx-delivery'], answer.delivery.id);
  });

  it('gets the same bytes on every attempt, whatever becomes of the transform', async () => {
    receiver.respond = [500, 500, 200];
    const sent = await sendEvent(stack, { url: receiver.url, transform: '{"version": 1, "random": $random()}' });
    await receiver.waitForRequests(1);
    await sent.tenant.patch(`/v1/webhooks/${sent.webhookId}`, { transform: '{"version": 2}' });
    await receiver.waitForRequests(2);
    await sent.tenant.patch(`/v1/webhooks/${sent.webhookId}`, { transform: null });
    await sent.waitForEnd('delivered');
    const bodies = receiver.requests.map(bodyOf);
    assert.match(bodies[0]!, /"version":1/);
    assert.deepEqual(bodies, Array(3).fill(bodies[0]));
  });

  it('gets the body that a killed worker had stored', async () => {
    const tenant = await createTenantClient(stack);
    const { id: webhookId } = await tenant.createWebhook({
      url: receiver.url,
      transform: '"made later"',
      enabled: false,
    });
    const [held] = await tenant.trigger();
    await stack.database.pool.query('select store_body($1, $2)', [held, '"stored before"']);
    await tenant.patch(`/v1/webhooks/${webhookId}`, { enabled: true });
    await followDelivery(stack, tenant, webhookId, held!).waitForEnd('delivered');
    assert.deepEqual(receiver.requests.map(bodyOf), ['"stored before"']);
  });

  it('gets nothing of an event for which it fails, until it is repaired', async () => {
    const transform = '{"text": $error("no text for " & event)}';
    const sent = await sendEvent(stack, { url: receiver.url, transform });
    const failed = await sent.waitForEnd('failed');
    assert.deepEqual(attemptSummary(failed), ['transform']);
    assert.equal(failed.attempt_count, 1);
    assert.equal(failed.error?.message, 'The transform failed at position 16: no text for call.completed');
    assert.equal(failed.request_body_differs, false);
    assert.equal(receiver.requests.length, 0);

    const path = `/v1/webhooks/${sent.webhookId}`;
    const [second] = await sent.tenant.trigger();
    await followDelivery(stack, sent.tenant, sent.webhookId, second!).waitForEnd('failed');
    await sent.tenant.patch(path, { transform: '{"text": event}' });
    assert.equal((await sent.tenant.post(`${path}/deliveries/${sent.id}/retry`)).status, 202);
    const delivered = await sent.waitForEnd('delivered');
    assert.deepEqual(attemptSummary(delivered), ['transform', 'ok 200']);
    assert.equal(delivered.body, '{"text":"call.completed"}');

    await sent.tenant.post(`${path}/recoveries`, { statuses: ['failed'] });
    await receiver.waitForRequests(2);
    const recovered = followDelivery(stack, sent.tenant, sent.webhookId, second!);
    assert.equal((await recovered.waitForAttempts(2)).status, 'delivered');
    assert.deepEqual(receiver.requests.map(bodyOf), Array(2).fill('{"text":"call.completed"}'));
  });

  it('holds up no other tenant with evaluations that never end', async () => {
    const hostile = await createTenantClient(stack);
    const settings = { url: receiver.url, rate_limit_per_minute: null, rate_limit_per_hour: null };
    await hostile.createWebhook({ ...settings, transform: '($f := function($n){ $f($n + 1) }; $f(1))' });
    const other = await createTenantClient(stack);
    await other.createWebhook({ ...settings, transform: 'event' });
    const endless = (await Promise.all(Array.from({ length: 15 }, () => hostile.trigger()))).flat();
    for (let i = 0; i < 5; i++) await other.trigger();
    await receiver.waitForRequests(5);
    const statuses = await Promise.all(endless.map(async (id) => (await stack.delivery(id)).status));
    assert.ok(statuses.includes('pending'), 'all of the endless ones had ended before');
    const anyFailed = async () => (await stack.delivery(endless[0]!)).status === 'failed';
    await waitFor(anyFailed, { what: 'an endless one to fail', timeoutMs: 60_000 });
    assert.deepEqual(receiver.requests.map(bodyOf), Array(5).fill('"call.completed"'));
  });
});

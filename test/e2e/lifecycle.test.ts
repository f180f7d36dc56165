import assert from 'node:assert/strict';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('a delivery that its tenant acts on', function () {
  this.timeout(60_000);
  let stack: Stack;
  let receiver: Receiver;
  let tenant: TenantClient;
  let tenantId: string;

  before(async () => {
    stack = await startStack();
  });
  beforeEach(async () => {
    receiver = await startReceiver();
    tenant = await createTenantClient(stack);
    ({ tenantId } = tenant);
  });
  afterEach(() => receiver.close());
  after(() => stack.close());

  const status = (id: string, expected: string, timeoutMs = 30_000) =>
    waitFor(async () => (await stack.delivery(id)).status === expected, { what: `${id} to be ${expected}`, timeoutMs });
  const retry = (webhookId: number, id: string, body?: unknown) =>
    tenant.post(`/v1/webhooks/${webhookId}/deliveries/${id}/retry`, body);

  it('is sent immediately when it is retried while it waits for its next attempt, and keeps its schedule', async () => {
    receiver.respond = [500, 500, 500, 500, 500, 200];
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url });
    const [id] = await stack.trigger(tenantId);
    // The fifth attempt is scheduled 8 s after the fourth.
    await receiver.waitForRequests(4);
    await waitFor(async () => (await stack.delivery(id!)).attempt_count === 4, {
      what: 'the fourth attempt to be recorded',
    });
    const requestedAt = Date.now();
    assert.equal((await retry(webhook.id, id!)).status, 202);
    const [, , , , fifth] = await receiver.waitForRequests(5);
    assert.ok(
      fifth!.at - requestedAt < 7_000,
      `the fifth request came ${fifth!.at - requestedAt} ms after it was asked for`,
    );
    assert.equal(fifth!.headers['x-irisx-attempt'], '5');
    await waitFor(async () => (await stack.delivery(id!)).attempt_count === 5, {
      what: 'the fifth attempt to be recorded',
    });
    const { next_attempt_at: next } = await stack.delivery(id!);
    assert.ok(Math.abs(next!.getTime() - fifth!.at - 16_000) < 7_000, 'the sixth is due 16 s later');
    assert.equal((await retry(webhook.id, id!)).status, 202);
    await status(id!, 'delivered');
    assert.equal(receiver.requests.length, 6);
  });

  it('starts a new schedule under the same id when it is retried after it failed', async () => {
    receiver.respond = [500, 500, 500, 200];
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url, maxRetries: 1 });
    const [id] = await stack.trigger(tenantId);
    await status(id!, 'failed');
    const response = await retry(webhook.id, id!);
    assert.equal(response.status, 202);
    assert.equal(response.body.delivery.status, 'pending');
    await status(id!, 'delivered');
    assert.deepEqual(
      receiver.requests.map((each) => each.headers['x-irisx-attempt']),
      ['1', '2', '3', '4'],
    );
    assert.equal(new Set(receiver.requests.map((each) => each.headers['webhook-id'])).size, 1);
  });

  it('is sent again after it was delivered only with `force`', async () => {
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url });
    const [id] = await stack.trigger(tenantId);
    await status(id!, 'delivered');
    const refused = await retry(webhook.id, id!);
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /force/);
    assert.equal((await retry(webhook.id, id!, { force: true })).status, 202);
    await receiver.waitForRequests(2);
    await status(id!, 'delivered');
    const { body } = await tenant.get(`/v1/webhooks/${webhook.id}`);
    assert.equal(body.statistics.successful_deliveries, '1');
  });

  it('retried while its request is open is neither cut off nor sent twice, and is sent again immediately if that fails', async () => {
    let respond = (): void => undefined;
    receiver.respond = async (_request, _response, index) => {
      if (index > 0) return 200;
      await new Promise<void>((resolve) => (respond = resolve));
      return 500;
    };
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url, maxRetries: 0 });
    const [id] = await stack.trigger(tenantId);
    await waitFor(() => receiver.openRequests === 1, { what: 'an open request' });
    assert.equal((await retry(webhook.id, id!)).status, 202);
    assert.equal(receiver.requests.length, 1);
    respond();
    // The old schedule had no attempt left; the retry by hand starts a new one.
    await receiver.waitForRequests(2);
    await status(id!, 'delivered');
    assert.equal(receiver.maxOpenRequests, 1);
  });

  it('is held while its webhook is paused, and sent when it is resumed', async () => {
    receiver.respond = 503;
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url });
    const [waiting] = await stack.trigger(tenantId, 'first');
    await receiver.waitForRequests(1);
    assert.equal((await tenant.patch(`/v1/webhooks/${webhook.id}`, { enabled: false })).body.webhook.enabled, false);
    assert.equal((await stack.delivery(waiting!)).status, 'held');
    const [held] = await stack.trigger(tenantId, 'second');
    assert.equal((await stack.delivery(held!)).status, 'held');
    const conflict = await retry(webhook.id, waiting!);
    assert.equal(conflict.status, 409);
    // The workflow of the first ends: a held delivery needs a row, but no workflow.
    await waitFor(async () => (await (await stack.workflow(waiting!)).describe()).status.name === 'COMPLETED', {
      what: 'the workflow of the held delivery to complete',
    });
    const before = receiver.requests.length;
    receiver.respond = 200;
    await tenant.patch(`/v1/webhooks/${webhook.id}`, { enabled: true });
    await status(waiting!, 'delivered');
    await status(held!, 'delivered');
    assert.deepEqual(
      receiver.requests
        .slice(before)
        .map((each) => each.headers['x-irisx-event-id'])
        .sort(),
      ['first', 'second'],
    );
  });

  it('is cancelled when its webhook is deleted, and stays readable', async () => {
    receiver.respond = 503;
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url });
    const [id] = await stack.trigger(tenantId);
    await receiver.waitForRequests(1);
    assert.equal((await tenant.delete(`/v1/webhooks/${webhook.id}`)).status, 204);
    await status(id!, 'cancelled');
    assert.equal((await tenant.get(`/v1/webhooks/${webhook.id}`)).status, 404);
    const { body } = await tenant.get(`/v1/webhooks/${webhook.id}/deliveries/${id}`);
    assert.equal(body.delivery.status, 'cancelled');
    assert.equal((await retry(webhook.id, id!)).status, 409);
    assert.deepEqual(await stack.trigger(tenantId), []);
  });

  it('uses a changed url and a higher max_retries from its next attempt on', async () => {
    const other = await startReceiver([500, 500, 200]);
    receiver.respond = 500;
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url, maxRetries: 1 });
    const [id] = await stack.trigger(tenantId);
    await receiver.waitForRequests(1);
    assert.equal((await tenant.patch(`/v1/webhooks/${webhook.id}`, { url: other.url, max_retries: 5 })).status, 200);
    await status(id!, 'delivered');
    assert.equal(receiver.requests.length, 1);
    assert.equal(other.requests.length, 3);
    await other.close();
  });

  it('fails immediately when max_retries is set below what it has used, and a retry by hand then sends it', async () => {
    receiver.respond = { status: 503, headers: { 'Retry-After': '3600' } };
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url });
    const [id] = await stack.trigger(tenantId);
    await waitFor(async () => (await stack.delivery(id!)).attempt_count === 1, {
      what: 'the first attempt',
      timeoutMs: 20_000,
    });
    await tenant.patch(`/v1/webhooks/${webhook.id}`, { max_retries: 0 });
    await status(id!, 'failed', 20_000);
    assert.equal(receiver.requests.length, 1);
    receiver.respond = 200;
    assert.equal((await retry(webhook.id, id!)).status, 202);
    await status(id!, 'delivered', 20_000);
    assert.equal((await stack.delivery(id!)).attempt_count, 2);
  });

  it('is sent as soon as the limit is raised while it waits for a token', async () => {
    const webhook = await stack.insertWebhook(tenantId, {
      url: receiver.url,
      rateLimitPerMinute: 1,
      rateLimitPerHour: null,
    });
    const ids = [...(await stack.trigger(tenantId)), ...(await stack.trigger(tenantId))];
    // Either of the two may get the token.
    const waiting = await waitFor(
      async () => {
        const states = await Promise.all(ids.map(stack.delivery));
        return ids.find((_, i) => states[i]!.holds_token);
      },
      { what: 'one of the two to wait', timeoutMs: 20_000 },
    );
    await tenant.patch(`/v1/webhooks/${webhook.id}`, { rate_limit_per_minute: null });
    await status(waiting, 'delivered', 20_000);
  });
});

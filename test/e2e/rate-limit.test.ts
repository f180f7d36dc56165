import assert from 'node:assert/strict';
import { openDatabase } from '../../src/db/database.js';
import { updateWebhook } from '../../src/db/webhooks.js';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('rate limit', function () {
  this.timeout(200_000);
  let stack: Stack;
  let receiver: Receiver;
  let tenant: TenantClient;
  let tenantId: string;
  beforeEach(async () => {
    stack = await startStack();
    tenant = await createTenantClient(stack);
    ({ tenantId } = tenant);
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await stack.close();
    await receiver.close();
  });

  const history = async (id: string) => (await (await stack.workflow(id)).describe()).raw;

  it('lets at most its number of requests reach the receiver in any 60 s, including retries and tests, with two workers', async () => {
    await stack.openAnother({ api: false, worker: true });
    const perMinute = 20;
    // A third of the first requests fail, so retries and first attempts compete for tokens.
    receiver.respond = (_request, _response, index) => (index % 3 === 0 && index < 12 ? 503 : 200);
    const webhook = await stack.insertWebhook(tenantId, {
      url: receiver.url,
      rateLimitPerMinute: perMinute,
      rateLimitPerHour: null,
    });
    const triggered = (await Promise.all(Array.from({ length: 33 }, () => stack.trigger(tenantId)))).flat();
    const tests = await Promise.all(Array.from({ length: 3 }, () => tenant.post(`/v1/webhooks/${webhook.id}/test`)));
    const ids = [...triggered, ...tests.map((test) => (test.body as { delivery: { id: string } }).delivery.id)];
    await receiver.waitForRequests(perMinute);
    await waitFor(
      async () => (await Promise.all(ids.map(stack.delivery))).filter((d) => d.holds_token).length === 40 - perMinute,
      {
        what: 'all others to hold a reservation',
        timeoutMs: 20_000,
      },
    );
    const states = await Promise.all(ids.map(stack.delivery));
    const waiting = ids.filter((_, i) => states[i]!.holds_token);
    for (const state of states.filter((each) => each.holds_token)) {
      assert.ok(state.next_attempt_at!.getTime() > Date.now() + 20_000, 'next_attempt_at says when');
    }
    // A waiting delivery is just a timer: no activity is pending, and the history does not grow.
    const before = await Promise.all(waiting.map(history));
    assert.deepEqual(
      before.map((raw) => raw.pendingActivities?.length ?? 0),
      before.map(() => 0),
    );
    await receiver.waitForRequests(perMinute + 1, 90_000);
    await waitFor(async () => (await Promise.all(ids.map(stack.delivery))).every((d) => d.status === 'delivered'), {
      what: 'all to be delivered',
      timeoutMs: 30_000,
    });
    const times = receiver.requests.map((request) => request.at);
    assert.equal(times.length, 40);
    for (let i = perMinute; i < times.length; i++) {
      assert.ok(
        times[i]! - times[i - perMinute]! >= 60_000,
        `request ${i} came ${times[i]! - times[i - perMinute]!} ms after the one ${perMinute} before it`,
      );
    }
    const wakes = await Promise.all(
      waiting.map(async (id) => Number((await history(id)).workflowExecutionInfo!.historyLength)),
    );
    assert.ok(Math.max(...wakes) < 60, `a waiting delivery woke seldom, but had ${Math.max(...wakes)} events`);
  });

  it('counts the hour as well as the minute', async () => {
    const { id: webhookId } = await stack.insertWebhook(tenantId, {
      url: receiver.url,
      rateLimitPerMinute: null,
      rateLimitPerHour: 3,
    });
    const { pool } = stack.database;
    await pool.query('update webhook_limiters set taken = 3, reserved = 3 where webhook_id = $1', [webhookId]);
    await pool.query(
      `insert into webhook_tokens select $1, n, now() - interval '3595 s' from generate_series(1, 3) n`,
      [webhookId],
    );
    const began = Date.now();
    const [id] = await stack.trigger(tenantId);
    const [request] = await receiver.waitForRequests(1);
    assert.ok(request!.at - began >= 4_500, `sent ${request!.at - began} ms after the trigger`);
    await waitFor(async () => (await stack.delivery(id!)).status === 'delivered', {
      what: 'the delivery to be recorded',
    });
    assert.equal((await stack.delivery(id!)).attempt_count, 1, 'waiting is no attempt');
  });

  it('reaches waiting deliveries through the sweeper when it is raised and nothing else wakes them', async () => {
    const { id: webhookId } = await stack.insertWebhook(tenantId, {
      url: receiver.url,
      rateLimitPerMinute: 1,
      rateLimitPerHour: null,
    });
    const ids = (await Promise.all(Array.from({ length: 8 }, () => stack.trigger(tenantId)))).flat();
    await receiver.waitForRequests(1);
    await waitFor(async () => (await Promise.all(ids.map(stack.delivery))).filter((d) => d.holds_token).length === 7, {
      what: 'seven to wait',
    });
    const db = openDatabase({ url: stack.database.url, poolSize: 1 });
    await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { rateLimitPerMinute: 100 }));
    await db.close();
    // Only the sweeper wakes them: the change was made without the API.
    await receiver.waitForRequests(8, 40_000);
  });
});

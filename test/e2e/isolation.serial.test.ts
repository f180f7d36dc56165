import assert from 'node:assert/strict';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';

const slowMs = 9_900;
const hangingMs = 29_000;

describe('slow receivers do not delay other tenants', function () {
  this.timeout(90_000);
  let stack: Stack;
  const receivers: Receiver[] = [];

  before(async () => {
    stack = await startStack({ parts: { api: false, worker: true } });
  });
  after(async () => {
    // First, or the stack would wait for the responses of receivers that hang.
    await Promise.all(receivers.map((receiver) => receiver.close()));
    await stack.close();
  });

  async function subscribe(
    respond: Receiver['respond'],
    webhooks = 1,
  ): Promise<{ tenantId: string; receiver: Receiver }> {
    const receiver = await startReceiver(respond);
    receivers.push(receiver);
    const tenantId = await stack.insertTenant();
    const unlimited = { rateLimitPerMinute: null, rateLimitPerHour: null, timeoutMs: 30_000 };
    for (let i = 0; i < webhooks; i++)
      await stack.insertWebhook(tenantId, { url: `${receiver.url}/${i}`, ...unlimited });
    return { tenantId, receiver };
  }

  /** Checks only the order, which the load of the machine does not change. `npm run bench` measures durations. */
  async function assertUnhindered(slow: { receiver: Receiver }, responseMs = slowMs): Promise<void> {
    await slow.receiver.waitForRequests(5);
    const { tenantId, receiver } = await subscribe(200);
    for (let i = 0; i < 20; i++) await stack.trigger(tenantId);
    await receiver.waitForRequests(20, 40_000);
    const lastAt = Math.max(...receiver.requests.map(({ at }) => at));
    const firstResponseAt = slow.receiver.requests[0]!.at + responseMs;
    assert.ok(
      lastAt < firstResponseAt,
      `the last came ${lastAt - firstResponseAt} ms after the slow receiver's first answer`,
    );
  }

  it('field case 20: with 300 events to one receiver that takes 9.9 s', async () => {
    const slow = await subscribe({ delayMs: slowMs });
    for (let i = 0; i < 300; i++) await stack.trigger(slow.tenantId);
    await assertUnhindered(slow);
  });

  it('with 20 events to each of 12 tenants whose receivers take 29 s', async () => {
    const slow = await Promise.all(Array.from({ length: 12 }, () => subscribe({ delayMs: hangingMs })));
    for (let i = 0; i < 20; i++) await Promise.all(slow.map(({ tenantId }) => stack.trigger(tenantId)));
    await assertUnhindered(slow[0]!, hangingMs);
  });

  it('field case 20: with 12 events to each of 60 webhooks of one tenant whose receiver takes 9.9 s', async () => {
    const slow = await subscribe({ delayMs: slowMs }, 60);
    for (let i = 0; i < 12; i++) await stack.trigger(slow.tenantId);
    await assertUnhindered(slow);
  });
});

import assert from 'node:assert/strict';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Handler, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

interface Sent {
  id: string;
  webhookId: number;
  receiver: Receiver;
}

describe('field case 66: a delivery never has two requests open', function () {
  this.timeout(60_000);
  let stack: Stack;
  const receivers: Receiver[] = [];

  before(async () => {
    stack = await startStack({ parts: { api: false, worker: true } });
    await (
      await stack.openAnother({ api: false, worker: true })
    ).ready;
  });
  after(async () => {
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  /** Sends one event to a new webhook with its own receiver. */
  async function send(
    respond: Receiver['respond'],
    row: { timeoutMs?: number; maxRetries?: number } = {},
  ): Promise<Sent> {
    const receiver = await startReceiver(respond);
    receivers.push(receiver);
    const tenantId = await stack.insertTenant();
    const { id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url, ...row });
    const [id] = await stack.trigger(tenantId);
    assert.ok(id);
    return { id, webhookId, receiver };
  }

  /** Waits until the delivery is no longer pending, then checks it. */
  async function ended({ id, webhookId, receiver }: Sent, status: string, requests: number) {
    const delivery = await waitFor(
      async () => {
        const now = await stack.delivery(id);
        return now.status === 'pending' ? undefined : now;
      },
      { what: `delivery ${status}`, timeoutMs: 30_000 },
    );
    // Only the end of the workflow proves that no request follows.
    await waitFor(async () => (await workflowStatus(id)) !== 'RUNNING', {
      what: 'the end of its workflow',
    });
    assert.equal(delivery.status, status);
    assert.equal(delivery.attempt_count, requests, 'attempts');
    assert.equal(receiver.requests.length, requests, 'requests');
    assert.equal(receiver.maxOpenRequests, 1, 'requests open at once');
    await assertInvariants(stack.database.pool, webhookId);
    return delivery;
  }
  const workflowStatus = async (id: string) => (await (await stack.workflow(id)).describe()).status.name;
  const cancel = async ({ id }: Sent) => (await stack.workflow(id)).cancel();

  scenario('with a receiver slower than its timeout', async () => {
    const sent = await send({ delayMs: 3_000 }, { timeoutMs: 1_000, maxRetries: 2 });
    const delivery = await ended(sent, 'failed', 3);
    assert.equal(delivery.error_class, 'timeout');
    assert.equal(await workflowStatus(sent.id), 'FAILED');
  });

  scenario('when its workflow is woken while a request is open', async () => {
    const sent = await send({ delayMs: 2_000 });
    await sent.receiver.waitForRequests(1);
    await (await stack.workflow(sent.id)).signal('wake');
    await (await stack.workflow(sent.id)).signal('wake');
    await ended(sent, 'delivered', 1);
    assert.equal(await workflowStatus(sent.id), 'COMPLETED');
  });

  // The first attempt is a local activity in the workflow task, a retry is a normal activity.
  for (const [what, attempt] of [
    ['first attempt', 1],
    ['retry', 2],
  ] as const) {
    const onAttempt = (handler: Handler): Handler => {
      return (request, response, index) => (index < attempt - 1 ? 500 : handler(request, response, index));
    };

    scenario(`when its workflow is cancelled during a ${what} that succeeds, and is delivered`, async () => {
      const sent = await send(onAttempt(() => ({ delayMs: 1_500 })));
      await sent.receiver.waitForRequests(attempt);
      await cancel(sent);
      await ended(sent, 'delivered', attempt);
    });

    scenario(
      `when its workflow is cancelled during a ${what} that fails; it is recorded, and the delivery is cancelled`,
      async () => {
        const sent = await send(onAttempt(() => ({ status: 503, delayMs: 1_500 })));
        await sent.receiver.waitForRequests(attempt);
        await cancel(sent);
        const delivery = await ended(sent, 'cancelled', attempt);
        assert.equal(delivery.status_code, 503);
        assert.equal(await workflowStatus(sent.id), 'CANCELLED');
      },
    );

    scenario(
      `when its workflow is cancelled during a ${what} that hangs; it ends within its timeout and is recorded`,
      async () => {
        const sent = await send(
          onAttempt(() => undefined),
          { timeoutMs: 2_000 },
        );
        await sent.receiver.waitForRequests(attempt);
        const cancelledAt = performance.now();
        await cancel(sent);
        await waitFor(() => sent.receiver.openRequests === 0, { what: 'the end of the request' });
        const openMs = performance.now() - cancelledAt;
        assert.ok(openMs < 10_000, `open for ${openMs} ms after the cancel, with a limit of 2000 ms`);
        const delivery = await ended(sent, 'cancelled', attempt);
        assert.equal(delivery.error_class, 'timeout');
        assert.equal(await workflowStatus(sent.id), 'CANCELLED');
      },
    );
  }

  scenario('when its workflow is cancelled while it waits for a retry; no further request is made', async () => {
    const sent = await send(500);
    await waitFor(async () => (await stack.delivery(sent.id)).attempt_count === 1, { what: 'the first attempt' });
    await cancel(sent);
    await ended(sent, 'cancelled', 1);
    assert.equal(await workflowStatus(sent.id), 'CANCELLED');
  });
});

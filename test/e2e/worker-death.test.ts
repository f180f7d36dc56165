import assert from 'node:assert/strict';
import { startChildService, type ChildService } from '../support/child-service.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Handler, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

interface Sent {
  id: string;
  webhookId: number;
  receiver: Receiver;
}

const receivers: Receiver[] = [];

/** One event to a webhook and a receiver of its own. */
async function send(
  stack: Stack,
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

/** Begins an answer of 200 and never ends it; the sender's death does. */
const beginAnswer: Handler = (_request, response) => {
  response.writeHead(200, { 'Content-Length': '2' });
  response.write('o');
};

describe('the death of a worker', function () {
  this.timeout(90_000);
  let stack: Stack;
  let proxy: TcpProxy;
  const children: ChildService[] = [];
  let killed: Promise<Record<'answering' | 'unrecorded' | 'backingOff' | 'retrying', Sent>>;

  before(async () => {
    stack = await startStack({ parts: { api: false, worker: false } });
    proxy = await startTcpProxy(Number(new URL(stack.database.url).port));
    killed = killAndStartAgain();
    killed.catch(() => undefined); // reported by the tests
  });
  after(async () => {
    await Promise.all(children.map((child) => child.end()));
    await proxy.close();
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  /** One worker with deliveries in all states that a SIGKILL can meet, and another one in its place at once. */
  async function killAndStartAgain() {
    const config = { ...stack.config, databaseUrl: throughProxy(stack.database.url, proxy) };
    const worker = await startChildService('worker', config);
    children.push(worker);
    const backingOff = await send(stack, [500, 500, 500, 500, 200]);
    await backingOff.receiver.waitForRequests(4, 15_000);
    const retrying = await send(stack, (request, response, index) => {
      if (index === 0) return 500;
      return index === 1 ? beginAnswer(request, response, index) : 200;
    });
    await retrying.receiver.waitForRequests(2);
    const answering = await send(stack, (request, response, index) => (index === 0 ? beginAnswer(request, response, index) : 200));
    await answering.receiver.waitForRequests(1);
    const unrecorded = await send(stack, (_request, _response, index) => {
      if (index === 0) proxy.freeze();
      return 200;
    });
    await waitFor(() => proxy.held().includes('record_attempt'), { what: 'the statement that records the answer' });
    worker.kill('SIGKILL');
    await worker.exited;

    await proxy.cut();
    await proxy.restore();
    children.push(await startChildService('worker', config));
    return { answering, unrecorded, backingOff, retrying };
  }

  async function assertDelivered({ id, webhookId, receiver }: Sent, attemptsSeen: string[]): Promise<void> {
    await waitFor(async () => (await stack.delivery(id)).status === 'delivered', { what: `delivery ${id}`, timeoutMs: 45_000 });
    assert.deepEqual(receiver.requests.map(({ headers }) => headers['x-irisx-attempt']), attemptsSeen);
    assert.equal((await stack.delivery(id)).attempt_count, Number(attemptsSeen.at(-1)));
    assert.equal(receiver.maxOpenRequests, 1, 'requests open at once');
    assert.equal(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.equal(new Set(receiver.requests.map(({ body }) => body.toString())).size, 1);
    await assertInvariants(stack.database.pool, webhookId);
  }

  it('field case 67: while the answer was coming, costs one more request of the same event and number', async () => {
    await assertDelivered((await killed).answering, ['1', '1']);
  });

  it('field case 67: between the answer and its record, costs one more request of the same event and number', async () => {
    await assertDelivered((await killed).unrecorded, ['1', '1']);
  });

  it('field case 67: during a retry, goes on with that attempt', async () => {
    await assertDelivered((await killed).retrying, ['1', '2', '2']);
  });

  it('field case 67: while it waited for the 8 s retry, neither starts over nor goes sooner', async () => {
    const { backingOff } = await killed;
    await assertDelivered(backingOff, ['1', '2', '3', '4', '5']);
    const [fourth, fifth] = backingOff.receiver.requests.slice(3);
    assert.ok(fifth!.at - fourth!.at >= 7_900, `${fifth!.at - fourth!.at} ms after attempt 4`);
  });

  describe('field case 66: a delivery never has two requests open', () => {
    let working: Stack;
    before(async () => {
      working = await startStack({ parts: { api: false, worker: true } });
      await (await working.openAnother({ api: false, worker: true })).ready;
    });
    after(() => working.close());

    /** Not pending any more, and then as it should be. */
    async function ended({ id, webhookId, receiver }: Sent, status: string, requests: number) {
      const delivery = await waitFor(
        async () => {
          const now = await working.delivery(id);
          return now.status === 'pending' ? undefined : now;
        },
        { what: `delivery ${status}`, timeoutMs: 30_000 },
      );
      // Only the workflow's end shows that no request follows.
      await waitFor(async () => (await workflowStatus(id)) !== 'RUNNING', { what: 'the end of its workflow', timeoutMs: 15_000 });
      assert.equal(delivery.status, status);
      assert.equal(delivery.attempt_count, requests, 'attempts');
      assert.equal(receiver.requests.length, requests, 'requests');
      assert.equal(receiver.maxOpenRequests, 1, 'requests open at once');
      await assertInvariants(working.database.pool, webhookId);
      return delivery;
    }
    const workflowStatus = async (id: string) => (await working.temporal.workflow.getHandle(id).describe()).status.name;
    const cancel = ({ id }: Sent) => working.temporal.workflow.getHandle(id).cancel();

    scenario('with a receiver that is slower than the limit of a request', async () => {
      const sent = await send(working, { delayMs: 3_000 }, { timeoutMs: 1_000, maxRetries: 2 });
      const delivery = await ended(sent, 'failed', 3);
      assert.equal(delivery.error_class, 'timeout');
      assert.equal(await workflowStatus(sent.id), 'FAILED');
    });

    scenario('with its workflow woken while a request is open', async () => {
      const sent = await send(working, { delayMs: 2_000 });
      await sent.receiver.waitForRequests(1);
      await working.temporal.workflow.getHandle(sent.id).signal('wake');
      await working.temporal.workflow.getHandle(sent.id).signal('wake');
      await ended(sent, 'delivered', 1);
      assert.equal(await workflowStatus(sent.id), 'COMPLETED');
    });

    // The first attempt is made in the workflow task, a retry by an activity of the server's.
    for (const [what, attempt] of [['first attempt', 1], ['retry', 2]] as const) {
      const onAttempt = (handler: Handler): Handler => {
        return (request, response, index) => (index < attempt - 1 ? 500 : handler(request, response, index));
      };

      scenario(`cancelled during a ${what} that succeeds: delivered`, async () => {
        const sent = await send(working, onAttempt(() => ({ delayMs: 1_500 })));
        await sent.receiver.waitForRequests(attempt);
        await cancel(sent);
        await ended(sent, 'delivered', attempt);
      });

      scenario(`cancelled during a ${what} that fails: recorded, and the delivery is cancelled`, async () => {
        const sent = await send(working, onAttempt(() => ({ status: 503, delayMs: 1_500 })));
        await sent.receiver.waitForRequests(attempt);
        await cancel(sent);
        const delivery = await ended(sent, 'cancelled', attempt);
        assert.equal(delivery.status_code, 503);
        assert.equal(await workflowStatus(sent.id), 'CANCELLED');
      });

      scenario(`cancelled during a ${what} that hangs: it ends within its own limit and is recorded`, async () => {
        const sent = await send(working, onAttempt(() => undefined), { timeoutMs: 2_000 });
        await sent.receiver.waitForRequests(attempt);
        const cancelledAt = performance.now();
        await cancel(sent);
        await waitFor(() => sent.receiver.openRequests === 0, { what: 'the end of the request' });
        const openMs = performance.now() - cancelledAt;
        assert.ok(openMs < 4_000, `open for ${openMs} ms after the cancel, with a limit of 2000 ms`);
        const delivery = await ended(sent, 'cancelled', attempt);
        assert.equal(delivery.error_class, 'timeout');
        assert.equal(await workflowStatus(sent.id), 'CANCELLED');
      });
    }

    scenario('cancelled while it waits for a retry: no further request', async () => {
      const sent = await send(working, 500);
      await waitFor(async () => (await working.delivery(sent.id)).attempt_count === 1, { what: 'the first attempt' });
      await cancel(sent);
      await ended(sent, 'cancelled', 1);
      assert.equal(await workflowStatus(sent.id), 'CANCELLED');
    });
  });
});

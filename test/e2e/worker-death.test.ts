import assert from 'node:assert/strict';
import { startChildService, type ChildService } from '../support/child-service.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Handler, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { waitFor } from '../support/wait-for.js';

interface Sent {
  id: string;
  webhookId: number;
  receiver: Receiver;
}

/** Begins a 200 response and never ends it; only the sender's death does. */
const startResponse: Handler = (_request, response) => {
  response.writeHead(200, { 'Content-Length': '2' });
  response.write('o');
};

describe('the death of a worker', function () {
  this.timeout(90_000);
  let stack: Stack;
  let proxy: TcpProxy;
  const receivers: Receiver[] = [];
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

  /** Sends one event to a new webhook with its own receiver. */
  async function send(respond: Receiver['respond']): Promise<Sent> {
    const receiver = await startReceiver(respond);
    receivers.push(receiver);
    const tenantId = await stack.insertTenant();
    const { id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url });
    const [id] = await stack.trigger(tenantId);
    assert.ok(id);
    return { id, webhookId, receiver };
  }

  /** Kills a worker that has deliveries in every state that a SIGKILL can meet, and starts another immediately. */
  async function killAndStartAgain() {
    const config = { ...stack.config, databaseUrl: throughProxy(stack.database.url, proxy) };
    const worker = await startChildService('worker', config);
    children.push(worker);
    const backingOff = await send([500, 500, 500, 500, 200]);
    await backingOff.receiver.waitForRequests(4);
    const retrying = await send((request, response, index) => {
      if (index === 0) return 500;
      return index === 1 ? startResponse(request, response, index) : 200;
    });
    await retrying.receiver.waitForRequests(2);
    const answering = await send((request, response, index) =>
      index === 0 ? startResponse(request, response, index) : 200,
    );
    await answering.receiver.waitForRequests(1);
    const unrecorded = await send((_request, _response, index) => {
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
    await waitFor(async () => (await stack.delivery(id)).status === 'delivered', {
      what: `delivery ${id}`,
      timeoutMs: 45_000,
    });
    assert.deepEqual(
      receiver.requests.map(({ headers }) => headers['x-irisx-attempt']),
      attemptsSeen,
    );
    assert.equal((await stack.delivery(id)).attempt_count, Number(attemptsSeen.at(-1)));
    assert.equal(receiver.maxOpenRequests, 1, 'requests open at once');
    assert.equal(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size, 1);
    assert.equal(new Set(receiver.requests.map(({ body }) => body.toString())).size, 1);
    await assertInvariants(stack.database.pool, webhookId);
  }

  it('field case 67: while the response is coming costs one more request with the same event and number', async () => {
    await assertDelivered((await killed).answering, ['1', '1']);
  });

  it('field case 67: between the response and its record costs one more request with the same event and number', async () => {
    await assertDelivered((await killed).unrecorded, ['1', '1']);
  });

  it('field case 67: during a retry repeats only that attempt', async () => {
    await assertDelivered((await killed).retrying, ['1', '2', '2']);
  });

  it('field case 67: while a delivery waits for the 8 s retry neither restarts the schedule nor shortens the wait', async () => {
    const { backingOff } = await killed;
    await assertDelivered(backingOff, ['1', '2', '3', '4', '5']);
    const [fourth, fifth] = backingOff.receiver.requests.slice(3);
    assert.ok(fifth!.at - fourth!.at >= 7_900, `${fifth!.at - fourth!.at} ms after attempt 4`);
  });
});

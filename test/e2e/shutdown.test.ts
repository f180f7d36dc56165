import assert from 'node:assert/strict';
import { startChildService, type ChildExit, type ChildService } from '../support/child-service.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

/** The longest limit that a webhook may have, and 5 s: what is promised. */
const longestStopMs = 35_000;

interface Sent {
  id: string;
  webhookId: number;
  receiver: Receiver;
}

describe('a worker that gets SIGTERM', function () {
  this.timeout(90_000);
  let stack: Stack;
  let worker: ChildService;
  const receivers: Receiver[] = [];
  let succeeding: Sent;
  let failing: Sent;
  let retrying: Sent;
  let hanging: Sent;
  let backingOff: Sent;
  let stoppedAtMs: number;
  let exit: Promise<ChildExit>;

  before(async () => {
    stack = await startStack({ parts: { api: false, worker: false } });
    worker = await startChildService('worker', stack.config);

    hanging = await send((_request, response, index) => (index === 0 ? undefined : void response.end()), { timeoutMs: 30_000 });
    retrying = await send([500, { delayMs: 4_000 }]);
    backingOff = await send([500, 500, 500, 200]);
    await retrying.receiver.waitForRequests(2);
    await backingOff.receiver.waitForRequests(3, 10_000);
    succeeding = await send({ delayMs: 4_000 });
    failing = await send([{ status: 500, delayMs: 4_000 }, 200]);
    for (const { receiver } of [succeeding, failing, hanging]) await receiver.waitForRequests(1);
    await waitFor(async () => (await stack.delivery(backingOff.id)).attempt_count === 3, { what: 'the third attempt' });
    worker.kill('SIGTERM');
    stoppedAtMs = performance.now();
    exit = worker.exited;
    await worker.waitForLine('process.draining');
    await (await stack.openAnother({ api: false, worker: true })).ready;
  });
  after(async () => {
    await worker.end();
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  async function send(respond: Receiver['respond'], row: { timeoutMs?: number } = {}): Promise<Sent> {
    const receiver = await startReceiver(respond);
    receivers.push(receiver);
    const tenantId = await stack.insertTenant();
    const { id: webhookId } = await stack.insertWebhook(tenantId, { url: receiver.url, ...row });
    const [id] = await stack.trigger(tenantId);
    assert.ok(id);
    return { id, webhookId, receiver };
  }

  async function assertDelivered({ id, webhookId, receiver }: Sent, requests: number): Promise<void> {
    await waitFor(async () => (await stack.delivery(id)).status === 'delivered', { what: `delivery ${id}`, timeoutMs: 50_000 });
    assert.equal(receiver.requests.length, requests, 'requests');
    assert.equal((await stack.delivery(id)).attempt_count, requests, 'attempts');
    assert.equal(receiver.maxOpenRequests, 1, 'requests open at once');
    await assertInvariants(stack.database.pool, webhookId);
  }

  it('lets a first attempt end and records it', () => assertDelivered(succeeding, 1));

  it('records a first attempt that fails meanwhile, and another worker makes the next', () => assertDelivered(failing, 2));

  it('leaves a waiting retry to another worker, at its time', async () => {
    await assertDelivered(backingOff, 4);
    const [third, fourth] = backingOff.receiver.requests.slice(2);
    assert.ok(fourth!.at - third!.at >= 3_900, `${fourth!.at - third!.at} ms after attempt 3`);
  });

  it('lets a retry end and records it', () => assertDelivered(retrying, 2));

  it('waits for a request as long as the longest limit, records its timeout, and another worker makes the next', async () => {
    await assertDelivered(hanging, 2);
    const { rows } = await stack.database.pool.query<{ duration_ms: number; error_class: string }>(
      'select duration_ms, error_class from webhook_attempts where delivery_id = $1 and number = 1',
      [hanging.id],
    );
    assert.equal(rows[0]?.error_class, 'timeout');
    assert.ok(rows[0].duration_ms >= 30_000);
  });

  it('ends with 0 within 35 s', async () => {
    const { code, signal, atMs } = await exit;
    assert.deepEqual({ code, signal }, { code: 0, signal: null });
    assert.ok(atMs - stoppedAtMs < longestStopMs, `${atMs - stoppedAtMs} ms`);
    assert.deepEqual(worker.lines.filter(({ level }) => level === 'error' || level === 'fatal'), []);
  });
});

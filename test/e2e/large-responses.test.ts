import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createTenantClient } from '../support/api-client.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { attemptSummary, sendEvent } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const megabyte = 1024 * 1024;
const large: [what: string, status: number, bytes: number][] = [
  ['50 MB', 200, 50 * megabyte],
  ['an endless stream', 200, Infinity],
  ['5 MB with a failure', 500, 5 * megabyte],
];

/** Sends as fast as the client reads, until the client hangs up. */
async function respondWith(response: ServerResponse, status: number, bytes: number): Promise<void> {
  const chunk = Buffer.alloc(65_536, 'x');
  function* chunks() {
    for (let left = bytes; left > 0; left -= chunk.length) yield chunk.subarray(0, Math.min(left, chunk.length));
  }
  response.writeHead(status, bytes === Infinity ? {} : { 'Content-Length': bytes });
  await pipeline(Readable.from(chunks()), response).catch(() => undefined);
}

describe('field case 18: a large response', function () {
  this.timeout(240_000);
  let stack: Stack;
  let worker: ChildService;
  const receivers: Receiver[] = [];
  before(async () => {
    stack = await startStack({ parts: { api: true, worker: false } });
    // A separate process, so that its memory does not include the receivers'.
    worker = await startChildService('worker', stack.config);
  });
  after(async () => {
    await worker.end();
    await stack.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  async function receiverWith(status: number, bytes: number): Promise<Receiver> {
    const receiver = await startReceiver((_, response) => respondWith(response, status, bytes));
    receivers.push(receiver);
    return receiver;
  }

  for (const [what, status, bytes] of large) {
    it(`of ${what} is read up to 64 KB and recorded once`, async () => {
      const receiver = await receiverWith(status, bytes);
      const sent = await sendEvent(stack, { url: receiver.url, max_retries: 1 });
      const isSuccess = status === 200;
      const delivery = await sent.waitForEnd(isSuccess ? 'delivered' : 'failed');
      assert.deepEqual(attemptSummary(delivery), isSuccess ? ['ok 200'] : ['http_status 500', 'http_status 500']);
      for (const attempt of delivery.attempts) {
        assert.equal(attempt.response_truncated, true);
        assert.equal(attempt.response_body, 'x'.repeat(65_536));
      }
      assert.equal(receiver.requests.length, delivery.attempts.length);
      await waitFor(() => receiver.openSockets.size === 0, { what: 'the socket to be dropped' });
    });
  }

  it('of exactly 64 KB is kept whole', async () => {
    const receiver = await receiverWith(200, 65_536);
    const { attempts } = await (await sendEvent(stack, { url: receiver.url })).waitForEnd('delivered');
    assert.deepEqual([attempts[0]!.response_truncated, attempts[0]!.response_body!.length], [false, 65_536]);
  });

  it('leaves the memory of the worker flat when it comes a hundred times', async () => {
    const tenant = await createTenantClient(stack);
    const targets = await Promise.all(
      large.map(async ([, status, bytes]) => {
        const receiver = await receiverWith(status, bytes);
        // Only calls: a failing webhook would be an event for the others.
        const events = ['call.completed'];
        const limits = { rate_limit_per_minute: null, rate_limit_per_hour: null, max_retries: 0 };
        return { receiver, webhookId: (await tenant.createWebhook({ url: receiver.url, events, ...limits })).id };
      }),
    );
    const requests = () => targets.reduce((sum, { receiver }) => sum + receiver.requests.length, 0);
    /** Answers the worker's peak memory. */
    const deliver = async (events: number): Promise<number> => {
      const expected = requests() + events * targets.length;
      let peak = 0;
      for (let i = 0; i < events; i += 1) await tenant.trigger();
      const isOver = async () => {
        peak = Math.max(peak, residentBytes(worker.pid));
        const details = await Promise.all(targets.map(({ webhookId }) => tenant.webhook(webhookId)));
        return details.every(({ statistics }) => statistics.pending_deliveries === '0');
      };
      await waitFor(isOver, { what: 'all deliveries to end', timeoutMs: 100_000, intervalMs: 50 });
      assert.equal(requests(), expected, 'one request for each delivery');
      return peak;
    };
    // A worker takes some memory once, for its code and connections.
    await deliver(20);
    const warm = residentBytes(worker.pid);
    const grownMb = ((await deliver(34)) - warm) / megabyte;
    // Ten whole responses at the same time would take half a gigabyte.
    assert.ok(grownMb < 100, `the worker grew by ${grownMb.toFixed(0)} MB`);
  });
});

const residentBytes = (pid: number): number => Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)])) * 1024;

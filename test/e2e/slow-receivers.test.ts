import assert from 'node:assert/strict';
import { startReceiver, type Handler, type Receiver } from '../support/receiver.js';
import { sendEvent } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('a receiver that takes longer than a second', function () {
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

  async function send(handler: Handler, timeoutMs: number) {
    const receiver = await startReceiver(handler);
    receivers.push(receiver);
    return { receiver, ...(await sendEvent(stack, { url: receiver.url, timeout_ms: timeoutMs })) };
  }
  const count = async (
    id: string,
    attributes: 'timerStartedEventAttributes' | 'workflowExecutionSignaledEventAttributes',
  ) => (await (await stack.workflow(id)).fetchHistory()).events!.filter((event) => event[attributes]).length;

  it('occupies no workflow task: the workflow waits, and continues as soon as the response comes', async () => {
    let respond!: () => void;
    const answered = new Promise<void>((resolve) => (respond = resolve));
    const sent = await send(async () => {
      await answered;
      return 200;
    }, 30_000);
    await sent.receiver.waitForRequests(1);
    await waitFor(async () => (await count(sent.id, 'timerStartedEventAttributes')) === 1, {
      what: 'the workflow to wait',
      timeoutMs: 20_000,
    });
    respond();
    // The timer alone would end after 35 s.
    await sent.waitForEnd('delivered', 20_000);
    assert.equal(await count(sent.id, 'workflowExecutionSignaledEventAttributes'), 1);
    assert.equal(sent.receiver.requests.length, 1);
  });

  it('gets a retry on schedule when it does not respond in time', async () => {
    const sent = await send((_, __, index) => (index === 0 ? { delayMs: 60_000 } : 200), 2_000);
    await sent.waitForEnd('delivered');
    const [first, second, ...more] = sent.receiver.requests;
    assert.deepEqual(more, []);
    const gapMs = second!.at - first!.at;
    // The timeout of 2 s plus 1 s of the schedule. Without a wake-up it would be the timeout plus 5 s.
    assert.ok(gapMs >= 2_900 && gapMs < 6_500, `${gapMs} ms`);
  });
});

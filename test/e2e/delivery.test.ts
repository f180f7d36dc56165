import assert from 'node:assert/strict';
import { Webhook } from 'standardwebhooks';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('delivery', function () {
  this.timeout(90_000);
  let stack: Stack;
  let receiver: Receiver;
  let tenantId: string;
  before(async () => {
    stack = await startStack({ parts: { api: false, worker: true } });
  });
  beforeEach(async () => {
    tenantId = await stack.insertTenant();
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());
  after(() => stack.close());

  const ended = (id: string, status: string, timeoutMs = 30_000) =>
    waitFor(async () => (await stack.delivery(id)).status === status, { what: `delivery ${status}`, timeoutMs });

  it('sends the stored body once, signed, and ends as delivered', async () => {
    const webhook = await stack.insertWebhook(tenantId, { url: `${receiver.url}/hook`, events: ['call.completed'] });
    const [id] = await stack.trigger(tenantId);
    const [request] = await receiver.waitForRequests(1);
    assert.ok(id && request);
    await ended(id, 'delivered');
    assert.equal(request.path, '/hook');
    assert.equal(request.headers['x-irisx-delivery'], id);
    assert.equal(request.headers['x-irisx-attempt'], '1');
    new Webhook(webhook.secret).verify(request.body.toString(), request.headers as Record<string, string>);
    await waitFor(async () => (await (await stack.workflow(id)).describe()).status.name === 'COMPLETED', {
      what: 'the workflow to complete',
    });
    const { historyLength } = await (await stack.workflow(id)).describe();
    assert.ok(historyLength <= 8, `${historyLength} events`);
  });

  it('field case 68: makes six requests at 0, 1, 3, 7, 15 and 31 s, then fails for good', async () => {
    receiver.respond = 500;
    await stack.insertWebhook(tenantId, { url: receiver.url });
    const [id] = await stack.trigger(tenantId);
    assert.ok(id);
    await ended(id, 'failed', 60_000);
    const first = receiver.requests[0]!.at;
    const times = receiver.requests.map((request) => request.at - first);
    console.log(times);
    assert.equal(times.length, 6);
  });
});

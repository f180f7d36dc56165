import assert from 'node:assert/strict';
import { verifyWebhook } from '../../src/verify/index.js';
import { createApiClient, createTenantClient, type TenantClient } from '../support/api-client.js';
import { startReceiver, type ReceivedRequest, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

interface Batch {
  batch_id: string;
  events: { event: string; event_id: string; data: { call_sid: string; digit: string } }[];
}

const batchOf = ({ body }: ReceivedRequest) => JSON.parse(body.toString()) as Batch;

describe('a webhook that gets batches', function () {
  this.timeout(120_000);
  let stack: Stack;
  let tenant: TenantClient;
  let receiver: Receiver;

  before(async () => {
    stack = await startStack();
    tenant = await createTenantClient(stack);
  });
  beforeEach(async () => (receiver = await startReceiver()));
  afterEach(() => receiver.close());
  after(() => stack.close());

  const digit = (callSid: string, digit: string) => ({
    event_type: 'call.dtmf',
    event_id: `${callSid}-${digit}`,
    payload: { call_sid: callSid, digit, timestamp: '2025-10-29T12:00:00Z' },
  });

  /** Another webhook of the tenant gets them too, if it subscribes to them and is enabled. */
  const newWebhook = (settings: Record<string, unknown>) =>
    tenant.createWebhook({ url: receiver.url, events: ['call.dtmf'], ...settings });

  it('gets 1,000 events of a burst in two requests, each signed, and counted once by the rate limit', async () => {
    const webhook = await newWebhook({
      // Full batches leave at once, however long the machine takes to accept them.
      batch: { max_events: 500, max_wait_seconds: 60 },
      rate_limit_per_minute: 2,
    });
    const platform = createApiClient(stack);
    const events = Array.from({ length: 1_000 }, (_, i) => ({
      tenant_id: tenant.tenantId,
      ...digit(`burst-${i}`, '1'),
    }));
    const accepted = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        platform.post('/v1/events/batch', { events: events.slice(i * 100, i * 100 + 100) }),
      ),
    );
    assert.deepEqual(
      accepted.map(({ status }) => status),
      Array(10).fill(200),
    );
    await receiver.waitForRequests(2, 30_000);
    const batches = receiver.requests.map(batchOf);
    assert.deepEqual(
      batches.map((batch) => batch.events.length),
      [500, 500],
    );
    const ids = batches.flatMap((batch) => batch.events.map((event) => event.event_id));
    assert.deepEqual(ids.toSorted(), events.map((event) => event.event_id).toSorted());

    for (const [i, request] of receiver.requests.entries()) {
      const { batch_id: id } = batches[i]!;
      const { headers } = request;
      assert.deepEqual(
        [headers['x-irisx-event'], headers['x-irisx-event-id'], headers['x-irisx-delivery'], headers['webhook-id']],
        ['batch', id, id, id],
      );
      assert.equal(verifyWebhook({ rawBody: request.body, headers, secrets: webhook.secret }).valid, true);
      const described = await stack.temporal.workflow.getHandle(`webhook-${webhook.id}/batch/${id}`).describe();
      assert.equal(await described.staticSummary(), `batch of 500 events → webhook ${webhook.id}`);
    }
    const counted = async () => (await tenant.webhook(webhook.id)).statistics.successful_deliveries === '1000';
    await waitFor(counted, { what: 'all to be counted' });
    const { statistics } = await tenant.webhook(webhook.id);
    assert.deepEqual([statistics.attempts, statistics.pending_deliveries], ['2', '0']);
    await tenant.delete(`/v1/webhooks/${webhook.id}`);
  });

  it('gets an event that none follows after max_wait_seconds, and the same batch again after a failure', async () => {
    const webhook = await newWebhook({ batch: { max_events: 2, max_wait_seconds: 1 }, max_retries: 1 });
    receiver.respond = [500, 200, 500, 500, 200];
    const [id] = await tenant.trigger(digit('alone', '1'));
    await receiver.waitForRequests(2, 20_000);
    const [first, again] = receiver.requests;
    assert.deepEqual(
      batchOf(first!).events.map((event) => event.event_id),
      ['alone-1'],
    );
    assert.deepEqual(again!.body, first!.body);
    assert.equal(again!.headers['webhook-id'], first!.headers['webhook-id']);
    const delivered = async () => (await tenant.delivery(webhook.id, id!)).status === 'delivered';
    await waitFor(delivered, { what: 'its delivery to end' });
    const { attempts, batch_id: batchId, body, request_body_differs: differs } = await tenant.delivery(webhook.id, id!);
    assert.deepEqual(
      attempts.map(({ number, status_code: status }) => [number, status]),
      [
        [1, 500],
        [2, 200],
      ],
    );
    assert.deepEqual([batchId, body, differs], [first!.headers['webhook-id'], first!.body.toString(), true]);

    // Both fail with their batch; one is sent again by hand, alone.
    const [a] = await tenant.trigger(digit('pair', '1'));
    const [b] = await tenant.trigger(digit('pair', '2'));
    const failed = async () => (await tenant.delivery(webhook.id, a!)).status === 'failed';
    await waitFor(failed, { what: 'the batch to fail', timeoutMs: 20_000 });
    assert.equal((await tenant.post(`/v1/webhooks/${webhook.id}/deliveries/${b}/retry`)).status, 202);
    await receiver.waitForRequests(5, 20_000);
    const alone = batchOf(receiver.requests[4]!);
    assert.deepEqual([alone.batch_id, alone.events.map((event) => event.event_id)], [b, ['pair-2']]);
    await waitFor(async () => (await tenant.delivery(webhook.id, b!)).status === 'delivered', {
      what: 'the retry to end',
    });
    assert.equal((await tenant.delivery(webhook.id, a!)).status, 'failed');
    await tenant.delete(`/v1/webhooks/${webhook.id}`);
  });
});

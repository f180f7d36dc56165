import assert from 'node:assert/strict';
import { createTenantClient, type DeliveryDetail } from '../support/api-client.js';
import { startRawServer } from '../support/raw-server.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { attemptSummary, followDelivery, sendEvent } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { stubName } from '../support/stub-dns.js';
import { waitFor } from '../support/wait-for.js';

describe('a webhook whose host name resolves to an address that is not allowed', function () {
  this.timeout(60_000);
  let stack: Stack;
  const closers: (() => Promise<void>)[] = [];
  before(async () => {
    // 127.0.0.1 stands for the public internet, the rest of 127.0.0.0/8 for our own network.
    stack = await startStack({ config: { allowedNetworks: ['127.0.0.1/32'] } });
  });
  after(async () => {
    await stack.close();
    await Promise.all(closers.map((close) => close()));
  });

  async function receiverWith(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
    const receiver = await startReceiver(...args);
    closers.push(receiver.close);
    return receiver;
  }

  const error = { class: 'blocked_address', message: 'destination not allowed' };

  scenario('field cases 1 and 3: can be registered, but is blocked at its first attempt and at a retry', async () => {
    const inside = await receiverWith(200, { host: '127.0.0.2' });
    const name = stubName('127.0.0.2.nip.io', () => ['127.0.0.2']);
    const sent = await sendEvent(stack, { url: `http://127.0.0.2.nip.io:${inside.port}/` });
    const delivery = await sent.waitForEnd('failed');
    assert.deepEqual(attemptSummary(delivery), ['blocked_address']);
    assert.deepEqual(delivery.error, error);
    const { webhook, statistics } = await sent.tenant.webhook(sent.webhookId);
    assert.equal(webhook.enabled, true);
    assert.deepEqual([statistics.failed_deliveries, statistics.pending_deliveries], ['1', '0']);
    assert.equal((await sent.tenant.post(`/v1/webhooks/${sent.webhookId}/deliveries/${sent.id}/retry`)).status, 202);
    await sent.waitForAttempts(2);
    assert.deepEqual(attemptSummary(await sent.waitForEnd('failed')), ['blocked_address', 'blocked_address']);
    assert.equal(name.lookups, 2, 'one look-up an attempt');
    assert.equal(inside.connections, 0);
  });

  scenario('field case 1: is blocked for good when the name changes to that address between two attempts', async () => {
    const outside = await receiverWith(500);
    const inside = await receiverWith(200, { host: '127.0.0.2', port: outside.port });
    const name = stubName('rebind.test', (lookup) => [lookup === 0 ? '127.0.0.1' : '127.0.0.2']);
    const sent = await sendEvent(stack, { url: `http://rebind.test:${outside.port}/h` });
    const delivery = await sent.waitForEnd('failed');
    assert.deepEqual(attemptSummary(delivery), ['http_status 500', 'blocked_address']);
    assert.deepEqual(delivery.error, error);
    assert.deepEqual([delivery.status_code, delivery.response_body, delivery.next_attempt_at], [null, null, null]);
    assert.equal(name.lookups, 2, 'one look-up an attempt');
    assert.deepEqual([outside.requests.length, inside.connections], [1, 0]);
  });

  scenario('field case 6: shows the same whether the port listens, is closed or drops packets', async () => {
    const listener = await startRawServer(() => undefined, '127.0.0.2');
    closers.push(listener.close);
    const closed = await startRawServer(() => undefined, '127.0.0.2');
    await closed.close();
    stubName('listens.test', () => ['127.0.0.2']);
    stubName('closed.test', () => ['127.0.0.2']);
    stubName('drops.test', () => ['10.255.255.1']);
    const tenant = await createTenantClient(stack);
    const webhooks: number[] = [];
    for (const host of [`listens.test:${listener.port}`, `closed.test:${closed.port}`, 'drops.test']) {
      webhooks.push((await tenant.createWebhook({ url: `http://${host}/` })).id);
    }
    const ids = await tenant.trigger();
    const deliveries = await Promise.all(
      webhooks.map((webhookId, i) => followDelivery(stack, tenant, webhookId, ids[i]!).waitForEnd('failed')),
    );
    const listed = await Promise.all(
      webhooks.map(
        async (id) => (await tenant.get(`/v1/webhooks/${id}/deliveries`)).body.deliveries[0] as DeliveryDetail,
      ),
    );
    for (const shown of [...deliveries, ...listed]) {
      assert.deepEqual([shown.status, shown.attempt_count, shown.error], ['failed', 1, error]);
      assert.doesNotMatch(JSON.stringify(shown), /127\.|10\.255|\.test|ECONN|ETIMEDOUT|EHOST|socket|connect/i);
      assert.ok(shown.duration_ms! < 5_000, `took ${shown.duration_ms} ms`);
    }
    const [first, ...others] = deliveries.map(withoutIdentity);
    for (const other of others) assert.deepEqual(other, first);
    const [firstListed, ...othersListed] = listed.map(withoutIdentity);
    for (const other of othersListed) assert.deepEqual(other, firstListed);
    assert.equal(listener.sockets.length, 0);
  });

  scenario('field case 6: shows neither cookies nor credentials of a receiver that is allowed', async () => {
    const receiver = await receiverWith({
      status: 500,
      headers: {
        'Set-Cookie': ['session=hush', 'other=hush'],
        Authorization: 'Bearer hush',
        'WWW-Authenticate': 'Basic realm="hush"',
        'X-Api-Key': 'hush',
        'X-Served-By': 'web-3',
      },
      body: 'x'.repeat(100_000),
    });
    const sent = await sendEvent(stack, {
      url: receiver.url,
      max_retries: 0,
      headers: { Authorization: 'Bearer quiet', 'X-Team': 'billing' },
    });
    const delivery = await sent.waitForEnd('failed');
    const [attempt] = delivery.attempts;
    assert.equal(attempt!.response_headers!['x-served-by'], 'web-3');
    assert.equal(attempt!.response_headers!['x-api-key'], '[masked]');
    assert.equal(attempt!.response_body!.length, 65_536);
    assert.equal(receiver.requests[0]!.headers['authorization'], 'Bearer quiet');
    assert.equal(attempt!.request_headers!['X-Team'], 'billing');
    assert.match(attempt!.request_headers!['X-IRISX-Signature']!, /^sha256=[0-9a-f]{8}…$/);
    assert.doesNotMatch(JSON.stringify(delivery), /hush|quiet|set-cookie|sha256=[0-9a-f]{9}|v1,[\w+/]{9}/i);
  });
});

describe('a webhook with an http url where only https is allowed', function () {
  this.timeout(60_000);
  let stack: Stack;
  let receiver: Receiver;
  before(async () => {
    receiver = await startReceiver();
    stack = await startStack({ config: { allowHttp: false } });
  });
  after(async () => {
    await stack.close();
    await receiver.close();
  });

  it('fails for good at its first attempt, without a request, if it was registered earlier', async () => {
    const tenantId = await stack.insertTenant();
    await stack.insertWebhook(tenantId, { url: receiver.url });
    const [id] = await stack.trigger(tenantId);
    const delivery = await waitFor(
      async () => {
        const now = await stack.delivery(id!);
        return now.status === 'pending' ? undefined : now;
      },
      { what: 'the end of the delivery' },
    );
    assert.deepEqual(
      [delivery.status, delivery.attempt_count, delivery.error_class, receiver.connections],
      ['failed', 1, 'blocked_address', 0],
    );
  });
});

/** The delivery without ids, times and durations: what must not differ. */
function withoutIdentity(delivery: DeliveryDetail): unknown {
  const { id, webhook_id: webhookId } = delivery;
  const text = JSON.stringify({ ...delivery, id: '', webhook_id: 0, duration_ms: 0 })
    .replaceAll(id, '')
    .replaceAll(/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '""')
    .replaceAll(/"(duration_ms)":\d+/g, '"$1":0')
    .replaceAll(/"(X-IRISX-Timestamp|webhook-timestamp|X-IRISX-Signature|webhook-signature)":"[^"]+"/g, '"$1":""');
  assert.ok(webhookId > 0);
  return JSON.parse(text);
}

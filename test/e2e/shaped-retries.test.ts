import assert from 'node:assert/strict';
import { verifyWebhook } from '../../src/verify/index.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { attemptSummary, followDelivery, sendEvent } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { stubName } from '../support/stub-dns.js';

describe('a webhook with retries of its own', function () {
  this.timeout(60_000);
  let stack: Stack;
  const closers: (() => Promise<void>)[] = [];
  before(async () => {
    // 127.0.0.1 stands for the public internet, the rest of 127.0.0.0/8 for our own network.
    stack = await startStack({ config: { allowedNetworks: ['127.0.0.1/32'] } });
    // What happens on time here must happen without a sweep.
    await stack.temporal.schedule.getHandle(`${stack.config.temporal.taskQueue}-sweep`).pause();
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

  const gapsMs = ({ requests }: Receiver) => requests.slice(1).map(({ at }, i) => at - requests[i]!.at);
  const assertAtLeast = (gaps: number[], leastMs: number[]) => {
    assert.equal(gaps.length, leastMs.length);
    gaps.forEach((gap, i) => assert.ok(gap >= leastMs[i]! - 5, `request ${i + 2} came ${gap} ms after the one before`));
  };

  scenario('gets them on its schedule, whether its delays grow or fall, and succeeds in the end', async () => {
    const [even, falling] = [await receiverWith([500, 500, 200]), await receiverWith([500, 500, 200])];
    const [first, second] = [
      await sendEvent(stack, { url: even.url, retry_schedule: [1, 1] }),
      await sendEvent(stack, { url: falling.url, retry_schedule: [2, 1] }),
    ];
    assert.deepEqual(attemptSummary(await first.waitForEnd('delivered')), [
      'http_status 500',
      'http_status 500',
      'ok 200',
    ]);
    assertAtLeast(gapsMs(even), [1_000, 1_000]);
    await second.waitForEnd('delivered');
    assertAtLeast(gapsMs(falling), [2_000, 1_000]);
  });

  scenario('field case 68: ends as failed when a schedule of one delay is used up', async () => {
    const receiver = await receiverWith(500);
    const sent = await sendEvent(stack, { url: receiver.url, retry_schedule: [1] });
    assert.equal((await sent.waitForEnd('failed')).attempt_count, 2);
    assertAtLeast(gapsMs(receiver), [1_000]);
  });

  scenario('waits 5 s for its first retry if it is patient, and minutes for its second', async () => {
    const receiver = await receiverWith(503);
    const sent = await sendEvent(stack, { url: receiver.url, retry_schedule: 'patient' });
    const { next_attempt_at: nextAt } = await sent.waitForAttempts(2);
    assertAtLeast(gapsMs(receiver), [5_000]);
    const waitMs = Date.parse(nextAt!) - Date.now();
    assert.ok(waitMs > 290_000 && waitMs < 331_000, `${waitMs} ms`);
    const { pendingActivities } = (await (await stack.workflow(sent.id)).describe()).raw;
    const next = pendingActivities![0]!.scheduledTime!;
    assert.ok(Number(next.seconds) * 1000 - Date.now() > 290_000, 'the server does the waiting');
  });

  scenario('expires on time, without another request, and its workflow completes', async () => {
    const receiver = await receiverWith(500);
    const sent = await sendEvent(stack, { url: receiver.url, ttl_seconds: { '*': 6 }, retry_schedule: [1, 60] });
    const {
      expires_at: expiresAt,
      finished_at: finishedAt,
      created_at: createdAt,
      ...delivery
    } = await sent.waitForEnd('expired');
    assert.equal(Date.parse(expiresAt!) - Date.parse(createdAt), 6_000);
    const lateMs = Date.parse(finishedAt!) - Date.parse(expiresAt!);
    assert.ok(lateMs >= 0 && lateMs < 10_000, `expired ${lateMs} ms late`);
    // One or two: the machine may be busy.
    const { attempt_count: count, error } = delivery;
    assert.deepEqual([receiver.requests.length, error?.class], [count, 'http_status']);
    const workflow = await stack.workflow(sent.id);
    assert.deepEqual(await workflow.result(), {
      status: 'expired',
      message: `expired after ${count} attempt${count === 1 ? '' : 's'}`,
    });
    assert.equal((await workflow.describe()).status.name, 'COMPLETED');
    const { webhook } = await sent.tenant.webhook(sent.webhookId);
    assert.deepEqual([webhook.expired_deliveries, webhook.failed_deliveries], [1, 0]);
  });

  scenario('expires while it waits for the rate limit', async () => {
    const receiver = await receiverWith();
    const sent = await sendEvent(stack, { url: receiver.url, rate_limit_per_minute: 1 });
    await sent.waitForEnd('delivered');
    await sent.tenant.patch(`/v1/webhooks/${sent.webhookId}`, { ttl_seconds: { '*': 2 } });
    const [id] = await sent.tenant.trigger();
    await followDelivery(stack, sent.tenant, sent.webhookId, id!).waitForEnd('expired');
    const workflow = await stack.workflow(id!);
    assert.deepEqual(await workflow.result(), { status: 'expired', message: 'expired after 0 attempts' });
    assert.equal(receiver.requests.length, 1);
  });

  scenario('has three attempts go to its fallback url, signed and numbered like the others', async () => {
    const [primary, fallback] = [await receiverWith(500), await receiverWith([500, 503, 200])];
    const sent = await sendEvent(stack, { url: primary.url, fallback_url: fallback.url, retry_schedule: [1] });
    const delivery = await sent.waitForEnd('delivered');
    assert.deepEqual(
      delivery.attempts.map(({ number, target, status_code: status }) => [number, target, status]),
      [
        [1, 'primary', 500],
        [2, 'primary', 500],
        [3, 'fallback', 500],
        [4, 'fallback', 503],
        [5, 'fallback', 200],
      ],
    );
    assert.deepEqual(
      [...primary.requests, ...fallback.requests].map(({ headers }) => headers['x-irisx-attempt']),
      ['1', '2', '3', '4', '5'],
    );
    assertAtLeast(gapsMs(fallback), [1_000, 2_000]);
    const { events } = await (await stack.workflow(sent.id)).fetchHistory();
    const summaries = events!.flatMap(({ activityTaskScheduledEventAttributes: scheduled, userMetadata }) =>
      scheduled ? [JSON.parse(Buffer.from(userMetadata!.summary!.data!).toString()) as string] : [],
    );
    assert.equal(summaries.at(-1), 'from attempt 3', 'no timer of the server delays the first at the fallback');
    for (const { headers, body } of fallback.requests) {
      assert.ok(verifyWebhook({ rawBody: body, headers, secrets: sent.secret }).valid);
      assert.deepEqual(body, primary.requests[0]!.body);
      assert.equal(headers['webhook-id'], primary.requests[0]!.headers['webhook-id']);
    }
  });

  scenario('fails with the error of its last attempt when the fallback fails too', async () => {
    const [primary, fallback] = [
      await receiverWith(500),
      await receiverWith([500, 500, { status: 404, body: 'gone' }]),
    ];
    const sent = await sendEvent(stack, { url: primary.url, fallback_url: fallback.url, max_retries: 0 });
    const { attempt_count: count, status_code: status, response_body: body, error } = await sent.waitForEnd('failed');
    assert.deepEqual([count, status, body], [4, 404, 'gone']);
    assert.deepEqual(error, { class: 'http_status', message: 'The receiver answered 404; only 2xx is success.' });
    assert.deepEqual([primary.requests.length, fallback.requests.length], [1, 3]);
  });

  scenario(
    'field case 1: keeps the address guard at its fallback url, and goes there if its own address is blocked',
    async () => {
      const [outside, inside] = [await receiverWith(), await receiverWith(200, { host: '127.0.0.2' })];
      stubName('inside.test', () => ['127.0.0.2']);
      const insideUrl = `http://inside.test:${inside.port}/`;
      const away = await receiverWith(500);
      const blocked = await sendEvent(stack, { url: away.url, fallback_url: insideUrl, max_retries: 0 });
      assert.deepEqual(attemptSummary(await blocked.waitForEnd('failed')), ['http_status 500', 'blocked_address']);
      const saved = await sendEvent(stack, { url: insideUrl, fallback_url: outside.url });
      assert.deepEqual(attemptSummary(await saved.waitForEnd('delivered')), ['blocked_address', 'ok 200']);
      assert.deepEqual([inside.connections, outside.requests.length], [0, 1]);
    },
  );

  scenario('begins anew at its url when it is retried by hand in between', async () => {
    const [primary, fallback] = [
      await receiverWith([500, 200]),
      await receiverWith({ status: 503, headers: { 'Retry-After': '600' } }),
    ];
    const sent = await sendEvent(stack, { url: primary.url, fallback_url: fallback.url, max_retries: 0 });
    await sent.waitForAttempts(2);
    assert.equal((await sent.tenant.post(`/v1/webhooks/${sent.webhookId}/deliveries/${sent.id}/retry`)).status, 202);
    assert.deepEqual(
      (await sent.waitForEnd('delivered')).attempts.map(({ target }) => target),
      ['primary', 'fallback', 'primary'],
    );
  });
});

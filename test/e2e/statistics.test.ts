import assert from 'node:assert/strict';
import { createTenantClient, type DeliveryDetail, type TenantClient } from '../support/api-client.js';
import { assertInvariants } from '../support/invariants.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { followDelivery } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

interface DayOfStatistics {
  events: number;
  delivered: number;
  failed: number;
  attempts: number;
  outcomes: Record<string, number>;
}

describe('statistics', function () {
  this.timeout(60_000);
  let stack: Stack;
  let receiver: Receiver;
  let tenant: TenantClient;
  let webhookId: number;
  before(async () => {
    stack = await startStack();
  });
  beforeEach(async () => {
    receiver = await startReceiver(({ headers }) =>
      (headers['x-irisx-event-id'] as string).startsWith('bad') ? 500 : 200,
    );
    tenant = await createTenantClient(stack);
    webhookId = (await tenant.createWebhook({ url: receiver.url, max_retries: 1 })).id;
  });
  afterEach(() => receiver.close());
  after(() => stack.close());

  const send = async (eventId: string) => {
    const [id] = await tenant.trigger({ event_id: eventId });
    const sent = followDelivery(stack, tenant, webhookId, id!);
    await sent.waitForEnd(eventId.startsWith('bad') ? 'failed' : 'delivered');
    return sent;
  };
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

  it('field case 35: are complete before the first delivery, with zeros in the type of each field', async () => {
    const { webhook, statistics } = await tenant.webhook(webhookId);
    assert.deepEqual(statistics, {
      successful_deliveries: '0',
      failed_deliveries: '0',
      expired_deliveries: '0',
      attempts: '0',
      pending_deliveries: '0',
      held_deliveries: '0',
      avg_duration_ms: '0',
    });
    const { total_deliveries, successful_deliveries, failed_deliveries, last_success_at, last_failure_at } = webhook;
    assert.deepEqual([total_deliveries, successful_deliveries, failed_deliveries], [0, 0, 0]);
    assert.deepEqual([last_success_at, last_failure_at], [null, null]);
  });

  it('field case 35: match the log after 10 delivered and 2 failed, as numbers in the webhook and decimal strings in the statistics', async () => {
    await Promise.all([...numbers(10).map((i) => send(`good-${i}`)), ...numbers(2).map((i) => send(`bad-${i}`))]);
    const { webhook, statistics } = await tenant.webhook(webhookId);
    assert.deepEqual([webhook.total_deliveries, webhook.successful_deliveries, webhook.failed_deliveries], [12, 10, 2]);
    const log = await readLog();
    const withStatus = (status: string) => log.filter((delivery) => delivery.status === status).length;
    assert.deepEqual([log.length, withStatus('delivered'), withStatus('failed')], [12, 10, 2]);
    const attempts = log.flatMap((delivery) => delivery.attempts);
    assert.equal(attempts.length, 14);
    const averageMs = Math.round(attempts.reduce((sum, attempt) => sum + attempt.duration_ms, 0) / attempts.length);
    assert.deepEqual(statistics, {
      successful_deliveries: '10',
      failed_deliveries: '2',
      expired_deliveries: '0',
      attempts: String(attempts.length),
      pending_deliveries: '0',
      held_deliveries: '0',
      avg_duration_ms: String(averageMs),
    });
    const lastOf = (failed: boolean) =>
      Math.max(
        ...attempts.filter(({ error }) => failed === (error !== null)).map(({ started_at }) => Date.parse(started_at)),
      );
    for (const [shown, startedAt] of [
      [webhook.last_success_at, lastOf(false)],
      [webhook.last_failure_at, lastOf(true)],
    ] as const) {
      const laterMs = Date.parse(shown!) - startedAt;
      assert.ok(
        laterMs >= 0 && laterMs < 2_000,
        `${shown} is ${laterMs} ms after the beginning of the last such attempt`,
      );
    }
    assert.equal(receiver.requests.length, attempts.length);
    assert.deepEqual((await tenant.get('/v1/webhooks')).body.webhooks, [webhook]);
    await assertInvariants(stack.database.pool, webhookId);

    const schedule = stack.temporal.schedule.getHandle(`${stack.config.temporal.taskQueue}-statistics`);
    // What was recorded in the last seconds is left to the next run.
    const counted = await waitFor(
      async () => {
        await schedule.trigger();
        const { body } = await tenant.get(`/v1/webhooks/${webhookId}/statistics?bucket=day`);
        const days = body.buckets as DayOfStatistics[];
        const sum = (of: (day: DayOfStatistics) => number) => days.reduce((total, day) => total + of(day), 0);
        return sum(({ attempts }) => attempts) === attempts.length ? sum : null;
      },
      { what: 'all attempts to be in the statistics by day', intervalMs: 500 },
    );
    assert.deepEqual(
      [counted(({ events }) => events), counted(({ delivered }) => delivered), counted(({ failed }) => failed)],
      [12, 10, 2],
    );
    assert.deepEqual([counted((day) => day.outcomes['2xx']!), counted((day) => day.outcomes['5xx']!)], [10, 4]);
  });

  it('exclude test events, and count a delivery once however often it is retried by hand', async () => {
    const [good, bad] = [await send('good'), await send('bad')];
    await tenant.post(`/v1/webhooks/${webhookId}/deliveries/${good.id}/retry`, { force: true });
    await good.waitForAttempts(2);
    receiver.respond = 200;
    await tenant.post(`/v1/webhooks/${webhookId}/deliveries/${bad.id}/retry`);
    await bad.waitForAttempts(3);
    await Promise.all([good.waitForEnd('delivered'), bad.waitForEnd('delivered')]);
    const before = await tenant.webhook(webhookId);
    const { total_deliveries, successful_deliveries, failed_deliveries } = before.webhook;
    assert.deepEqual([total_deliveries, successful_deliveries, failed_deliveries], [2, 2, 0]);
    const { pending_deliveries, held_deliveries } = before.statistics;
    assert.deepEqual([pending_deliveries, held_deliveries], ['0', '0']);
    await assertInvariants(stack.database.pool, webhookId);
    const { delivery } = (await tenant.post(`/v1/webhooks/${webhookId}/test`)).body;
    assert.deepEqual(await tenant.webhook(webhookId), before);
    await followDelivery(stack, tenant, webhookId, delivery.id).waitForEnd('delivered');
    assert.deepEqual(await tenant.webhook(webhookId), before);
    assert.equal(receiver.requests.length, 2 + 3 + 1);
  });

  /** All pages of the log. */
  async function readLog(): Promise<DeliveryDetail[]> {
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await tenant.get(`/v1/webhooks/${webhookId}/deliveries?limit=5${cursor && `&cursor=${cursor}`}`);
      ids.push(...body.deliveries.map((delivery: { id: string }) => delivery.id));
      cursor = body.next_cursor as string | null;
    }
    return Promise.all(ids.map((id) => tenant.delivery(webhookId, id)));
  }
});

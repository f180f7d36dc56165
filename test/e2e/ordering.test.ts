import assert from 'node:assert/strict';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { startChildService, type ChildService } from '../support/child-service.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const calls = 30;
const digits = ['1', '2', '3', '4'];

describe('a webhook that keeps the order of a call', function () {
  this.timeout(300_000);
  let stack: Stack;
  let tenant: TenantClient;
  let receiver: Receiver;
  const workers: ChildService[] = [];

  before(async () => {
    stack = await startStack({ parts: { api: true, worker: false } });
    tenant = await createTenantClient(stack);
    receiver = await startReceiver();
    workers.push(...(await Promise.all([1, 2].map(() => startChildService('worker', stack.config)))));
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.end()));
    await stack.close();
    await receiver.close();
  });

  const trigger = (callSid: string, digit: string) =>
    tenant.trigger({
      event_type: 'call.dtmf',
      event_id: `${callSid}-${digit}`,
      payload: { call_sid: callSid, digit, timestamp: '2025-10-29T12:00:00Z' },
    });
  /** By call, the digits in the order in which the receiver accepted them. */
  const acceptedBy = (accepted: Set<number>) => {
    const found: Record<string, string[]> = {};
    receiver.requests.forEach(({ body }, index) => {
      if (!accepted.has(index)) return;
      const { data } = JSON.parse(body.toString()) as { data: { call_sid: string; digit: string } };
      (found[data.call_sid] ??= []).push(data.digit);
    });
    return found;
  };

  it('sends each event of a call after the one before it, whatever fails and whichever worker is killed', async () => {
    const { id: webhookId } = await tenant.createWebhook({
      url: receiver.url,
      events: ['call.dtmf'],
      ordering: 'key',
      rate_limit_per_minute: null,
      rate_limit_per_hour: null,
    });
    const accepted = new Set<number>();
    // Every fourth request fails, so that many deliveries are retried while the next ones wait.
    receiver.respond = (_request, _response, index) => {
      if (index % 4 === 3) return 503;
      accepted.add(index);
      return 200;
    };
    const sids = Array.from({ length: calls }, (_, i) => `call-${i}`);
    for (const digit of digits) await Promise.all(sids.map((sid) => trigger(sid, digit)));
    await receiver.waitForRequests(20, 60_000);
    const [killed] = workers.splice(0, 1);
    killed!.kill('SIGKILL');
    await killed!.exited;
    const delivered = async () =>
      (await tenant.webhook(webhookId)).webhook.successful_deliveries === calls * digits.length;
    const left = async () => {
      const { rows } = await stack.database.pool.query(
        `select id, status, attempt_count, due_at, in_flight_until, waits_for_turn, workflow_started_at, now()
           from webhook_deliveries where webhook_id = $1 and status <> 'delivered'`,
        [webhookId],
      );
      return `all to be delivered; left are ${JSON.stringify(rows)}`;
    };
    await waitFor(delivered, { what: left, timeoutMs: 240_000, intervalMs: 200 });
    for (const [sid, received] of Object.entries(acceptedBy(accepted))) {
      // A request whose sender was killed before it recorded the response is sent again; nothing else is doubled.
      const inOrder = received.filter((digit, i) => digit !== received[i - 1]);
      assert.deepEqual(inOrder, digits, `${sid}: ${received.join()}`);
    }
    const sequences = receiver.requests.map(({ headers, body }) => {
      const { data } = JSON.parse(body.toString()) as { data: { call_sid: string; digit: string } };
      assert.equal(headers['x-irisx-ordering-key'], data.call_sid);
      return [headers['x-irisx-sequence'], data.digit];
    });
    assert.deepEqual(
      sequences.filter(([sequence, digit]) => sequence !== digit),
      [],
      'triggered one after the other, so numbered alike',
    );
  });
});

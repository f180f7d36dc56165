import assert from 'node:assert/strict';
import { startChildService, type ChildService } from '../support/child-service.js';
import { startReceiver, type Receiver, type Respond } from '../support/receiver.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const tenMinutesMs = 600_000;

for (const [what, clockShiftMs] of [
  ['ten minutes behind', -tenMinutesMs],
  ['ten minutes ahead', tenMinutesMs],
] as const) {
  describe(`field case 82: a process whose clock is ${what}`, function () {
    this.timeout(90_000);
    let stack: Stack;
    let child: ChildService;
    const receivers: Receiver[] = [];
    before(async () => {
      stack = await startStack({ parts: { api: false, worker: false } });
      child = await startChildService('service', stack.config, { clockShiftMs });
    });
    after(async () => {
      await child?.end();
      await stack?.close();
      await Promise.all(receivers.map((receiver) => receiver.close()));
    });

    async function call(path: string, key: string, body: object): Promise<Record<string, unknown>> {
      const response = await fetch(`${child.url}${path}`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      assert.ok(response.ok, `${path} ${response.status}`);
      return (await response.json()) as Record<string, unknown>;
    }
    async function webhookOf(respond: Respond) {
      const receiver = await startReceiver(respond);
      receivers.push(receiver);
      const tenantId = await stack.insertTenant();
      const { id } = await stack.insertWebhook(tenantId, { url: receiver.url });
      return { receiver, tenantId, webhookId: id };
    }
    const trigger = (tenantId: string) => {
      const event = { tenant_id: tenantId, event_type: 'call.completed', event_id: 'e-1', payload: callCompleted };
      return call('/v1/events', stack.adminKey, event);
    };

    it('is really that far off', async () => {
      const { time } = await child.waitForLine('api.listening');
      const offMs = Date.parse(time as string) - Date.now();
      assert.ok(Math.abs(offMs - clockShiftMs) < 120_000, `${offMs} ms`);
    });

    it('signs with both secrets for the overlap of a rotation, by the clock of Postgres', async () => {
      const { receiver, tenantId, webhookId } = await webhookOf(200);
      const { key } = (await call(`/v1/tenants/${tenantId}/api-keys`, stack.adminKey, {
        name: 'x',
        scopes: ['webhooks:write'],
      })) as { key: string };
      const rotated = await call(`/v1/webhooks/${webhookId}/rotate-secret`, key, { overlap_seconds: 120 });
      const { rows } = await stack.database.pool.query<{ left_ms: string }>(
        `select extract(epoch from previous_secret_expires_at - now()) * 1000 as left_ms from webhooks where id = $1`,
        [webhookId],
      );
      const leftMs = Number(rows[0]!.left_ms);
      assert.ok(leftMs > 60_000 && leftMs <= 120_000, `${leftMs} ms left`);
      assert.ok(Math.abs(Date.parse(rotated['previous_secret_expires_at'] as string) - Date.now() - leftMs) < 5_000);
      await trigger(tenantId);
      await receiver.waitForRequests(1);
      assert.ok(receiver.requests[0]!.headers['x-irisx-signature-previous']);
    });

    it("waits for a receiver's Retry-After by the receiver's clock", async () => {
      const { receiver, tenantId } = await webhookOf((_request, _response, index) =>
        // Node adds the Date header, by the clock of the test's process.
        index > 0 ? 200 : { status: 503, headers: { 'Retry-After': new Date(Date.now() + 30_000).toUTCString() } },
      );
      await trigger(tenantId);
      await receiver.waitForRequests(1);
      const due = await waitFor(
        async () => {
          const { rows } = await stack.database.pool.query<{ wait_s: string }>(
            `select extract(epoch from due_at - now()) as wait_s from webhook_deliveries
              where tenant_id = $1 and attempt_count = 1`,
            [tenantId],
          );
          return rows[0];
        },
        { what: 'the attempt to be recorded' },
      );
      const waitS = Number(due.wait_s);
      assert.ok(waitS > 5 && waitS <= 31, `${waitS} s`);
    });
  });
}

import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('what operators see in Temporal', function () {
  this.timeout(60_000);
  let stack: Stack;
  let receiver: Receiver;
  let tenantId: string;
  before(async () => {
    stack = await startStack({ parts: { api: false, worker: true } });
    receiver = await startReceiver();
  });
  beforeEach(async () => {
    receiver.respond = 200;
    tenantId = await stack.insertTenant();
  });
  after(async () => {
    await stack.close();
    await receiver.close();
  });

  const find = async (query: string) => {
    const found = [];
    for await (const run of stack.temporal.workflow.list({ query })) found.push(run);
    return found;
  };

  it('includes a run that can be found by tenant, webhook, event type and event id, with a readable summary', async () => {
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url, events: ['call.completed'] });
    const [id] = await stack.trigger(tenantId, 'call-4711');
    await receiver.waitForRequests(1);
    for (const query of [
      `TenantId = "${tenantId}"`,
      `TenantId = "${tenantId}" and WebhookId = ${webhook.id}`,
      `TenantId = "${tenantId}" and EventType = "call.completed"`,
      `TenantId = "${tenantId}" and EventId = "call-4711"`,
    ]) {
      await waitFor(async () => (await find(query)).some((run) => run.workflowId === id), { what: query });
    }
    const described = await stack.temporal.workflow.getHandle(id!).describe();
    assert.equal(await described.staticSummary(), `call.completed → webhook ${webhook.id}`);
  });

  it('includes the pending attempt with its last failure while a delivery is retried', async () => {
    receiver.respond = 503;
    await stack.insertWebhook(tenantId, { url: `${receiver.url}/retried` });
    const [id] = await stack.trigger(tenantId);
    await receiver.waitForRequests(receiver.requests.length + 2);
    const pending = await waitFor(
      async () => {
        const [activity] = (await stack.temporal.workflow.getHandle(id!).describe()).raw.pendingActivities ?? [];
        return activity?.lastFailure ? activity : undefined;
      },
      { what: 'a failure in the pending activity' },
    );
    assert.equal(pending.activityType?.name, 'deliver');
    assert.equal(pending.lastFailure?.message, 'HTTP 503');
    assert.equal(pending.lastFailure?.stackTrace, '');
  });

  it('never includes a payload, a url or a secret, not even in a failure', async () => {
    const refusing = await startReceiver();
    await refusing.close();
    receiver.respond = { status: 500, body: 'an answer that echoes +15551234567' };
    const rows = [
      { url: `${receiver.url}/path-secret?token=query-secret`, maxRetries: 1 },
      { url: `${refusing.url}/path-secret?token=query-secret`, maxRetries: 1 },
      { url: 'http://no-such-host.invalid/path-secret', maxRetries: 1 },
      { url: 'http://10.0.0.1/path-secret', maxRetries: 1 },
    ];
    const webhooks = await Promise.all(rows.map((row) => stack.insertWebhook(tenantId, row)));
    const ids = await stack.trigger(tenantId);
    assert.equal(ids.length, rows.length);
    for (const id of ids) {
      await waitFor(async () => (await stack.delivery(id)).status === 'failed', {
        what: `${id} to fail`,
        timeoutMs: 20_000,
      });
      await waitFor(async () => (await stack.temporal.workflow.getHandle(id).describe()).status.name === 'FAILED', {
        what: `the workflow of ${id} to fail`,
        timeoutMs: 20_000,
      });
    }
    const forbidden = [
      ...webhooks.map((webhook) => webhook.secret),
      ...webhooks.map((webhook) => webhook.secret.slice('whsec_'.length)),
      'path-secret',
      'query-secret',
      '127.0.0.1',
      '10.0.0.1',
      'no-such-host',
      ...Object.values(callCompleted).filter((value): value is string => typeof value === 'string' && value.length > 9),
    ];
    for (const id of ids) {
      const text = await historyText(stack.temporal, id);
      assert.match(text, /DeliveryFailed/, 'the failure itself is there');
      for (const secret of forbidden) assert.ok(!text.includes(secret), `the history of ${id} holds ${secret}`);
    }
  });
});

/** Every string in a history, with payloads decoded. */
async function historyText(temporal: Client, workflowId: string): Promise<string> {
  const history = await temporal.workflow.getHandle(workflowId).fetchHistory();
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') found.push(value);
    else if (value instanceof Uint8Array) found.push(Buffer.from(value).toString('utf8'));
    else if (value && typeof value === 'object') for (const each of Object.values(value)) walk(each);
  };
  walk(history);
  return found.join('\n');
}

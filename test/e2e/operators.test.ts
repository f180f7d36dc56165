import assert from 'node:assert/strict';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { holdResponse, startReceiver, type Receiver } from '../support/receiver.js';
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

  it('includes a run that says what it is, and can be found by tenant, webhook, event type and event id', async () => {
    const webhook = await stack.insertWebhook(tenantId, { url: receiver.url, events: ['call.completed'] });
    const [id] = await stack.trigger(tenantId, 'call-4711');
    const [request] = await receiver.waitForRequests(1);
    const workflowId = `webhook-${webhook.id}/call.completed/${id}`;
    for (const query of [
      `TenantId = "${tenantId}"`,
      `TenantId = "${tenantId}" and WebhookId = ${webhook.id}`,
      `TenantId = "${tenantId}" and EventType = "call.completed"`,
      `TenantId = "${tenantId}" and EventId = "call-4711"`,
    ]) {
      await waitFor(async () => (await find(query)).some((run) => run.workflowId === workflowId), { what: query });
    }
    const described = await stack.temporal.workflow.getHandle(workflowId).describe();
    assert.equal(await described.staticSummary(), `call.completed → webhook ${webhook.id}`);
    assert.deepEqual(described.memo, { event: request!.headers['webhook-id'] }, 'leads to the log and the receiver');
  });

  describe('of a delivery that waits: where it goes, what came of it, and why it waits', () => {
    const host = () => new URL(receiver.url).host;
    const limited = { rateLimitPerMinute: 1, rateLimitPerHour: null };
    const timers = async (workflow: WorkflowHandle) =>
      (await workflow.fetchHistory())
        .events!.filter((event) => event.timerStartedEventAttributes)
        .map(({ userMetadata }) => defaultPayloadConverter.fromPayload<string>(userMetadata!.summary as Payload));

    /** Triggers an event and, once it has been sent, another one. */
    async function triggerTwo(): Promise<string[]> {
      const before = receiver.requests.length;
      await stack.trigger(tenantId);
      await receiver.waitForRequests(before + 1);
      return stack.trigger(tenantId);
    }

    /** Waits until this reason is beside the timer; the current details say the same. */
    async function assertWaits(id: string, progress: string, reason: string): Promise<void> {
      const workflow = await stack.workflow(id);
      const hasStarted = () =>
        workflow.describe().then(
          () => true,
          (error: unknown) => {
            if (error instanceof WorkflowNotFoundError) return false;
            throw error;
          },
        );
      await waitFor(hasStarted, { what: 'the workflow to start' });
      await waitFor(async () => (await timers(workflow)).at(-1) === reason, { what: reason });
      const { currentDetails } = await workflow.query<{ currentDetails: string }>('__temporal_workflow_metadata');
      assert.equal(currentDetails, `To ${host()}: ${progress}\n\nWaits: ${reason}`);
    }

    it('its token', async () => {
      await stack.insertWebhook(tenantId, { url: `${receiver.url}/?token=query-secret`, ...limited });
      const [id] = await triggerTwo();
      const planned = await waitFor(
        async () => {
          const { holds_token: isPlanned, next_attempt_at: at } = await stack.delivery(id!);
          return isPlanned ? at : undefined;
        },
        { what: 'a planned token' },
      );
      await assertWaits(id!, '0 attempts, last answer: none', `rate limit: next token at ${planned.toISOString()}`);
    });

    it('the next attempt after a failure', async () => {
      receiver.respond = { status: 503, headers: { 'Retry-After': '60' } };
      await stack.insertWebhook(tenantId, { url: receiver.url });
      const [id] = await stack.trigger(tenantId);
      await assertWaits(id!, '1 attempt, last answer: HTTP 503', 'backoff after HTTP 503');
      // Woken without a reason, it plans again; the plan says the same.
      await (await stack.workflow(id!)).signal('wake');
      await waitFor(async () => (await timers(await stack.workflow(id!))).length === 2, { what: 'another wait' });
      await assertWaits(id!, '1 attempt, last answer: HTTP 503', 'backoff after HTTP 503');
    });

    it('the response', async () => {
      const held = holdResponse();
      receiver.respond = held.respond;
      await stack.insertWebhook(tenantId, { url: receiver.url });
      const [id] = await stack.trigger(tenantId);
      await assertWaits(id!, '1 attempt, last answer: none', 'the receiver has not answered yet');
      held.release();
    });

    it("the tenant's next minute", async () => {
      await stack.database.pool.query('update tenants set quota_requests_per_minute = 1 where id = $1', [tenantId]);
      await stack.insertWebhook(tenantId, { url: receiver.url });
      const [id] = await triggerTwo();
      const reason = "rate limit: the tenant's requests per minute are used up";
      await assertWaits(id!, '0 attempts, last answer: none', reason);
    });
  });

  it('includes the pending attempt with its last failure while a delivery is retried', async () => {
    receiver.respond = 503;
    await stack.insertWebhook(tenantId, { url: `${receiver.url}/retried` });
    const [id] = await stack.trigger(tenantId);
    await receiver.waitForRequests(receiver.requests.length + 2);
    const pending = await waitFor(
      async () => {
        const [activity] = (await (await stack.workflow(id!)).describe()).raw.pendingActivities ?? [];
        return activity?.lastFailure ? activity : undefined;
      },
      { what: 'a failure in the pending activity' },
    );
    assert.equal(pending.activityType?.name, 'deliver');
    assert.equal(pending.lastFailure?.message, 'HTTP 503');
    assert.equal(pending.lastFailure?.stackTrace, '');
  });

  it('never includes a payload, more of a url than its host, or a secret, not even in a failure', async () => {
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
      await waitFor(async () => (await (await stack.workflow(id)).describe()).status.name === 'FAILED', {
        what: `the workflow of ${id} to fail`,
        timeoutMs: 20_000,
      });
    }
    const forbidden = [
      ...webhooks.map((webhook) => webhook.secret),
      ...webhooks.map((webhook) => webhook.secret.slice('whsec_'.length)),
      'path-secret',
      'query-secret',
      ...Object.values(callCompleted).filter((value): value is string => typeof value === 'string' && value.length > 9),
    ];
    for (const id of ids) {
      const text = await historyText(await stack.workflow(id));
      assert.match(text, /DeliveryFailed/, 'the failure itself is there');
      for (const secret of forbidden) assert.ok(!text.includes(secret), `the history of ${id} holds ${secret}`);
    }
  });
});

/** Every string in a history, with payloads decoded. */
async function historyText(workflow: WorkflowHandle): Promise<string> {
  const history = await workflow.fetchHistory();
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value === 'string') found.push(value);
    else if (value instanceof Uint8Array) found.push(Buffer.from(value).toString('utf8'));
    else if (value && typeof value === 'object') for (const each of Object.values(value)) walk(each);
  };
  walk(history);
  return found.join('\n');
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { createTenantClient, type TenantClient } from '../support/api-client.js';
import { assertInvariants } from '../support/invariants.js';
import { holdResponse, startReceiver, type Receiver, type Respond } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { followDelivery } from '../support/sent-delivery.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

/** What docs/operations.md says of Reset, Terminate and Cancel. */
describe('in the Temporal Web UI, on the workflow of a delivery', function () {
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

  /** One delivery of a tenant of its own. */
  async function send(respond: Respond, settings: Record<string, unknown> = {}) {
    const receiver = await startReceiver(respond);
    receivers.push(receiver);
    const tenant: TenantClient = await createTenantClient(stack);
    const { id: webhookId } = await tenant.createWebhook({ url: receiver.url, ...settings });
    const [id] = await tenant.trigger();
    const retry = () => tenant.post(`/v1/webhooks/${webhookId}/deliveries/${id}/retry`);
    const check = () => assertInvariants(stack.database.pool, webhookId);
    return { ...followDelivery(stack, tenant, webhookId, id!), receiver, retry, check };
  }

  const waits = { status: 503, headers: { 'Retry-After': '600' } };
  const statusOf = async (id: string) => (await (await stack.workflow(id)).describe()).status.name;

  /** Resets to the beginning, as the Web UI's "Reset to first workflow task"; resolves to the new run. */
  async function reset(id: string): Promise<WorkflowHandle> {
    const { workflowId } = await stack.workflow(id);
    const running = stack.temporal.workflow.getHandle(workflowId);
    // Its attempt is recorded before its first workflow task is completed.
    const isTaskCompleted = async () =>
      ((await running.fetchHistory()).events ?? []).some((event) => event.workflowTaskCompletedEventAttributes);
    await waitFor(isTaskCompleted, { what: 'the first workflow task to be completed' });
    const described = await running.describe();
    const { runId } = await stack.temporal.workflowService.resetWorkflowExecution({
      namespace: stack.config.temporal.namespace,
      workflowExecution: { workflowId, runId: described.runId },
      workflowTaskFinishEventId: 4 as never,
      requestId: randomUUID(),
      reason: 'a test',
    });
    return stack.temporal.workflow.getHandle(workflowId, runId);
  }

  const ended = (workflow: WorkflowHandle) =>
    waitFor(
      async () => {
        const { name } = (await workflow.describe()).status;
        return name === 'RUNNING' ? undefined : name;
      },
      { what: 'the end of the run', timeoutMs: 20_000 },
    );

  scenario('Reset sends nothing again of a delivery that has ended: it is no retry', async () => {
    const failed = await send(500, { max_retries: 0 });
    await failed.waitForEnd('failed');
    assert.equal(await ended(await reset(failed.id)), 'FAILED');
    const delivered = await send(200);
    await delivered.waitForEnd('delivered');
    assert.equal(await ended(await reset(delivered.id)), 'COMPLETED');
    for (const { receiver, check } of [failed, delivered]) {
      assert.equal(receiver.requests.length, 1);
      await check();
    }
    assert.equal((await failed.retry()).status, 202);
    await failed.receiver.waitForRequests(2);
  });

  scenario('Reset of a delivery that waits lets it wait on', async () => {
    const sent = await send([waits, 200]);
    const { next_attempt_at: planned } = await sent.waitForAttempts(1);
    const workflow = await reset(sent.id);
    const timers = async () =>
      (await workflow.fetchHistory()).events!.filter((event) => event.timerStartedEventAttributes).length;
    await waitFor(async () => (await timers()) > 0, { what: 'the new run to wait' });
    assert.equal((await sent.read()).next_attempt_at, planned);
    assert.equal(sent.receiver.requests.length, 1);
    assert.equal((await sent.retry()).status, 202);
    await sent.waitForEnd('delivered');
    assert.equal(sent.receiver.requests.length, 2);
    await sent.check();
  });

  scenario('Reset during a request does not repeat it; its answer counts', async () => {
    const held = holdResponse(200);
    const sent = await send((_request, _response, index) => (index === 0 ? 500 : held.respond()), {
      timeout_ms: 2_000,
    });
    await sent.receiver.waitForRequests(2);
    await reset(sent.id);
    held.release();
    const { attempt_count: attempts } = await sent.waitForEnd('delivered');
    assert.deepEqual([attempts, sent.receiver.requests.length, sent.receiver.maxOpenRequests], [2, 2, 1]);
    await sent.check();
  });

  scenario('resetting the activity sends nothing early, and gives the delivery no more attempts', async () => {
    const sent = await send([500, { status: 500, headers: { 'Retry-After': '600' } }, 500], { max_retries: 2 });
    const { next_attempt_at: planned } = await sent.waitForAttempts(2);
    const { workflowId } = await stack.workflow(sent.id);
    const { namespace } = stack.config.temporal;
    await stack.temporal.workflowService.resetActivity({ namespace, execution: { workflowId }, type: 'deliver' });
    const workflow = await stack.workflow(sent.id);
    const refused = async () => JSON.stringify((await workflow.fetchHistory()).events).includes('timerStarted');
    await waitFor(refused, { what: 'the workflow to wait instead' });
    assert.deepEqual([(await sent.read()).next_attempt_at, sent.receiver.requests.length], [planned, 2]);
    assert.equal((await sent.retry()).status, 202);
    assert.equal((await sent.waitForEnd('failed')).attempt_count, 3);
    assert.equal(sent.receiver.requests.length, 3);
    await sent.check();
  });

  scenario('Terminate ends no delivery: it stays pending, and a retry or the sweeper starts it again', async () => {
    const [retried, swept] = [await send([waits, 200]), await send([waits, 200])];
    for (const sent of [retried, swept]) {
      await sent.waitForAttempts(1);
      await (await stack.workflow(sent.id)).terminate('a test');
      assert.equal((await sent.read()).status, 'pending');
    }
    assert.equal((await retried.retry()).status, 202);
    await retried.waitForEnd('delivered');
    // As if it had been due two minutes ago.
    await stack.database.pool.query(
      `update webhook_deliveries set due_at = now() - interval '3 min', next_attempt_at = now() - interval '3 min',
                                     workflow_started_at = now() - interval '3 min' where id = $1`,
      [swept.id],
    );
    await waitFor(async () => (await swept.read()).status === 'delivered', { what: 'the sweeper', timeoutMs: 30_000 });
    for (const sent of [retried, swept]) await sent.check();
  });

  scenario('Cancel cancels the delivery; it can be retried by hand', async () => {
    const sent = await send([waits, 200]);
    await sent.waitForAttempts(1);
    await (await stack.workflow(sent.id)).cancel();
    await sent.waitForEnd('cancelled');
    assert.equal(await statusOf(sent.id), 'CANCELLED');
    assert.equal((await sent.retry()).status, 202);
    await sent.waitForEnd('delivered');
    await sent.check();
  });
});

import assert from 'node:assert/strict';
import { msToTs } from '@temporalio/common/lib/time.js';
import { verificationEvent } from '../../src/delivery/challenge.js';
import { createTenantClient } from '../support/api-client.js';
import { startChildService } from '../support/child-service.js';
import { startReceiver, type ReceivedRequest } from '../support/receiver.js';
import { startStack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const envelopeOf = ({ body }: ReceivedRequest) =>
  JSON.parse(body.toString()) as { event: string; data: { challenge?: string } };

it('the verification of a url goes on with another worker when one is killed while it asks', async function () {
  this.timeout(60_000);
  const stack = await startStack({ parts: { api: true, worker: false } });
  const receiver = await startReceiver(() => undefined);
  const killed = await startChildService('worker', stack.config);
  try {
    const tenant = await createTenantClient(stack);
    const { id } = await tenant.createWebhook({ url: receiver.url, verify: true });
    const workflowId = `webhook-${id}/verify/${tenant.tenantId}`;
    for (let i = 0; i < 2; i++) await tenant.trigger();
    await receiver.waitForRequests(1);
    killed.kill('SIGKILL');
    await killed.exited;
    assert.equal((await tenant.webhook(id)).webhook.verification.status, 'pending');

    receiver.respond = (request) => ({ body: envelopeOf(request).data.challenge ?? '' });
    await stack.openAnother({ api: false, worker: true });
    await endFirstTry(workflowId);

    await waitFor(async () => (await tenant.webhook(id)).webhook.successful_deliveries === 2, { what: 'both events' });
    assert.equal((await tenant.webhook(id)).webhook.verification.status, 'verified');
    const events = receiver.requests.map((request) => envelopeOf(request).event);
    assert.deepEqual(events, [verificationEvent, verificationEvent, 'call.completed', 'call.completed']);
    const [first, second] = receiver.requests.map((request) => envelopeOf(request).data.challenge);
    assert.notEqual(first, second);
  } finally {
    await killed.end();
    await stack.close();
    await receiver.close();
  }

  /** Otherwise the server would wait for it for 46 s, in case its worker lives. */
  async function endFirstTry(workflowId: string): Promise<void> {
    const { namespace } = stack.config.temporal;
    const { raw } = await stack.temporal.workflow.getHandle(workflowId).describe();
    const [activity] = raw.pendingActivities ?? [];
    assert.equal(activity?.attempt, 1);
    await stack.temporal.workflowService.updateActivityOptions({
      namespace,
      execution: { workflowId },
      id: activity.activityId,
      activityOptions: { startToCloseTimeout: msToTs('1 s') },
      updateMask: { paths: ['start_to_close_timeout'] },
    });
  }
});

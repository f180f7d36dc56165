import assert from 'node:assert/strict';
import { startChildService, type ChildService } from '../support/child-service.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** docs/operations.md, "Tracing an event". */
describe('our id of an event', function () {
  this.timeout(60_000);
  let stack: Stack;
  let child: ChildService;
  let receiver: Receiver;
  before(async () => {
    stack = await startStack({ parts: { api: false, worker: false } });
    child = await startChildService('service', stack.config);
    receiver = await startReceiver([500, 200]);
  });
  after(async () => {
    await child?.end();
    await stack?.close();
    await receiver?.close();
  });

  it('leads from the call of the API to the log, the delivery, its workflow and the receiver, and back', async () => {
    const tenantId = await stack.insertTenant();
    const { id: webhook } = await stack.insertWebhook(tenantId, { url: receiver.url });
    const headers = { Authorization: `Bearer ${stack.adminKey}`, 'Content-Type': 'application/json' };
    const body = { tenant_id: tenantId, event_type: 'call.completed', event_id: 'call-7', payload: callCompleted };
    const accepted = await fetch(`${child.url}/v1/events`, {
      method: 'POST',
      headers: { ...headers, 'X-Request-Id': 'traced', traceparent },
      body: JSON.stringify(body),
    });
    const { event, deliveries } = (await accepted.json()) as { event: { id: string }; deliveries: { id: string }[] };
    const delivery = deliveries[0]!.id;
    const attempts = () => child.lines.filter((line) => line.msg === 'attempt.finished' && line['event'] === event.id);
    await waitFor(() => attempts().length === 2, { what: 'the lines of two attempts', timeoutMs: 20_000 });

    const key = { tenant: tenantId, event: event.id, eventType: 'call.completed', eventId: 'call-7' };
    const { level, time, msg, ...line } = child.lines.find(({ request }) => request === 'traced')!;
    assert.deepEqual([level, typeof time, msg], ['info', 'string', 'event.accepted']);
    assert.deepEqual(line, { name: 'service', request: 'traced', keyId: null, sessionId: null, ...key, deliveries: 1 });
    for (const [index, each] of attempts().entries()) {
      const { event, eventType, eventId, tenant, ...rest } = each;
      assert.deepEqual({ tenant, event, eventType, eventId }, key);
      assert.deepEqual([rest['webhook'], rest['delivery'], rest['attempt']], [webhook, delivery, index + 1]);
    }
    for (const request of receiver.requests) {
      assert.equal(request.headers['webhook-id'], event.id);
      // OpenTelemetry is off: the caller's trace goes on at the receiver.
      assert.equal(request.headers['traceparent'], traceparent);
    }
    const workflow = await stack.workflow(delivery);
    assert.equal(workflow.workflowId, `webhook-${webhook}/call.completed/${delivery}`);
    assert.deepEqual((await workflow.describe()).memo, { event: event.id });
    const shown = await fetch(`${child.url}/v1/events/${event.id}?tenant_id=${tenantId}`, { headers });
    const { event: found } = (await shown.json()) as { event: { deliveries: { id: string }[] } };
    assert.deepEqual(
      found.deliveries.map(({ id }) => id),
      [delivery],
    );
  });
});

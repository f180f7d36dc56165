import assert from 'node:assert/strict';
import { Webhook } from 'standardwebhooks';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { FakeTwilio } from '../../src/dev/demo/fake-twilio.js';
import { findFreePort } from '../../src/dev/embedded/ports.js';
import { createApiClient, type ApiClient } from '../support/api-client.js';
import { accountSid, authToken, startContractTwilio } from '../support/contract-twilio.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { scenario } from '../support/scenario.js';
import { assignNumber, insertOutboundMessage, smsEvents, typesOf } from '../support/sms-events.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

const number = '+15557654321';
const text = 'Your table is ready';

describe('messages, from Twilio to the receiver and back', function () {
  this.timeout(60_000);
  let fake: FakeTwilio;
  let stack: Stack;
  let receiver: Receiver;
  let webhook: { id: number; secret: string };
  let tenantId: string;
  let api: ApiClient;
  before(async () => {
    fake = await startContractTwilio();
    receiver = await startReceiver();
    const port = await findFreePort();
    stack = await startStack({
      config: {
        api: { host: '127.0.0.1', port, callsPerMinute: 0, publicBaseUrl: `http://127.0.0.1:${port}` },
        twilio: { accountSid, accounts: [{ sid: accountSid, tokens: [authToken] }], apiBaseUrl: fake.url },
      },
    });
    tenantId = await stack.insertTenant();
    webhook = await stack.insertWebhook(tenantId, { url: receiver.url, rateLimitPerMinute: null });
    await assignNumber(stack.database.pool, tenantId, number);
    const admin = createApiClient(stack);
    const { body } = await admin.post(`/v1/tenants/${tenantId}/api-keys`, { name: 'test', scopes: ['messages:write'] });
    api = createApiClient(stack, body.key as string);
  });
  after(async () => {
    await stack.close();
    await receiver.close();
    await fake.close();
  });

  const send = async (to: string, body = text): Promise<string> => {
    const response = await api.post('/v1/messages', { to, from: number, body });
    assert.equal(response.status, 202, JSON.stringify(response.body));
    return response.body.message.id as string;
  };
  const message = async (id: string) => (await api.get(`/v1/messages/${id}`)).body.message as Record<string, unknown>;
  const becomes = (id: string, status: string, timeoutMs = 30_000) =>
    waitFor(async () => (await message(id))['status'] === status, { what: `message to be ${status}`, timeoutMs });
  const eventsOf = async (id: string) =>
    (await smsEvents(stack.database.pool, tenantId)).filter(({ data }) => data['message_id'] === id);
  const posts = (to: string) =>
    fake.requests.filter(({ method, body }) => method === 'POST' && new URLSearchParams(body).get('To') === to);

  it('delivers the status of a sent message and a received message, signed', async () => {
    const id = await send('+15551230001');
    await becomes(id, 'queued');
    const sid = (await message(id))['message_sid'] as string;
    for (const status of ['sent', 'delivered', 'sent']) assert.equal((await fake.report(sid, status))?.status, 204);
    const inbound = { from: 'SUPPORT', to: number, body: 'Zażółć 😀' };
    const response = await fake.receive(`${stack.config.api.publicBaseUrl}/twilio/sms`, inbound);
    assert.equal(response?.status, 200);
    const delivered = () =>
      receiver.requests
        .map((request) => ({ request, ...(JSON.parse(request.body.toString()) as Received) }))
        .filter(({ event, data }) => data['message_id'] === id || event === 'sms.received');
    await waitFor(() => delivered().length === 3, { what: 'three deliveries' });
    assert.deepEqual(
      delivered()
        .map(({ event }) => event)
        .sort(),
      ['sms.delivered', 'sms.received', 'sms.sent'],
    );
    for (const { request } of delivered())
      new Webhook(webhook.secret).verify(request.body.toString(), request.headers as Record<string, string>);
    const { body, from, to } = delivered().find(({ event }) => event === 'sms.received')!.data;
    assert.deepEqual({ from, to, body }, inbound);
    assert.equal((await message(id))['status'], 'delivered');
    const { rows } = await stack.database.pool.query(
      'select from messages where id = $1 and workflow_started_at is not null',
      [id],
    );
    assert.equal(rows.length, 1, 'the sweeper leaves it alone');
    assert.equal((await message(id))['segments'], 1);
  });

  scenario('reports a refusal, after one request', async () => {
    const id = await send('+15005550004');
    await becomes(id, 'failed');
    const [event] = await eventsOf(id);
    assert.deepEqual([event!.type, event!.data['error_code']], ['sms.failed', '21610']);
    assert.equal(posts('+15005550004').length, 1);
  });

  scenario("finds the message in Twilio's list after a lost response, and never sends it again", async () => {
    fake.respondNext((response) => void response.status(503).send('lost'), { create: true, to: '+15551230002' });
    const id = await send('+15551230002');
    await becomes(id, 'queued');
    assert.equal(posts('+15551230002').length, 1);
    assert.deepEqual(typesOf(await eventsOf(id)), ['sms.sent']);
    assert.equal(fake.messages.filter(({ to }) => to === '+15551230002').length, 1);
  });

  it('sends one message when Twilio is busy at first', async () => {
    fake.respondNext((response) => void response.status(429).set('Retry-After', '1').send('{"code":20429}'), {
      to: '+15551230003',
    });
    const id = await send('+15551230003');
    await becomes(id, 'queued');
    assert.deepEqual([posts('+15551230003').length, typesOf(await eventsOf(id))], [2, ['sms.sent']]);
  });

  scenario('sends a message whose workflow was never started, and continues one whose worker died', async () => {
    const { pool } = stack.database;
    const unstarted = await insertOutboundMessage(pool, tenantId);
    await pool.query("update messages set created_at = now() - interval '1 minute' where id = $1", [unstarted]);
    const lost = await insertOutboundMessage(pool, tenantId, { status: 'unknown', body: 'of the dead worker' });
    fake.add({ from: number, to: '+15551234567', body: 'of the dead worker' });
    await pool.query("update messages set workflow_started_at = now() - interval '1 day' where id = $1", [lost]);
    await becomes(unstarted, 'queued', 30_000);
    await becomes(lost, 'queued', 30_000);
    assert.equal(fake.messages.filter(({ body }) => body === 'of the dead worker').length, 1);
  });

  it('reconciles on a Schedule', async () => {
    const { sid } = fake.add({
      from: 'SUPPORT',
      to: number,
      body: 'lost',
      direction: 'inbound',
      status: 'received',
      date_created: new Date(Date.now() + 1_000).toUTCString(),
    });
    await stack.temporal.schedule.getHandle(`${stack.config.temporal.taskQueue}-reconcile-messages`).trigger();
    await waitFor(async () => (await smsEvents(stack.database.pool, tenantId)).some(({ id }) => id === sid), {
      what: 'the lost message',
    });
  });

  it('keeps token, numbers and texts out of the histories', async () => {
    const { taskQueue } = stack.config.temporal;
    let histories = 0;
    for await (const { workflowId, runId } of stack.temporal.workflow.list({
      query: `TaskQueue = '${taskQueue}' and WorkflowType = 'sendMessage'`,
    })) {
      const json = historyToJSON(await stack.temporal.workflow.getHandle(workflowId, runId).fetchHistory());
      // Payloads are in it as base64.
      const history = json.replace(/"data": ?"([^"]*)"/g, (_, data: string) => Buffer.from(data, 'base64').toString());
      histories += 1;
      for (const secret of ['+1555', '+1500', text, authToken, 'Authorization', 'of the dead worker'])
        assert.ok(!history.includes(secret), `${secret} in ${workflowId}`);
      assert.ok(history.includes(tenantId), 'what was passed on can be read');
    }
    assert.ok(histories >= 4, `${histories} histories`);
  });
});

interface Received {
  event: string;
  data: Record<string, unknown>;
}

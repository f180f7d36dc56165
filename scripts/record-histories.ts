/**
 * Runs deliveries and messages of every kind and writes their histories to test/fixtures/histories, for the replay test.
 * Run it when a change of the workflow is meant to change the commands. Keep the old histories as long as runs of the
 * old code may be open, and let `patched` tell them apart.
 *
 *     npx tsx scripts/record-histories.ts [name]
 */
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { openDatabase } from '../src/db/database.js';
import { requestRetry } from '../src/db/deliveries.js';
import { acceptEventId, temporalSource } from '../src/source/temporal-source.js';
import { startMessage, wakeDelivery } from '../src/temporal/start-workflows.js';
import { accountSid, authToken, startContractTwilio } from '../test/support/contract-twilio.js';
import { eventKeysText, newEventKey } from '../test/support/event-keys.js';
import { startReceiver } from '../test/support/receiver.js';
import { startTestServers } from '../test/support/servers.js';
import { insertOutboundMessage } from '../test/support/sms-events.js';
import { startStack, type Stack } from '../test/support/stack.js';
import { waitFor } from '../test/support/wait-for.js';

const folder = new URL('../test/fixtures/histories/', import.meta.url);

const scenarios: Record<string, (stack: Stack) => Promise<string>> = {
  async 'delivered-at-once'(stack) {
    const receiver = await startReceiver();
    const id = await deliver(stack, { url: receiver.url });
    const workflowId = await ended(stack, id);
    await receiver.close();
    return workflowId;
  },
  async 'failed-after-retries'(stack) {
    const receiver = await startReceiver(503);
    const id = await deliver(stack, { url: receiver.url, maxRetries: 2 });
    const workflowId = await ended(stack, id);
    await receiver.close();
    return workflowId;
  },
  async 'waited-for-token'(stack) {
    const receiver = await startReceiver();
    const tenantId = await stack.insertTenant();
    const webhook = await stack.insertWebhook(tenantId, {
      url: receiver.url,
      rateLimitPerMinute: 1,
      rateLimitPerHour: null,
    });
    await stack.trigger(tenantId);
    await receiver.waitForRequests(1);
    await stack.database.pool.query(`update webhook_tokens set at = at - interval '58 s' where webhook_id = $1`, [
      webhook.id,
    ]);
    const [id] = await stack.trigger(tenantId);
    const workflowId = await ended(stack, id!);
    await receiver.close();
    return workflowId;
  },
  async 'retried-by-hand-in-backoff'(stack) {
    const receiver = await startReceiver([503, 503, 503, 200]);
    const id = await deliver(stack, { url: receiver.url });
    await receiver.waitForRequests(3, 10_000);
    const db = openDatabase({ url: stack.database.url, poolSize: 1 });
    await waitFor(async () => (await stack.delivery(id)).attempt_count === 3, {
      what: 'the third attempt to be recorded',
    });
    const { rows } = await stack.database.pool.query<{ webhook_id: number }>(
      'select webhook_id from webhook_deliveries where id = $1',
      [id],
    );
    const startable = await db.transaction((tx) => requestRetry(tx, rows[0]!.webhook_id, id, { force: false }));
    await wakeDelivery(stack.temporal, startable, { taskQueue: stack.config.temporal.taskQueue, eager: false });
    await db.close();
    const workflowId = await ended(stack, id);
    await receiver.close();
    return workflowId;
  },
  'event-accepted': (stack) => acceptEvent(stack),
  async 'event-refused'(stack) {
    const tenantId = await stack.insertTenant();
    const [eventType, eventId] = ['call.dtmf', 'repeated'] as const;
    const payload = { call_sid: 'another', digit: '1', timestamp: new Date().toISOString() };
    await stack.service.triggerEvent({ tenantId, eventType, eventId, payload });
    return acceptEvent(stack, { tenantId, eventId });
  },
  'message-accepted': (stack) => sendMessage(stack),
  async 'message-busy-then-settled'(stack) {
    twilio.respondNext((response) => void response.status(429).send('{}'));
    twilio.respondNext((response) => void response.status(503).send('{}'), { create: true });
    return sendMessage(stack);
  },
};

/** Given the id of an earlier event, the event is refused, as its payload differs. */
async function acceptEvent(stack: Stack, given: { tenantId?: string; eventId?: string } = {}): Promise<string> {
  const { tenantId = await stack.insertTenant(), eventId = randomUUID() } = given;
  const { temporal } = stack;
  const { taskQueue } = stack.config.temporal;
  const source = temporalSource({ temporal, taskQueue, eventKeys: eventKeysText(eventKeys) });
  const event = { tenantId, eventType: 'call.dtmf' as const, eventId };
  const payload = { call_sid: eventId, digit: '5', timestamp: new Date() };
  await source.triggerEvent({ ...event, payload });
  const workflow = temporal.workflow.getHandle(acceptEventId(event));
  await workflow.result().catch(() => undefined);
  return workflow.workflowId;
}

async function sendMessage(stack: Stack): Promise<string> {
  const tenantId = await stack.insertTenant();
  const id = await insertOutboundMessage(stack.database.pool, tenantId);
  const { taskQueue } = stack.config.temporal;
  await startMessage(stack.temporal, { id, tenantId }, { taskQueue, eager: false });
  const workflow = stack.temporal.workflow.getHandle(`message-${id}`);
  await workflow.result();
  return workflow.workflowId;
}

async function deliver(stack: Stack, row: Parameters<Stack['insertWebhook']>[1]): Promise<string> {
  const tenantId = await stack.insertTenant();
  await stack.insertWebhook(tenantId, row);
  const [id] = await stack.trigger(tenantId);
  return id!;
}

/** Resolves to the id of its workflow. */
const ended = async (stack: Stack, id: string): Promise<string> => {
  await waitFor(async () => !['pending', undefined].includes((await stack.delivery(id))?.status), {
    what: `${id} to end`,
    timeoutMs: 60_000,
  });
  const workflow = await stack.workflow(id);
  await waitFor(async () => (await workflow.describe()).status.name !== 'RUNNING', { what: `the run of ${id} to end` });
  return workflow.workflowId;
};

const servers = await startTestServers();
Object.assign(process.env, servers.env);
const twilio = await startContractTwilio();
const eventKeys = [newEventKey('recorded')];
const stack = await startStack({
  parts: { api: false, worker: true },
  config: {
    eventKeys,
    api: { host: '127.0.0.1', port: 0, callsPerMinute: 0, publicBaseUrl: 'https://hooks.example.test' },
    twilio: { accountSid, accounts: [{ sid: accountSid, tokens: [authToken] }], apiBaseUrl: twilio.url },
  },
});
try {
  await mkdir(folder, { recursive: true });
  const asked = process.argv[2];
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (asked && asked !== name) continue;
    const id = await scenario(stack);
    const history = historyToJSON(await stack.temporal.workflow.getHandle(id).fetchHistory());
    await writeFile(new URL(`${name}.json`, folder), `${history}\n`);
    console.log(`${name}: ${(JSON.parse(history) as { events: unknown[] }).events.length} events`);
  }
} finally {
  await stack.close();
  await twilio.close();
  await servers.stop();
}
process.exit();

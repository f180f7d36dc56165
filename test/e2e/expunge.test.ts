import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import type { FakeTwilio } from '../../src/dev/demo/fake-twilio.js';
import { startPlayedSwitch, type PlayedSwitch } from '../../src/dev/demo/played-switch.js';
import { findFreePort } from '../../src/dev/embedded/ports.js';
import { temporalSource } from '../../src/source/temporal-source.js';
import { allText } from '../support/all-text.js';
import { createApiClient, type ApiClient } from '../support/api-client.js';
import { accountSid, authToken, startContractTwilio } from '../support/contract-twilio.js';
import { eventKeysText, newEventKey } from '../support/event-keys.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { assignNumber } from '../support/sms-events.js';
import { callCompleted, startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

/** The caller in the recorded call, and the person who is to be forgotten. */
const number = '+13035550142';
const digits = number.slice(1);
/** The tenant's own. */
const ownNumber = '+15557654321';

describe('a phone number that is expunged', function () {
  this.timeout(90_000);
  const eventKey = newEventKey('one');
  const logged: string[] = [];
  let played: PlayedSwitch;
  let fake: FakeTwilio;
  let receiver: Receiver;
  let stack: Stack;
  let admin: ApiClient;
  let tenantId: string;
  before(async () => {
    [played, fake] = await Promise.all([startPlayedSwitch(), startContractTwilio()]);
    receiver = await startReceiver(({ path, body }) => ({
      status: path === '/failing' ? 500 : 200,
      headers: { 'X-Caller': number },
      body: `echo: ${body.toString()}`,
    }));
    const port = await findFreePort();
    stack = await startStack({
      parts: { api: true, worker: true, listener: true },
      log: { write: (line) => void logged.push(line) },
      config: {
        api: { host: '127.0.0.1', port, callsPerMinute: 0, publicBaseUrl: `http://127.0.0.1:${port}` },
        twilio: { accountSid, accounts: [{ sid: accountSid, tokens: [authToken] }], apiBaseUrl: fake.url },
        freeswitch: {
          switches: [{ host: '127.0.0.1', port: played.port, password: 'ClueCon' }],
          tenantVariable: 'tenant_id',
          recordingUrlTemplate: `https://recordings.example.com/${digits}/{file}`,
        },
        eventKeys: [eventKey],
        log: { level: 'debug', format: 'json' },
      },
    });
    admin = createApiClient(stack);
    tenantId = await stack.insertTenant();
    await stack.database.pool.query("update tenants set external_id = '42' where id = $1", [tenantId]);
    const limits = { rateLimitPerMinute: null, rateLimitPerHour: null };
    await stack.insertWebhook(tenantId, { url: `${receiver.url}/ok`, ...limits });
    await stack.insertWebhook(tenantId, { url: `${receiver.url}/failing`, maxRetries: 1, ...limits });
    await stack.insertWebhook(tenantId, { url: `${receiver.url}/paused`, enabled: false });
    await assignNumber(stack.database.pool, tenantId, ownNumber);
    await waitFor(() => played.subscribers === 1, { what: 'the listener to subscribe' });
  });
  after(async () => {
    await stack.close();
    await Promise.all([receiver.close(), fake.close(), played.close()]);
  });

  async function rowsOf<Row extends object>(sql: string, values: unknown[] = [tenantId]): Promise<Row[]> {
    return (await stack.database.pool.query<Row>(sql, values)).rows;
  }

  /** The tables that have the number in any column, bytes included. */
  async function tablesWithNumber(): Promise<string[]> {
    const tables = await rowsOf<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public' order by tablename",
      [],
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const hex = Buffer.from(digits).toString('hex');
      const sql = `select from ${name} t where t::text like $1 or t::text like $2 limit 1`;
      if ((await rowsOf(sql, [`%${digits}%`, `%${hex}%`])).length > 0) found.push(name);
    }
    return found;
  }

  /** Everything that Temporal keeps and shows of the tenant's workflows. */
  async function keptByTemporal(): Promise<string[]> {
    const kept: string[] = [];
    for await (const run of stack.temporal.workflow.list({ query: `TenantId = "${tenantId}"` })) {
      const handle = stack.temporal.workflow.getHandle(run.workflowId, run.runId);
      kept.push(allText([run.workflowId, run.raw, await handle.fetchHistory(), (await handle.describe()).raw]));
    }
    return kept;
  }

  const call = { ...callCompleted, from: number };
  const callId = randomUUID();
  const post = (event_type: string, event_id: string, payload: object) =>
    admin.post('/v1/events', { tenant_id: tenantId, event_type, event_id, payload });

  it('is found nowhere: in no table, in no log line, in nothing that Temporal keeps', async () => {
    // Through every door: the API, Temporal, a switch, messages in both directions.
    assert.equal((await post('call.completed', callId, call)).status, 201);
    const assigned = { phone_number: number, assigned_at: '2025-10-29T12:00:00Z' };
    assert.equal((await post('phone_number.assigned', `phone_${number}_assigned`, assigned)).status, 201);
    const changed = { ...assigned, assigned_at: '2025-10-30T12:00:00Z' };
    assert.equal((await post('phone_number.assigned', `phone_${number}_assigned`, changed)).status, 422);
    const source = temporalSource({
      temporal: stack.temporal,
      taskQueue: stack.config.temporal.taskQueue,
      eventKeys: eventKeysText([eventKey]),
    });
    for (const payload of [assigned, changed])
      await source.triggerEvent({ tenantId, eventType: 'phone_number.assigned', eventId: `phone_${number}`, payload });
    await played.play(readFileSync('test/fixtures/freeswitch/40-record_session.json.esl'));
    const { body } = await admin.post(`/v1/tenants/${tenantId}/api-keys`, { name: 'test', scopes: ['messages:write'] });
    const sent = await createApiClient(stack, body.key as string).post('/v1/messages', {
      to: number,
      from: ownNumber,
      body: `Call ${number}`,
    });
    assert.equal(sent.status, 202);
    await fake.receive(`${stack.config.api.publicBaseUrl}/twilio/sms`, { from: number, to: ownNumber, body: 'Hello' });
    const triggered = await waitFor(
      async () => {
        const events = await rowsOf<{ type: string }>(
          `select distinct event_type as type from webhook_events where tenant_id = $1`,
        );
        return events.length >= 7 ? events.map(({ type }) => type).sort() : undefined;
      },
      { what: 'events of all kinds' },
    );
    assert.deepEqual(triggered, [
      'call.answered',
      'call.completed',
      'call.initiated',
      'call.recording.completed',
      'phone_number.assigned',
      'sms.received',
      'sms.sent',
    ]);
    await waitFor(
      async () =>
        (await rowsOf("select from webhook_deliveries where tenant_id = $1 and status = 'pending'")).length === 0,
      { what: 'all deliveries to end' },
    );
    assert.deepEqual(await tablesWithNumber(), [
      'call_events',
      'calls',
      'messages',
      'ordering_keys',
      'recordings',
      'webhook_attempts',
      'webhook_deliveries',
      'webhook_events',
    ]);
    const before = await rowsOf<{ id: string; status: string }>(
      'select id, status from webhook_deliveries where tenant_id = $1 order by id',
    );
    const attempts = await rowsOf(
      'select from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id where d.tenant_id = $1',
    );
    const events = await rowsOf('select from webhook_events where tenant_id = $1');

    const { status, body: answer } = await admin.post('/v1/events/expunge', {
      tenant_id: tenantId,
      phone_number: number,
    });
    assert.equal(status, 202);
    assert.deepEqual(answer, { expunged: { events: events.length, attempts: attempts.length, complete: true } });

    assert.deepEqual(await tablesWithNumber(), []);
    assert.ok(logged.some((line) => line.includes('attempt.finished')));
    assert.deepEqual(
      logged.filter((line) => line.includes(digits)),
      [],
    );
    const kept = await waitFor(
      async () => {
        const runs = await keptByTemporal();
        // A run for each delivery that was not held, one for each event through Temporal, and the message's.
        return runs.length >= (before.length * 2) / 3 + 2 ? runs : undefined;
      },
      { what: "all runs in Temporal's lists" },
    );
    assert.ok(kept.some((text) => text.includes('EventMismatch')));
    for (const text of kept) assert.ok(!text.includes(digits), text);

    // The facts are still there.
    const after = await rowsOf('select id, status from webhook_deliveries where tenant_id = $1 order by id');
    assert.deepEqual(
      after,
      before.map(({ id, status }) => ({ id, status: status === 'held' ? 'cancelled' : status })),
    );
  });

  it('leaves deliveries that can be listed, and not be sent again', async () => {
    const path = `/v1/deliveries?tenant_id=${tenantId}&event_type=call.completed`;
    const { deliveries } = (await admin.get(path)).body as {
      deliveries: { id: string; webhook_id: number; status: string; expunged_at: string | null }[];
    };
    assert.equal(deliveries.length, 6);
    for (const { id, webhook_id: webhookId, expunged_at: expungedAt } of deliveries) {
      assert.ok(expungedAt);
      const one = `/v1/webhooks/${webhookId}/deliveries/${id}`;
      const { status, body } = await admin.post(`${one}/retry?tenant_id=${tenantId}`, { force: true });
      assert.equal(status, 409);
      assert.match(body.detail as string, /was expunged/);
      assert.equal((await admin.get(`${one}?tenant_id=${tenantId}`)).body.delivery.body, null);
    }
  });

  it('leaves events of which a repeat is still one', async () => {
    const { status, body } = await post('call.completed', callId, { ...call, duration_seconds: 1 });
    assert.equal(status, 200);
    assert.equal(body.deliveries.length, 3);
    assert.deepEqual(await tablesWithNumber(), [], 'the repeat is not stored');
  });

  it('is erased, and a deleted tenant removed, by the Schedule that goes on where calls left off', async () => {
    assert.equal((await post('call.completed', randomUUID(), call)).status, 201);
    await rowsOf(
      `insert into expunges (id, tenant_id, phone_number) values (uuid_v7_floor(now() - interval '16 s'), $1, $2)`,
      [tenantId, number],
    );
    const deleted = await stack.insertTenant();
    assert.equal((await admin.delete(`/v1/tenants/${deleted}?confirm=Acme`)).status, 204);
    await stack.temporal.schedule.getHandle(`${stack.config.temporal.taskQueue}-forget`).trigger();
    await waitFor(async () => (await tablesWithNumber()).length === 0, { what: 'the number to be erased' });
    await waitFor(async () => (await rowsOf('select from tenants where id = $1', [deleted])).length === 0, {
      what: 'the tenant to be removed',
    });
  });
});

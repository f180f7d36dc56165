import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ApplicationFailure, Client, WorkflowFailedError, WorkflowIdReusePolicy } from '@temporalio/client';
import { createEventCodec } from '../../../src/encryption/event-codec.js';
import { createLogger } from '../../../src/log.js';
import { openService } from '../../../src/server/open-service.js';
import { acceptEventId, temporalSource } from '../../../src/source/temporal-source.js';
import type { SourceEvent, WebhookSource } from '../../../src/source/webhook-source.js';
import { acceptFailure, acceptTaskQueue, type AcceptEventResult } from '../../../workflows/contract/accept-event.js';
import { allText } from '../../support/all-text.js';
import { createTestDatabase } from '../../support/database.js';
import { eventKeysText, newEventKey } from '../../support/event-keys.js';
import { startReceiver } from '../../support/receiver.js';
import { callCompleted, startStack, type Stack } from '../../support/stack.js';
import { startTcpProxy, throughProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { waitFor } from '../../support/wait-for.js';

/** A value that occurs only in the payload. */
const secret = 'NORMAL_CLEARING of +15550001111';
const payload = { ...callCompleted, direction: 'outbound', status: 'completed', hangup_cause: secret } as const;

describe('acceptEvent', function () {
  this.timeout(60_000);
  const [newKey, oldKey] = [newEventKey('new'), newEventKey('old')];
  let proxy: TcpProxy;
  let stack: Stack;
  let source: Pick<WebhookSource, 'triggerEvent'>;

  before(async () => {
    const database = await createTestDatabase();
    proxy = await startTcpProxy(Number(new URL(database.url).port));
    stack = await startStack({
      database,
      parts: { api: false, worker: true },
      config: { databaseUrl: throughProxy(database.url, proxy), eventKeys: [newKey, oldKey] },
    });
    source = sourceWith([newKey]);
  });
  after(async () => {
    await proxy.restore();
    await stack.close();
    await proxy.close();
  });

  const sourceWith = (keys: (typeof newKey)[], of = stack) =>
    temporalSource({
      temporal: of.temporal,
      taskQueue: of.config.temporal.taskQueue,
      eventKeys: eventKeysText(keys),
    });
  const newEvent = (tenantId: string, eventId: string = randomUUID()) =>
    ({ tenantId, eventType: 'call.completed', eventId, payload }) satisfies SourceEvent;
  const runOf = (event: SourceEvent) => stack.temporal.workflow.getHandle(acceptEventId(event));
  const resultOf = async (event: SourceEvent) => (await runOf(event).result()) as AcceptEventResult;
  const failureOf = async (event: SourceEvent) => {
    const error: unknown = await runOf(event)
      .result()
      .then(() => assert.fail('the workflow has completed'))
      .catch((failed: unknown) => failed);
    assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure, String(error));
    return error.cause;
  };
  const storedEvents = async (tenantId: string) => {
    const { rows } = await stack.database.pool.query<{ id: string; body: string }>(
      'select id, body from webhook_events where tenant_id = $1',
      [tenantId],
    );
    return rows;
  };
  /** Everything that Temporal stores about a run. */
  const keptOf = async (event: SourceEvent) => {
    const run = runOf(event);
    return allText([await run.fetchHistory(), (await run.describe()).raw]);
  };
  const assertSealed = async (event: SourceEvent) => {
    const kept = await keptOf(event);
    assert.match(kept, /binary\/encrypted/);
    assert.doesNotMatch(kept, /NORMAL_CLEARING|15550001111|\.ts:\d|hangup/);
  };
  /** Starts the workflow like a third-party source that checks nothing first. */
  const startUnchecked = async (event: SourceEvent, body: unknown, { sealed = true } = {}) => {
    const client = new Client({
      connection: stack.temporal.connection,
      ...(sealed && { dataConverter: { payloadCodecs: [createEventCodec([newKey])] } }),
    });
    await client.workflow.start('acceptEvent', {
      taskQueue: acceptTaskQueue(stack.config.temporal.taskQueue),
      workflowId: acceptEventId(event),
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      args: [body],
    });
  };
  const bodyOf = ({ tenantId, eventType, eventId }: SourceEvent) => ({
    tenant_id: tenantId,
    event_type: eventType,
    event_id: eventId,
    payload,
  });

  it('stores the event and delivers it, with nothing of it in the history', async () => {
    const receiver = await startReceiver();
    const tenantId = await stack.insertTenant();
    await stack.insertWebhook(tenantId, { url: receiver.url });
    const event = newEvent(tenantId);
    const occurredAt = '2025-10-29T12:00:01.000Z';
    assert.deepEqual(await source.triggerEvent({ ...event, occurredAt }), { repeated: false, stored: null });
    await receiver.waitForRequests(1);
    assert.deepEqual(JSON.parse(receiver.requests[0]!.body.toString()), {
      event: 'call.completed',
      event_id: event.eventId,
      timestamp: occurredAt,
      data: payload,
    });
    const { id, ...result } = await resultOf(event);
    assert.deepEqual(result, { deliveries: 1, repeated: false });
    assert.equal((await storedEvents(tenantId))[0]!.id, id);
    await assertSealed(event);
    await receiver.close();
  });

  it('can be found by tenant, and by event type and id', async () => {
    const tenantId = await stack.insertTenant();
    const event = newEvent(tenantId);
    await source.triggerEvent(event);
    const { searchAttributes, taskQueue } = await runOf(event).describe();
    assert.deepEqual(searchAttributes, {
      TenantId: [tenantId],
      EventType: [event.eventType],
      EventId: [event.eventId],
    });
    assert.equal(taskQueue, `${stack.config.temporal.taskQueue}-accept`);
  });

  it("finds a tenant by the platform's own id", async () => {
    const tenantId = await stack.insertTenant();
    const externalId = `platform-${randomUUID()}`;
    await stack.database.pool.query('update tenants set external_id = $2 where id = $1', [tenantId, externalId]);
    const event = newEvent(externalId);
    await source.triggerEvent(event);
    await resultOf(event);
    assert.equal((await storedEvents(tenantId)).length, 1);
  });

  it('is accepted while Postgres is away, once, and stored when it is back', async () => {
    const tenantId = await stack.insertTenant();
    const event = newEvent(tenantId);
    await proxy.cut();
    assert.deepEqual(await source.triggerEvent(event), { repeated: false, stored: null });
    assert.deepEqual(await source.triggerEvent(event), { repeated: true, stored: null });
    await waitFor(async () => /DatabaseUnavailable/.test(await keptOf(event)), {
      what: 'Temporal to know why it is not stored',
    });
    assert.equal((await runOf(event).describe()).status.name, 'RUNNING');
    await assertSealed(event);
    await proxy.restore();
    await resultOf(event);
    assert.deepEqual(await source.triggerEvent(event), { repeated: true, stored: null });
    assert.equal((await storedEvents(tenantId)).length, 1);
  });

  it('fails if the event came before with another payload; with the same one it is a repeat', async () => {
    const tenantId = await stack.insertTenant();
    const event = newEvent(tenantId);
    await stack.service.triggerEvent({ ...event, payload: { ...payload, hangup_cause: 'USER_BUSY' } });
    assert.equal((await source.triggerEvent(event)).repeated, false);
    const { type, message } = await failureOf(event);
    assert.equal(type, acceptFailure.mismatch);
    assert.match(message, /triggered before with another payload/);
    await assertSealed(event);

    const same = { ...event, payload: { ...payload, hangup_cause: 'USER_BUSY' } };
    assert.equal((await source.triggerEvent(same)).repeated, false);
    assert.equal((await resultOf(same)).repeated, true);
  });

  it('fails for an event that can never be stored, without revealing its values', async () => {
    const tenantId = await stack.insertTenant();
    const wrong: [body: (event: SourceEvent) => object, type: string, message: RegExp][] = [
      [(event) => ({ ...bodyOf(event), payload: { ...payload, status: secret } }), 'InvalidEvent', /payload\.status/],
      [(event) => ({ ...bodyOf(event), event_type: secret }), 'InvalidEvent', /Unknown event type\. See event_type/],
      [(event) => ({ ...bodyOf(event), tenant_id: undefined, [secret]: 1 }), 'InvalidEvent', /unknown fields/],
      [
        (event) => ({ ...bodyOf(event), payload: { ...payload, more: secret.repeat(10_000) } }),
        'InvalidEvent',
        /Payload too large/,
      ],
      [(event) => ({ ...bodyOf(event), tenant_id: randomUUID() }), 'UnknownTenant', /There is no tenant/],
    ];
    for (const [body, type, message] of wrong) {
      const event = newEvent(tenantId);
      await startUnchecked(event, body(event));
      const failure = await failureOf(event);
      assert.equal(failure.type, type);
      assert.match(failure.message, message);
      await assertSealed(event);
    }
    assert.deepEqual(await storedEvents(tenantId), []);
  });

  it('is refused by the source if the event could never be stored', async () => {
    const event = newEvent(await stack.insertTenant());
    const refused = { ...event, payload: { ...payload, status: 'ringing' as 'completed' } };
    await assert.rejects(source.triggerEvent(refused), { name: 'EventRefusedError', message: /payload\.status/ });
    await assert.rejects(runOf(event).describe(), { name: 'WorkflowNotFoundError' });
  });

  it('is refused in plain text', async () => {
    const event = newEvent(await stack.insertTenant());
    await startUnchecked(event, bodyOf(event), { sealed: false });
    assert.equal((await failureOf(event)).type, acceptFailure.notSealed);
    // The source put it there; the worker adds no further copy.
    assert.equal((await keptOf(event)).split('15550001111').length - 1, 1);
    assert.deepEqual(await storedEvents(event.tenantId), []);
  });

  it('can be sealed with any of the keys', async () => {
    for (const keys of [[oldKey], [oldKey, newKey], [newKey, oldKey]]) {
      const event = newEvent(await stack.insertTenant());
      await sourceWith(keys).triggerEvent(event);
      await resultOf(event);
    }
  });

  it('waits for a worker that has its key', async () => {
    const other = await startStack({ parts: { api: false, worker: false } });
    const log = createLogger({ level: 'silent', format: 'json' });
    const startWorker = async (eventKeys: (typeof newKey)[]) => {
      const worker = await openService({ ...other.config, eventKeys }, log, { api: false, worker: true });
      await worker.ready;
      return worker;
    };
    let worker = await startWorker([newKey, newEventKey('unknown')]);
    const tenantId = await other.insertTenant();
    const events = [newEvent(tenantId, 'missing'), newEvent(tenantId, 'wrong')];
    await sourceWith([oldKey], other).triggerEvent(events[0]!);
    // Two keys with the same name.
    await sourceWith([{ ...oldKey, id: 'unknown' }], other).triggerEvent(events[1]!);
    for (const event of events) {
      await waitFor(async () => (await keptOf(event)).includes(acceptFailure.unreadable), {
        what: `${event.eventId} to be unreadable`,
      });
      await assertSealed(event);
    }
    await worker.close();
    worker = await startWorker([newKey, oldKey]);
    await resultOf(events[0]!);
    await worker.close();
    worker = await startWorker([{ ...oldKey, id: 'unknown' }]);
    await resultOf(events[1]!);
    const { rows } = await other.database.pool.query('select from webhook_events');
    assert.equal(rows.length, 2);
    await worker.close();
    await other.close();
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Activities } from '../../../activities/index.js';
import type { Plan } from '../../../activities/deliveries/reserve-token.js';
import { createLogger } from '../../../src/log.js';
import { workflowBundle } from '../../../src/temporal/bundle.js';
import { failureType } from '../../../workflows/contract/failures.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { waitFor } from '../../support/wait-for.js';

const taskQueue = `test-${randomUUID()}`;
const tenantId = randomUUID();

/** What the next calls of an activity do, in turn; the last one is repeated. */
type Script<T> = (T | Error | (() => Promise<T> | T))[];

const send = (plan: Partial<Plan> = {}): Plan =>
  ({
    step: 'send',
    webhookId: 1,
    waitMs: 0,
    attemptCount: 0,
    attemptsUsed: 0,
    attemptsLeft: 6,
    timeoutMs: 10_000,
    lane: 'queued',
    taskQueue,
    ...plan,
  }) as Plan;
const delivered = { status: 'delivered' as const, message: 'delivered after 1 attempt' };
const failure = (type: string, details: unknown[] = [], nonRetryable = true) =>
  ApplicationFailure.create({ type, message: type, details, nonRetryable });

describe('workflow deliverEvent', function () {
  this.timeout(90_000);
  let connection: NativeConnection;
  let clientConnection: Connection;
  let client: Client;
  let worker: Worker;
  let running: Promise<void>;
  let calls: { name: keyof Activities; at: number }[];
  let script: { [K in keyof Activities]?: Script<Awaited<ReturnType<Activities[K]>>> };

  const fake =
    <K extends keyof Activities>(name: K) =>
    async () => {
      const index = calls.filter((call) => call.name === name).length;
      calls.push({ name, at: Date.now() });
      const steps = script[name] ?? (name === 'deliverAtOnce' ? [failure(failureType.planChanged)] : []);
      const step = steps[Math.min(index, steps.length - 1)];
      if (step instanceof Error) throw step;
      return typeof step === 'function' ? await step() : step;
    };
  /** What was called after the attempt at once, which most scripts refuse. */
  const names = () => calls.map((call) => call.name).slice(1);

  before(async () => {
    quietRuntime();
    const address = process.env['TEST_TEMPORAL_ADDRESS']!;
    connection = await NativeConnection.connect({ address });
    clientConnection = await Connection.connect({ address });
    client = new Client({ connection: clientConnection });
    worker = await Worker.create({
      connection,
      taskQueue,
      workflowBundle: await workflowBundle(createLogger({ level: 'silent', format: 'json' })),
      activities: Object.fromEntries(
        (['deliverAtOnce', 'reserveToken', 'deliver', 'deliverInline', 'recordOutcome', 'cancelDelivery'] as const).map(
          (name) => [name, fake(name)],
        ),
      ),
    });
    running = worker.run();
  });
  after(async () => {
    worker.shutdown();
    await running;
    await connection.close();
    await clientConnection.close();
  });
  beforeEach(() => {
    calls = [];
    script = {};
  });

  const start = () => {
    const deliveryId = randomUUID();
    return client.workflow.start('deliverEvent', {
      taskQueue,
      workflowId: deliveryId,
      args: [{ deliveryId, webhookId: 1, tenantId }],
    });
  };
  const run = async () => (await start()).result() as Promise<{ status: string }>;

  it('sends at once and completes, without a plan', async () => {
    script = { deliverAtOnce: [delivered] };
    assert.equal((await run()).status, 'delivered');
    assert.deepEqual(
      calls.map((call) => call.name),
      ['deliverAtOnce'],
    );
  });

  it('is Failed when the attempt at once was the only one', async () => {
    script = { deliverAtOnce: [failure(failureType.deliveryFailed)] };
    await assert.rejects(run(), WorkflowFailedError);
    assert.deepEqual(names(), []);
  });

  it('plans when the attempt at once failed', async () => {
    script = {
      deliverAtOnce: [failure(failureType.attemptFailed)],
      reserveToken: [send({ waitMs: 300, attemptsUsed: 1, attemptsLeft: 5 })],
      deliver: [delivered],
    };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliver']);
  });

  it('allows a normal activity to wait for its turn and its token, and to record, beside its request', async () => {
    let allowedMs = 0;
    const deliver = () => {
      allowedMs = Context.current().info.startToCloseTimeoutMs;
      return delivered;
    };
    script = { reserveToken: [send({ timeoutMs: 10_000 })], deliver: [deliver] };
    await run();
    // 3 s for the turn, 4 s for the token, 5 s for the record: see pace.ts and deliver.ts.
    assert.ok(allowedMs > 10_000 + 3_000 + 4_000 + 5_000, `${allowedMs} ms`);
  });

  it('sends inline and completes', async () => {
    script = { reserveToken: [send({ lane: 'inline' })], deliverInline: [delivered] };
    assert.equal((await run()).status, 'delivered');
    assert.deepEqual(names(), ['reserveToken', 'deliverInline']);
  });

  it('goes to the queue when the inline lane has no room', async () => {
    script = {
      reserveToken: [send({ lane: 'inline' })],
      deliverInline: [failure(failureType.busy)],
      deliver: [delivered],
    };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliverInline', 'deliver']);
  });

  it('is Failed, with what happened, when the verdict is failed', async () => {
    script = {
      reserveToken: [send({ lane: 'inline' }), send({ waitMs: 300, attemptsUsed: 1, attemptsLeft: 1 })],
      deliverInline: [failure(failureType.attemptFailed)],
      deliver: [failure(failureType.deliveryFailed)],
    };
    await assert.rejects(run(), (error) => {
      assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure);
      assert.equal(error.cause.type, 'DeliveryFailed');
      return true;
    });
    assert.deepEqual(names(), ['reserveToken', 'deliverInline', 'reserveToken', 'deliver']);
    assert.ok(calls[4]!.at - calls[3]!.at >= 300, 'waited as planned');
  });

  it('asks by a normal activity, retried, when the local one fails: Postgres is away', async () => {
    const away = new Error('no connection');
    script = { reserveToken: [away, away, away, send()], deliver: [delivered] };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'reserveToken', 'reserveToken', 'reserveToken', 'deliver']);
  });

  it('comes back when the token is free, without planning anew', async () => {
    script = { reserveToken: [send()], deliver: [failure(failureType.notNow, [{ waitMs: 400 }]), delivered] };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'deliver']);
    assert.ok(calls[3]!.at - calls[2]!.at >= 400);
  });

  it('plans anew when others wait for tokens, or the settings changed', async () => {
    script = {
      reserveToken: [send()],
      deliver: [failure(failureType.notNow, [{ waitMs: null }]), failure(failureType.planChanged), delivered],
    };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'reserveToken', 'deliver', 'reserveToken', 'deliver']);
  });

  it('records an answer until it is recorded and never sends again for it', async () => {
    const away = new Error('no connection');
    script = {
      reserveToken: [send({ lane: 'inline' })],
      deliverInline: [failure(failureType.notRecorded, [{ sealedRecord: 'c2VhbGVk' }])],
      recordOutcome: [away, away, delivered],
    };
    assert.equal((await run()).status, 'delivered');
    assert.deepEqual(names(), ['reserveToken', 'deliverInline', 'recordOutcome', 'recordOutcome', 'recordOutcome']);
  });

  it('asks again after a pause when an attempt was lost without a record', async () => {
    script = { reserveToken: [send({ attemptsLeft: 1 })], deliver: [new Error('a fault of ours'), delivered] };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'reserveToken', 'deliver']);
    assert.ok(calls[3]!.at - calls[2]!.at >= 2_000, 'does not spin');
  });

  it('sends at once when woken in the backoff of the server', async () => {
    script = {
      reserveToken: [send({ attemptsUsed: 4, attemptsLeft: 2 })],
      deliver: [failure(failureType.attemptFailed, [], false), delivered],
    };
    const handle = await start();
    await waitFor(() => names().includes('deliver'), { what: 'the first attempt' });
    const wokenAt = Date.now();
    await handle.signal('wake');
    await handle.result();
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'reserveToken', 'deliver']);
    assert.ok(calls[4]!.at - wokenAt < 8_000, 'well before the 16 s of the backoff');
  });

  it('never cuts nor doubles a request in flight when woken', async () => {
    let open = 0;
    let most = 0;
    let answer = (): void => undefined;
    const slow = async () => {
      most = Math.max(most, ++open);
      await new Promise<void>((resolve) => (answer = resolve));
      open--;
      return delivered;
    };
    script = { reserveToken: [send(), { step: 'end', ...delivered }], deliver: [slow] };
    const handle = await start();
    await waitFor(() => open === 1, { what: 'an open request' });
    await handle.signal('wake');
    await waitFor(
      async () =>
        (await handle.fetchHistory()).events!.some((event) => event.activityTaskCancelRequestedEventAttributes),
      {
        what: 'the workflow to have seen the signal',
      },
    );
    answer();
    assert.equal(((await handle.result()) as { status: string }).status, 'delivered');
    assert.equal(most, 1);
    // Woken while it sent, it asks once more before it ends: the signal may have been a manual retry.
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'reserveToken']);
  });

  it('waits for its token also when woken: Postgres says until when', async () => {
    script = { reserveToken: [send({ waitMs: 60_000 }), send({ waitMs: 500 })], deliver: [delivered] };
    const handle = await start();
    await waitFor(() => names().includes('reserveToken'), { what: 'the plan' });
    await handle.signal('wake');
    await handle.result();
    assert.ok(calls.at(-1)!.at - calls.at(-2)!.at >= 500);
  });

  it('cancelled by an operator it ends Canceled and the delivery is owed no more', async () => {
    script = { reserveToken: [send({ waitMs: 60_000 })], cancelDelivery: [undefined] };
    const handle = await start();
    await waitFor(() => names().includes('reserveToken'), { what: 'the plan' });
    await handle.cancel();
    await assert.rejects(
      handle.result(),
      (error) => error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure,
    );
    assert.deepEqual(names(), ['reserveToken', 'cancelDelivery']);
  });
});

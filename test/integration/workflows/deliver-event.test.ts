import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { Activities } from '../../../activities/index.js';
import type { Plan } from '../../../activities/deliveries/reserve-token.js';
import { createLogger } from '../../../src/log.js';
import { workflowBundle } from '../../../src/temporal/bundle.js';
import { failureType } from '../../../workflows/contract/failures.js';
import {
  deliverBudgetMs,
  maxBehindMs,
  maxPermitWaitMs,
  maxRecordMs,
  maxTakeMs,
} from '../../../workflows/contract/time-budget.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { waitFor } from '../../support/wait-for.js';

const taskQueue = `test-${randomUUID()}`;
const tenantId = randomUUID();

/** What the calls of an activity do, one after the other; the last one repeats. */
type Script<T> = (T | Error | (() => Promise<T> | T))[];

const send = (plan: Partial<Plan> = {}): Plan =>
  ({
    kind: 'send',
    waitMs: 0,
    reason: 'rate limit',
    about: 'To example.com',
    attemptCount: 0,
    attemptsUsed: 0,
    attemptsLeft: 6,
    timeoutMs: 10_000,
    taskQueue,
    ...plan,
  }) as Plan;
const delivered = { kind: 'ended' as const, status: 'delivered' as const, message: 'delivered after 1 attempt' };
const failed = { kind: 'ended' as const, status: 'failed' as const, message: 'failed after 6 attempts: HTTP 503' };
const refused = (waitMs = 0) => ({ kind: 'refused' as const, waitMs, reason: 'no token' });
const failedOnce = { kind: 'failed' as const, waitMs: 0, attempt: 1, failure: 'HTTP 503', reason: 'backoff' };
const open = (waitMs: number) => ({ kind: 'open' as const, waitMs, reason: 'no answer yet', about: 'To example.com' });
const attemptFailed = ApplicationFailure.create({ type: failureType.attemptFailed, message: 'HTTP 503' });

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
      const steps = script[name] ?? (name === 'deliverAtOnce' ? [refused()] : []);
      const step = steps[Math.min(index, steps.length - 1)];
      if (step instanceof Error) throw step;
      return typeof step === 'function' ? await step() : step;
    };
  /** The calls after the first attempt in the workflow task, which most scripts refuse. */
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
        (['deliverAtOnce', 'reserveToken', 'deliver', 'recordOutcome', 'cancelDelivery'] as const).map((name) => [
          name,
          fake(name),
        ]),
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

  it('sends in the first workflow task and completes, without a plan', async () => {
    script = { deliverAtOnce: [delivered] };
    assert.equal((await run()).status, 'delivered');
    assert.deepEqual(
      calls.map((call) => call.name),
      ['deliverAtOnce'],
    );
  });

  it('is Failed when that attempt was the only one', async () => {
    script = { deliverAtOnce: [failed] };
    await assert.rejects(run(), WorkflowFailedError);
    assert.deepEqual(names(), []);
  });

  it('plans when that attempt failed', async () => {
    script = {
      deliverAtOnce: [failedOnce],
      reserveToken: [send({ waitMs: 300, attemptsUsed: 1, attemptsLeft: 5 })],
      deliver: [delivered],
    };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliver']);
  });

  it('gives a normal activity time for its permit, its token and the record, besides its request', async () => {
    let allowedMs = 0;
    const deliver = () => {
      allowedMs = Context.current().info.startToCloseTimeoutMs;
      return delivered;
    };
    script = { reserveToken: [send({ timeoutMs: 10_000 })], deliver: [deliver] };
    await run();
    assert.equal(allowedMs, deliverBudgetMs(10_000));
    assert.ok(allowedMs > 10_000 + maxPermitWaitMs + maxBehindMs + maxTakeMs + maxRecordMs);
  });

  it('is Failed, with the reason, when the verdict is failed', async () => {
    script = {
      deliverAtOnce: [failedOnce],
      reserveToken: [send({ waitMs: 300, attemptsUsed: 1, attemptsLeft: 1 })],
      deliver: [failed],
    };
    await assert.rejects(run(), (error) => {
      assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure);
      assert.equal(error.cause.type, 'DeliveryFailed');
      return true;
    });
    assert.deepEqual(names(), ['reserveToken', 'deliver']);
    assert.ok(calls[2]!.at - calls[1]!.at >= 300, 'waited as planned');
  });

  it('falls back to a normal activity with retries when the local one fails because Postgres is away', async () => {
    const away = new Error('no connection');
    script = { reserveToken: [away, away, away, send()], deliver: [delivered] };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'reserveToken', 'reserveToken', 'reserveToken', 'deliver']);
  });

  it('waits and plans again when an attempt was refused', async () => {
    script = { reserveToken: [send()], deliver: [refused(400), refused(), delivered] };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'reserveToken', 'deliver', 'reserveToken', 'deliver']);
    assert.ok(calls[3]!.at - calls[2]!.at >= 400);
  });

  it('waits for a request that is still open until it is woken', async () => {
    script = {
      deliverAtOnce: [open(60_000)],
      reserveToken: [{ kind: 'ended', status: 'delivered', message: 'delivered after 1 attempt' }],
    };
    const handle = await start();
    await waitFor(() => calls.length === 1, { what: 'the attempt' });
    await handle.signal('wake');
    assert.equal(((await handle.result()) as { status: string }).status, 'delivered');
    assert.deepEqual(names(), ['reserveToken']);
  });

  it('plans when the time of an open request is over, even without a wake-up', async () => {
    script = { deliverAtOnce: [open(500)], reserveToken: [send()], deliver: [delivered] };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliver']);
    assert.ok(calls[1]!.at - calls[0]!.at >= 500);
  });

  it('tries to record a response until that succeeds, and never sends again', async () => {
    const away = new Error('no connection');
    script = {
      deliverAtOnce: [{ kind: 'unrecorded', sealedRecord: 'c2VhbGVk' }],
      recordOutcome: [away, away, delivered],
    };
    assert.equal((await run()).status, 'delivered');
    assert.deepEqual(names(), ['recordOutcome', 'recordOutcome', 'recordOutcome']);
  });

  it('plans again after a delay when an attempt was lost without a record', async () => {
    script = { reserveToken: [send({ attemptsLeft: 1 })], deliver: [new Error('a fault of ours'), delivered] };
    await run();
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'reserveToken', 'deliver']);
    assert.ok(calls[3]!.at - calls[2]!.at >= 2_000, 'does not spin');
  });

  it("sends immediately when woken during the server's backoff", async () => {
    script = {
      reserveToken: [send({ attemptsUsed: 4, attemptsLeft: 2 })],
      deliver: [attemptFailed, delivered],
    };
    const handle = await start();
    await waitFor(() => names().includes('deliver'), { what: 'the first attempt' });
    const wokenAt = Date.now();
    await handle.signal('wake');
    await handle.result();
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'reserveToken', 'deliver']);
    assert.ok(calls[4]!.at - wokenAt < 8_000, 'well before the 16 s of the backoff');
  });

  it('neither cuts off nor repeats a request in flight when woken', async () => {
    let open = 0;
    let most = 0;
    let respond = (): void => undefined;
    const slow = async () => {
      most = Math.max(most, ++open);
      await new Promise<void>((resolve) => (respond = resolve));
      open--;
      return delivered;
    };
    script = { reserveToken: [send(), delivered], deliver: [slow] };
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
    respond();
    assert.equal(((await handle.result()) as { status: string }).status, 'delivered');
    assert.equal(most, 1);
    // Woken while it sent, it plans once more before it ends: the signal may have been a manual retry.
    assert.deepEqual(names(), ['reserveToken', 'deliver', 'reserveToken']);
  });

  it('still waits for its token when woken, as long as Postgres says', async () => {
    script = { reserveToken: [send({ waitMs: 60_000 }), send({ waitMs: 500 })], deliver: [delivered] };
    const handle = await start();
    await waitFor(() => names().includes('reserveToken'), { what: 'the plan' });
    await handle.signal('wake');
    await handle.result();
    assert.ok(calls.at(-1)!.at - calls.at(-2)!.at >= 500);
  });

  it('shows why it waits: beside the timer, and in the current details with what came of it so far', async () => {
    const detailsOf = async (handle: WorkflowHandle) =>
      (await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
    let respond = (): void => undefined;
    const hangs = () => new Promise<typeof delivered>((resolve) => (respond = () => resolve(delivered)));
    script = {
      deliverAtOnce: [open(60_000)],
      reserveToken: [send({ waitMs: 60_000 }), send({ waitMs: 200, reason: 'its turn', about: 'To b.example' })],
      deliver: [refused(60_000), hangs],
    };
    const handle = await start();
    const shows = (details: string) => waitFor(async () => (await detailsOf(handle)) === details, { what: details });
    await shows('To example.com\n\nWaits: no answer yet');
    await handle.signal('wake');
    await shows('To example.com\n\nWaits: rate limit');
    await handle.signal('wake');
    await shows('To b.example\n\nWaits: no token');
    await handle.signal('wake');
    await waitFor(() => names().filter((name) => name === 'deliver').length === 2, { what: 'the request' });
    await shows('To b.example');
    respond();
    await handle.result();
    const { events } = await handle.fetchHistory();
    const timers = events!.filter((event) => event.timerStartedEventAttributes);
    assert.deepEqual(
      timers.map(({ userMetadata }) => defaultPayloadConverter.fromPayload(userMetadata!.summary as Payload)),
      ['no answer yet', 'rate limit', 'its turn', 'no token', 'its turn'],
    );
  });

  it('ends Canceled when cancelled by an operator, and the delivery is cancelled', async () => {
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

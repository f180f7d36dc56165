import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { RecoveryProgress } from '../../../activities/deliveries/recover-webhook.js';
import { createLogger } from '../../../src/log.js';
import { workflowBundle } from '../../../src/temporal/bundle.js';
import { checkSearchAttributes } from '../../../src/temporal/setup.js';
import { searchAttributes, startRecovery } from '../../../src/temporal/start-workflows.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { waitFor } from '../../support/wait-for.js';

const taskQueue = `test-${randomUUID()}`;
const tenantId = randomUUID();

describe('workflow recoverWebhook', function () {
  this.timeout(60_000);
  let connection: NativeConnection;
  let clientConnection: Connection;
  let client: Client;
  let worker: Worker;
  let running: Promise<void>;
  let rounds: number;
  let answer: (round: number) => RecoveryProgress;

  before(async () => {
    quietRuntime();
    const address = process.env['TEST_TEMPORAL_ADDRESS']!;
    connection = await NativeConnection.connect({ address });
    clientConnection = await Connection.connect({ address });
    client = new Client({ connection: clientConnection });
    await checkSearchAttributes({ client, namespace: 'default', repairs: true });
    worker = await Worker.create({
      connection,
      taskQueue,
      workflowBundle: await workflowBundle(createLogger({ level: 'silent', format: 'json' })),
      activities: { recoverWebhook: async () => answer(rounds++) },
    });
    running = worker.run();
  });
  after(async () => {
    worker.shutdown();
    await running;
    await connection.close();
    await clientConnection.close();
  });
  beforeEach(() => void (rounds = 0));

  const progress = (status: RecoveryProgress['status'], requeued = 0): RecoveryProgress => ({
    status,
    total: 500,
    requeued,
    delivered: 0,
    failed: 0,
  });
  const start = async (recoveryId: string = randomUUID()) => {
    await startRecovery(client, { recoveryId, webhookId: 7, tenantId }, { taskQueue, eager: false });
    return client.workflow.getHandle(`webhook-7/recovery/${recoveryId}`);
  };

  it('asks until the recovery has ended', async () => {
    answer = (round) => progress(round < 2 ? 'running' : 'completed', round);
    assert.deepEqual(await (await start()).result(), progress('completed', 2));
    assert.equal(rounds, 3);
  });

  it('waits longer while nothing moves, and asks at once when it is woken', async () => {
    answer = () => progress('running');
    const recoveryId = randomUUID();
    const handle = await start(recoveryId);
    const history = async () => (await handle.fetchHistory()).events ?? [];
    const started = async () =>
      (await history()).flatMap(({ timerStartedEventAttributes: timer }) => (timer ? [timer] : []));
    const cancelled = async () =>
      (await history()).flatMap(({ timerCanceledEventAttributes: timer }) => (timer ? [timer.timerId] : []));
    await waitFor(async () => (await started()).length === 3, { what: 'the third wait' });
    answer = () => progress('cancelled');
    await start(recoveryId);
    assert.equal(((await handle.result()) as RecoveryProgress).status, 'cancelled');
    const waits = await started();
    assert.deepEqual(
      waits.map((timer) => Number(timer.startToFireTimeout?.seconds)),
      [0, 1, 2],
      'half a second, one, two',
    );
    assert.deepEqual(await cancelled(), [waits[2]!.timerId]);
  });

  it('continues as new, and stays visible with its webhook and its progress', async () => {
    const recoveryId = randomUUID();
    let more = true;
    answer = (round) => progress(more ? 'running' : 'completed', round);
    const handle = await start(recoveryId);
    const first = (await handle.describe()).runId;
    // Woken each time, so that no round waits.
    await waitFor(
      async () => {
        await start(recoveryId);
        return (await handle.describe()).runId !== first;
      },
      { what: 'another run', intervalMs: 1, timeoutMs: 50_000 },
    );
    const { typedSearchAttributes, type } = await handle.describe();
    assert.equal(type, 'recoverWebhook');
    const { tenantId: tenant, webhookId: webhook } = searchAttributes;
    assert.deepEqual([typedSearchAttributes.get(tenant), typedSearchAttributes.get(webhook)], [tenantId, 7]);
    const details = () => client.workflow.getHandle(handle.workflowId).query<string>('__temporal_workflow_metadata');
    // The new run may not have had its first round yet.
    await waitFor(async () => /running: \d+ of 500 deliveries sent again/.test(JSON.stringify(await details())), {
      what: 'its progress',
    });
    more = false;
    await start(recoveryId);
    await handle.result();
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { VerificationStep } from '../../../activities/deliveries/verify-webhook.js';
import { createLogger } from '../../../src/log.js';
import { workflowBundle } from '../../../src/temporal/bundle.js';
import { checkSearchAttributes } from '../../../src/temporal/setup.js';
import { searchAttributes, startVerification } from '../../../src/temporal/start-workflows.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { waitFor } from '../../support/wait-for.js';

const taskQueue = `test-${randomUUID()}`;
const webhookId = 7;

describe('workflow verifyWebhook', function () {
  this.timeout(60_000);
  let connection: NativeConnection;
  let clientConnection: Connection;
  let client: Client;
  const workers: Worker[] = [];
  let running: Promise<unknown>;
  let asked: unknown[];
  let answer: (call: number) => VerificationStep | Promise<VerificationStep>;
  let tenantId: string;

  before(async () => {
    quietRuntime();
    const address = process.env['TEST_TEMPORAL_ADDRESS']!;
    connection = await NativeConnection.connect({ address });
    clientConnection = await Connection.connect({ address });
    client = new Client({ connection: clientConnection });
    await checkSearchAttributes({ client, namespace: 'default', repairs: true });
    const verifyWebhook = async (webhook: unknown) => answer(asked.push(webhook));
    workers.push(
      await Worker.create({
        connection,
        taskQueue,
        workflowBundle: await workflowBundle(createLogger({ level: 'silent', format: 'json' })),
      }),
      // Where a hanging receiver holds up no workflow.
      await Worker.create({ connection, taskQueue: `${taskQueue}-deliver`, activities: { verifyWebhook } }),
    );
    running = Promise.all(workers.map((worker) => worker.run()));
  });
  after(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
    await connection.close();
    await clientConnection.close();
  });
  beforeEach(() => {
    asked = [];
    tenantId = randomUUID();
  });

  const start = async () => {
    await startVerification(client, { webhookId, tenantId }, { taskQueue, eager: false });
    return client.workflow.getHandle(`webhook-7/verify/${tenantId}`);
  };
  const ended = (message: string): VerificationStep => ({ message, waitMs: null });

  it('asks once, ends with what came of it, and is found by webhook and tenant', async () => {
    answer = () => ended('url: The receiver answered 404; only 2xx is success.');
    const handle = await start();
    assert.equal(await handle.result(), 'url: The receiver answered 404; only 2xx is success.');
    assert.deepEqual(asked, [{ webhookId, tenantId }]);
    const { typedSearchAttributes, type } = await handle.describe();
    assert.equal(type, 'verifyWebhook');
    assert.equal(typedSearchAttributes.get(searchAttributes.webhookId), webhookId);
    assert.equal(typedSearchAttributes.get(searchAttributes.tenantId), tenantId);
  });

  it('asks again where the webhook was changed meanwhile', async () => {
    answer = (call) => (call < 3 ? { message: 'changed', waitMs: 0 } : ended('verified'));
    assert.equal(await (await start()).result(), 'verified');
    assert.equal(asked.length, 3);
  });

  it('does not wait any longer when it is woken', async () => {
    answer = (call) => (call === 1 ? { message: 'too many', waitMs: 3_600_000 } : ended('verified'));
    const handle = await start();
    await waitFor(() => asked.length === 1, { what: 'the first question' });
    await start();
    assert.equal(await handle.result(), 'verified');
  });

  it('asks again if it was woken while a question was open', async () => {
    let open!: (step: VerificationStep) => void;
    answer = (call) => (call === 1 ? new Promise((resolve) => (open = resolve)) : ended('verified'));
    const handle = await start();
    await waitFor(() => asked.length === 1, { what: 'the first question' });
    await start();
    open(ended('a wrong answer'));
    assert.equal(await handle.result(), 'verified');
    assert.equal(asked.length, 2);
  });

  it('repeats what failed by a fault of ours', async () => {
    answer = (call) => {
      if (call === 1) throw new Error('Postgres is away');
      return ended('verified');
    };
    assert.equal(await (await start()).result(), 'verified');
    assert.equal(asked.length, 2);
  });
});

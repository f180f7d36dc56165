import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { FormedBatches } from '../../../activities/deliveries/form-batches.js';
import { createLogger } from '../../../src/log.js';
import { workflowBundle } from '../../../src/temporal/bundle.js';
import { checkSearchAttributes } from '../../../src/temporal/setup.js';
import { searchAttributes, startCollecting } from '../../../src/temporal/start-workflows.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { waitFor } from '../../support/wait-for.js';

const taskQueue = `test-${randomUUID()}`;
const webhookId = 7;
const none: FormedBatches = { formed: 0, waitMs: null };

describe('workflow collectBatches', function () {
  this.timeout(60_000);
  let connection: NativeConnection;
  let clientConnection: Connection;
  let client: Client;
  let worker: Worker;
  let running: Promise<void>;
  let asked: unknown[];
  let answer: (call: number) => FormedBatches | Promise<FormedBatches>;
  let tenantId: string;

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
      activities: { formBatches: async (webhook: unknown) => answer(asked.push(webhook)) },
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
    asked = [];
    tenantId = randomUUID();
  });

  const start = async () => {
    await startCollecting(client, { webhookId, tenantId }, { taskQueue, eager: false });
    return client.workflow.getHandle(`webhook-7/batches/${tenantId}`);
  };

  it('forms what is due, waits for the next, and ends when nothing waits; found by webhook and tenant', async () => {
    answer = (call) => [{ formed: 2, waitMs: 0 }, { formed: 0, waitMs: 100 }, none][call - 1]!;
    const handle = await start();
    await handle.result();
    assert.deepEqual(asked, Array(3).fill({ webhookId, tenantId }));
    const { typedSearchAttributes, type } = await handle.describe();
    assert.equal(type, 'collectBatches');
    assert.equal(typedSearchAttributes.get(searchAttributes.webhookId), webhookId);
    assert.equal(typedSearchAttributes.get(searchAttributes.tenantId), tenantId);
  });

  it('does not wait any longer when it is woken', async () => {
    answer = (call) => (call === 1 ? { formed: 0, waitMs: 3_600_000 } : none);
    const handle = await start();
    await waitFor(() => asked.length === 1, { what: 'the first question' });
    await start();
    await handle.result();
    assert.equal(asked.length, 2);
  });

  it('asks once more if it was woken while it asked for the last time', async () => {
    let open!: (answer: FormedBatches) => void;
    answer = (call) => (call === 1 ? new Promise((resolve) => (open = resolve)) : none);
    const handle = await start();
    await waitFor(() => asked.length === 1, { what: 'the first question' });
    await start();
    open(none);
    await handle.result();
    assert.equal(asked.length, 2);
  });

  it('goes on, in the activity that is retried, when Postgres is away', async () => {
    answer = (call) => {
      if (call === 1) throw new Error('Postgres is away');
      return none;
    };
    await (await start()).result();
    assert.equal(asked.length, 2);
  });
});

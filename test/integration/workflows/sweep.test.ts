import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createLogger } from '../../../src/log.js';
import { workflowBundle } from '../../../src/temporal/bundle.js';
import { checkSchedule, expectedSchedules } from '../../../src/temporal/setup.js';
import { quietRuntime } from '../../support/quiet-runtime.js';
import { waitFor } from '../../support/wait-for.js';

describe('workflow sweepDeliveries', function () {
  this.timeout(60_000);
  const taskQueue = `test-${randomUUID()}`;

  it('begins to check webhooks where the run before it ended, unless that failed', async () => {
    quietRuntime();
    const address = process.env['TEST_TEMPORAL_ADDRESS']!;
    const connection = await NativeConnection.connect({ address });
    const clientConnection = await Connection.connect({ address });
    const client = new Client({ connection: clientConnection });
    const begun: number[] = [];
    const sweep = async (afterWebhook: number) => {
      begun.push(afterWebhook);
      if (begun.length === 3) throw new Error('Postgres is away');
      return afterWebhook + 7;
    };
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowBundle: await workflowBundle(createLogger({ level: 'silent', format: 'json' })),
      activities: { sweep },
    });
    const running = worker.run();
    const [expected] = expectedSchedules(taskQueue, { messages: false });
    const schedule = client.schedule.getHandle(expected!.scheduleId);
    try {
      await checkSchedule({ client, namespace: 'default', repairs: true }, { ...expected!, everyMs: 1_000 });
      await waitFor(() => begun.length >= 5, { what: 'five runs' });
      // The server may not know yet how the very first run ended when it starts the second one.
      const [second, third, fourth, fifth] = begun.slice(1) as [number, number, number, number];
      assert.deepEqual([third, fourth, fifth], [second + 7, second + 7, second + 14], begun.join());
    } finally {
      await schedule.delete();
      worker.shutdown();
      await running;
      await connection.close();
      await clientConnection.close();
    }
  });
});

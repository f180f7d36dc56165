import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { temporalSource } from '../../../src/source/temporal-source.js';
import { acceptTaskQueue } from '../../../workflows/contract/accept-event.js';
import { eventKeysText, newEventKey } from '../../support/event-keys.js';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.js';
import { waitFor } from '../../support/wait-for.js';

const event = () => ({
  tenantId: randomUUID(),
  eventType: 'call.dtmf' as const,
  eventId: randomUUID(),
  payload: { call_sid: 'c', digit: '5', timestamp: new Date() },
});

/** No worker runs here, so workflows wait in Temporal. */
describe('a source with a Temporal client', function () {
  this.timeout(60_000);
  const taskQueue = `test-${randomUUID()}`;
  const eventKeys = eventKeysText([newEventKey('k')]);
  let proxy: TcpProxy;
  let connection: Connection;
  let temporal: Client;

  beforeEach(async () => {
    proxy = await startTcpProxy(Number(process.env['TEST_TEMPORAL_ADDRESS']!.split(':')[1]));
    connection = Connection.lazy({ address: `127.0.0.1:${proxy.port}` });
    temporal = new Client({ connection });
  });
  afterEach(async () => {
    await connection.close();
    await proxy.close();
  });

  it('tries again until Temporal is back', async () => {
    const source = temporalSource({ temporal, eventKeys, taskQueue });
    await proxy.cut();
    const one = event();
    const triggered = source.triggerEvent(one);
    const early = await Promise.race([
      triggered,
      waitFor(() => false, { what: 'it', timeoutMs: 2_000 }).catch(() => 0),
    ]);
    assert.equal(early, 0);
    await proxy.restore();
    // An earlier try may have got through.
    assert.equal((await triggered).stored, null);
    assert.equal((await source.triggerEvent(one)).repeated, true);
  });

  it('reports when Temporal did not accept the event in time', async () => {
    const source = temporalSource({ temporal, eventKeys, taskQueue, deadlineMs: 500 });
    await proxy.cut();
    await assert.rejects(source.triggerEvent(event()), { name: 'EventUnconfirmedError', message: /Trigger it again/ });
  });

  it('reports immediately what Temporal refuses', async () => {
    const elsewhere = new Client({ connection, namespace: `missing-${randomUUID()}` });
    const source = temporalSource({ temporal: elsewhere, eventKeys, taskQueue });
    await assert.rejects(source.triggerEvent(event()), { name: 'EventRefusedError', message: /namespace/ });
  });

  it('reports a recording once', async () => {
    const source = temporalSource({ temporal, eventKeys, taskQueue });
    const recording = {
      callSid: randomUUID(),
      recordingUrl: 'https://files.example.test/r.wav',
      tenantId: randomUUID(),
      durationSeconds: 3,
      sizeBytes: 48_044,
    };
    assert.equal(await source.recordingCompleted(recording), true);
    assert.equal(await source.recordingCompleted({ ...recording, sizeBytes: 48_045 }), false);
  });

  it("does not change the caller's client", async () => {
    temporalSource({ temporal, eventKeys });
    const handle = await temporal.workflow.start('acceptEvent', {
      taskQueue: acceptTaskQueue(taskQueue),
      workflowId: randomUUID(),
      args: ['plain'],
    });
    const { events } = await handle.fetchHistory();
    const [argument] = events![0]!.workflowExecutionStartedEventAttributes!.input!.payloads!;
    assert.equal(Buffer.from(argument!.data!).toString(), '"plain"');
    await handle.terminate();
  });
});

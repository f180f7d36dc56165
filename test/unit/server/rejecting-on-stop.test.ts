import assert from 'node:assert/strict';
import type { Activities } from '../../../activities/index.js';
import { rejectingOnStop } from '../../../src/temporal/rejecting-on-stop.js';

describe('activities that take long', () => {
  const never = () => new Promise<never>(() => undefined);

  it('end when the process stops: another worker goes on', async () => {
    const stopping = new AbortController();
    const ended = rejectingOnStop(stopping.signal, { settleWebhook: never, sweep: never } as unknown as Activities);
    const running = [ended.settleWebhook({ webhookId: 1, tenantId: 't' }), ended.sweep()];
    stopping.abort();
    for (const each of running) await assert.rejects(each, /this process stops/);
    await assert.rejects(ended.sweep(), /this process stops/, 'also when it comes too late');
  });

  it('are given what they are called with', async () => {
    const settleWebhook = (input: unknown) => Promise.resolve(input);
    const ended = rejectingOnStop(new AbortController().signal, { settleWebhook } as unknown as Activities);
    assert.deepEqual(await ended.settleWebhook({ webhookId: 1, tenantId: 't' }), { webhookId: 1, tenantId: 't' });
  });
});

import assert from 'node:assert/strict';
import type { Activities } from '../../../activities/index.js';
import { rejectingOnStop } from '../../../src/temporal/rejecting-on-stop.js';

describe('long activities', () => {
  const never = () => new Promise<never>(() => undefined);

  it('end when the process stops, so that another worker continues', async () => {
    const stopping = new AbortController();
    const ended = rejectingOnStop(stopping.signal, { settleWebhook: never, sweep: never } as unknown as Activities);
    const running = [ended.settleWebhook({ webhookId: 1, tenantId: 't' }), ended.sweep(0)];
    stopping.abort();
    for (const each of running) await assert.rejects(each, /this process stops/);
    await assert.rejects(ended.sweep(0), /this process stops/, 'even when it comes too late');
  });

  it('get their arguments', async () => {
    const settleWebhook = (input: unknown) => Promise.resolve(input);
    const ended = rejectingOnStop(new AbortController().signal, { settleWebhook } as unknown as Activities);
    assert.deepEqual(await ended.settleWebhook({ webhookId: 1, tenantId: 't' }), { webhookId: 1, tenantId: 't' });
  });
});

import assert from 'node:assert/strict';
import type { Client } from '@temporalio/client';
import { startSettling } from '../../src/temporal/start-workflows.js';

describe('the start of settling', () => {
  it("puts only ids into Temporal's history, whatever it is given", async () => {
    const starts: { args: unknown[] }[] = [];
    const client = {
      workflow: { signalWithStart: (_type: string, options: { args: unknown[] }) => void starts.push(options) },
    } as unknown as Client;
    // An attempt's object, with a url, a body and a secret.
    const attempt = { webhookId: 7, tenantId: 't', url: 'https://example.com/?token=x', body: '{}', sealedSecret: 's' };
    await startSettling(client, attempt, { taskQueue: 'q', eager: false });
    assert.deepEqual(starts[0]!.args, [{ webhookId: 7, tenantId: 't' }]);
  });
});

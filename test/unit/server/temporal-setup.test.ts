import assert from 'node:assert/strict';
import type { NativeConnection } from '@temporalio/worker';
import { createLogger } from '../../../src/log.js';
import { registerSearchAttributes } from '../../../src/server/temporal-setup.js';

describe('search attributes', () => {
  const register = async (addSearchAttributes: (request: unknown) => Promise<object>) => {
    const lines: string[] = [];
    const log = createLogger({ level: 'info', format: 'json' }, { write: (line) => void lines.push(line) });
    await registerSearchAttributes(
      { operatorService: { addSearchAttributes } } as unknown as NativeConnection,
      'calls',
      log,
    );
    return lines.map((line) => JSON.parse(line) as { run?: string; level: string });
  };

  it('are registered with their types', async () => {
    const requests: unknown[] = [];
    assert.deepEqual(await register(async (request) => requests.push(request) && {}), []);
    assert.deepEqual(requests, [
      { namespace: 'calls', searchAttributes: { TenantId: 2, WebhookId: 3, EventType: 2, EventId: 2 } },
    ]);
  });

  it('that the server refuses are named in a command for the operator, and the worker goes on', async () => {
    const [line] = await register(() => Promise.reject(Object.assign(new Error('7 PERMISSION_DENIED'), { code: 7 })));
    assert.equal(line!.level, 'error');
    assert.equal(
      line!.run,
      'temporal operator search-attribute create --namespace calls --name TenantId --type Keyword --name WebhookId --type Int --name EventType --type Keyword --name EventId --type Keyword',
    );
  });
});

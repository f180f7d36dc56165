import assert from 'node:assert/strict';
import { createTenantClient } from '../support/api-client.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('two installations in one namespace', function () {
  this.timeout(60_000);
  let withoutWorker: Stack;
  let stack: Stack;
  before(async () => {
    // The worker of this one makes the search attributes.
    stack = await startStack();
    withoutWorker = await startStack({ parts: { api: true, worker: false } });
  });
  after(async () => {
    await stack.close();
    await withoutWorker.close();
  });

  it('may have webhooks with the same id, and each settles its own', async () => {
    const other = await pauseSlowly(withoutWorker);
    await waitFor(() => isSettling(withoutWorker), { what: 'the workflow of the first, which waits for a worker' });
    const own = await pauseSlowly(stack);
    assert.equal(own, other);
    await waitFor(async () => !(await isUnsettled(stack, own)), { what: 'the second to follow', timeoutMs: 10_000 });
    assert.ok(await isUnsettled(withoutWorker, other), 'the first still waits');
  });
});

/** Pauses a webhook while a transaction is open, which may have read the old settings: a workflow must check again. */
async function pauseSlowly(installation: Stack): Promise<number> {
  const tenant = await createTenantClient(installation);
  const { id } = await tenant.createWebhook({ url: 'http://127.0.0.1:9/' });
  const open = await installation.database.pool.connect();
  try {
    await open.query('begin; select 1');
    await tenant.patch(`/v1/webhooks/${id}`, { enabled: false });
    await open.query('rollback');
  } finally {
    open.release();
  }
  return id;
}

async function isUnsettled({ database }: Stack, webhookId: number): Promise<boolean> {
  const { rowCount } = await database.pool.query('select from webhooks where id = $1 and settling_since is not null', [
    webhookId,
  ]);
  return rowCount === 1;
}

async function isSettling({ temporal, config }: Stack): Promise<boolean> {
  const query = `TaskQueue = '${config.temporal.taskQueue}' and WorkflowType = 'settleWebhook'`;
  return (await temporal.workflow.count(query)).count > 0;
}

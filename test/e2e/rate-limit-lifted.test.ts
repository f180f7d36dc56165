import { openDatabase } from '../../src/db/database.js';
import { updateWebhook } from '../../src/db/webhooks.js';
import { startReceiver, type Receiver } from '../support/receiver.js';
import { startStack, type Stack } from '../support/stack.js';
import { waitFor } from '../support/wait-for.js';

describe('a rate limit', function () {
  this.timeout(120_000);
  let stack: Stack;
  let receiver: Receiver;
  let tenantId: string;
  before(async () => {
    stack = await startStack();
    tenantId = await stack.insertTenant();
    receiver = await startReceiver();
  });
  after(async () => {
    await stack.close();
    await receiver.close();
  });

  it('is lifted for those who wait also when nobody tells them: the sweeper does', async () => {
    const { id: webhookId } = await stack.insertWebhook(tenantId, {
      url: receiver.url,
      rateLimitPerMinute: 1,
      rateLimitPerHour: null,
    });
    const ids = (await Promise.all(Array.from({ length: 8 }, () => stack.trigger(tenantId)))).flat();
    await receiver.waitForRequests(1);
    await waitFor(async () => (await Promise.all(ids.map(stack.delivery))).filter((d) => d.holds_token).length === 7, {
      what: 'seven to wait',
    });
    const db = openDatabase({ url: stack.database.url, poolSize: 1 });
    await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { rateLimitPerMinute: 100 }));
    await db.close();
    // Not told: the sweeper wakes whom nobody else does.
    await receiver.waitForRequests(8, 60_000);
  });
});

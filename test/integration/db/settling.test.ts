import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { insertEvent } from '../../../src/db/events.js';
import {
  finishSettling,
  markUnsettledWebhooks,
  pageOfWebhooks,
  settleBatch,
  settlingPoint,
} from '../../../src/db/settling.js';
import { updateWebhook } from '../../../src/db/webhooks.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

describe('settling', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 4 });
    tenantId = await insertTenant(database.pool);
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  const newEvent = () => ({
    tenantId,
    eventType: 'call.completed',
    eventId: randomUUID(),
    occurredAt: new Date(),
    body: '{}',
  });
  const statuses = async (webhookId: number) => {
    const { rows } = await database.pool.query<{ status: string; count: number }>(
      'select status, count(*)::int from webhook_deliveries where webhook_id = $1 group by status order by status',
      [webhookId],
    );
    return rows.map(({ status, count }) => `${count} ${status}`);
  };

  it('issue 8.1: is not finished while a transaction is open that may have read the old settings', async () => {
    const webhookId = await insertWebhook(database.pool, tenantId, { enabled: false });
    let commit!: () => void;
    const mayCommit = new Promise<void>((resolve) => (commit = resolve));
    let inserted!: () => void;
    const isInserted = new Promise<void>((resolve) => (inserted = resolve));
    const trigger = db.transaction(async (tx) => {
      await insertEvent(tx, newEvent());
      inserted();
      await mayCommit;
    });
    await isInserted;
    await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { enabled: true }));
    const point = (await settlingPoint(db, webhookId))!;
    assert.deepEqual(await settleBatch(db, webhookId), [], 'its delivery is not visible yet');
    assert.equal(await finishSettling(db, webhookId, point), false);
    commit();
    await trigger;
    assert.deepEqual(await statuses(webhookId), ['1 held']);
    assert.equal(await finishSettling(db, webhookId, point), false, 'it does not fit');
    assert.equal((await settleBatch(db, webhookId)).length, 1);
    assert.equal(await finishSettling(db, webhookId, point), true);
    assert.deepEqual(await statuses(webhookId), ['1 pending']);
  });

  it('takes the oldest deliveries first, batch by batch', async () => {
    const webhookId = await insertWebhook(database.pool, tenantId, { enabled: false });
    const held: string[] = [];
    for (let n = 0; n < 5; n++) {
      const event = await insertEvent(db, newEvent());
      held.push(event!.deliveries.find((delivery) => delivery.webhookId === webhookId)!.id);
      // Ids sort by the millisecond.
      await delay(5);
    }
    await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { enabled: true }));
    const batches: string[][] = [];
    for (let n = 0; n < 4; n++) batches.push((await settleBatch(db, webhookId, 2)).map(({ delivery }) => delivery.id));
    assert.deepEqual(batches, [held.slice(0, 2), held.slice(2, 4), held.slice(4), []]);
  });

  it('is finished only for the change that it followed', async () => {
    const webhookId = await insertWebhook(database.pool, tenantId);
    await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { enabled: false }));
    const point = (await settlingPoint(db, webhookId))!;
    await db.transaction((tx) => updateWebhook(tx, tenantId, webhookId, { enabled: true }));
    assert.equal(await finishSettling(db, webhookId, point), false);
    assert.equal(await finishSettling(db, webhookId, (await settlingPoint(db, webhookId))!), true);
  });

  it('is started by the sweeper for deliveries that do not fit the settings, and for no others', async () => {
    const paused = await insertWebhook(database.pool, tenantId, { enabled: false });
    const enabled = await insertWebhook(database.pool, tenantId);
    await insertEvent(db, newEvent());
    assert.deepEqual(await markUnsettledWebhooks(db, await pageOfWebhooks(db, 0)), []);
    await database.pool.query('update webhooks set enabled = not enabled where id = any($1)', [[paused, enabled]]);
    const found = await markUnsettledWebhooks(db, await pageOfWebhooks(db, 0));
    assert.deepEqual(found.map(({ webhookId }) => webhookId).sort(), [paused, enabled].sort());
    assert.deepEqual(await markUnsettledWebhooks(db, await pageOfWebhooks(db, 0)), [], 'once');
    for (const webhookId of [paused, enabled]) await settleBatch(db, webhookId);
    assert.deepEqual(await statuses(paused), ['1 pending']);
    assert.deepEqual(await statuses(enabled), ['1 held']);
  });

  it('is looked for in pages, each of which begins where the one before it ended', async () => {
    const { rows } = await database.pool.query<{ id: number }>(
      `insert into webhooks (tenant_id, url, events, secret_sealed)
       select $1, 'https://a.example/', '{call.dtmf}', decode('01', 'hex') from generate_series(1, 2500) returning id`,
      [tenantId],
    );
    const ids = rows.map(({ id }) => id);
    const [middle, last] = [ids[1_200]!, ids.at(-1)!];
    await database.pool.query(`update webhooks set enabled = false, events = '{*}' where id = any($1)`, [
      [middle, last],
    ]);
    await insertEvent(db, newEvent());
    await database.pool.query(`update webhooks set enabled = true where id = any($1)`, [[middle, last]]);
    const found: number[][] = [];
    let next = 0;
    do {
      const page = await pageOfWebhooks(db, next);
      found.push((await markUnsettledWebhooks(db, page)).map(({ webhookId }) => webhookId));
      next = page.next;
    } while (next > 0);
    assert.deepEqual(found, [[], [middle], [last]]);
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { recordAttempt, takeAttempt } from '../../../src/db/attempts.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { insertEvent } from '../../../src/db/events.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { finishedRecord } from '../../support/finished-record.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';
import { waitFor } from '../../support/wait-for.js';

describe('failures that are recorded at the same time', function () {
  this.timeout(60_000);
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let webhookId: number;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 12 });
  });
  beforeEach(async () => {
    tenantId = await insertTenant(database.pool);
    webhookId = await insertWebhook(database.pool, tenantId, {
      rateLimitPerMinute: null,
      rateLimitPerHour: null,
      maxRetries: 0,
    });
    await database.pool.query(`update webhooks set ordering = 'key' where id = $1`, [webhookId]);
    await database.pool.query(
      `with health as (insert into webhook_health (webhook_id, state, since) values ($1, 'healthy', now()))
       insert into webhook_counters (webhook_id, slot) select $1, slot from generate_series(0, 7) slot`,
      [webhookId],
    );
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  const accept = async (orderingKey: string) => {
    const event = { tenantId, eventType: 'call.completed', eventId: randomUUID(), occurredAt: new Date(), body: '{}' };
    return (await insertEvent(db, { ...event, orderingKey }))!.deliveries[0]!.id;
  };
  /** Has it sent; its failure is recorded when the function is called. */
  const send = async (deliveryId: string) => {
    const taken = await takeAttempt(db, deliveryId, { timeoutMs: 30_000, processId: randomUUID(), keyIds: ['a-key'] });
    assert.ok(taken.answer === 'send', `it is ${taken.answer}`);
    return () => recordAttempt(db, finishedRecord(deliveryId, taken.attempt, 'retry'));
  };
  const waiting = async () => {
    const { rowCount } = await database.pool.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return rowCount;
  };
  /** Calls these functions, one after the other, while another transaction has the row of the webhook's health. */
  async function whileLocked<T>(records: (() => Promise<T>)[], work: () => Promise<void>): Promise<T[]> {
    const other = await database.pool.connect();
    try {
      await other.query('begin');
      await other.query('select from webhook_health where webhook_id = $1 for update', [webhookId]);
      const recorded: Promise<T>[] = [];
      for (const record of records) {
        recorded.push(record());
        await waitFor(async () => (await waiting()) === recorded.length, { what: 'the record to wait' });
      }
      await work();
      await other.query('commit');
      return await Promise.all(recorded);
    } finally {
      other.release(true);
    }
  }

  it('wait for each other, while events of the same keys are accepted', async () => {
    const records = [];
    for (const key of keys) records.push(await send(await accept(key)));
    const recorded = await whileLocked(records, async () => {
      // One that waited would fail, as the API would: the rows are not free before this is done.
      await Promise.all(keys.map(accept));
      const { rows: free } = await database.pool.query(
        'select slot from webhook_counters where webhook_id = $1 for no key update skip locked',
        [webhookId],
      );
      assert.equal(free.length, 8, 'no counter is locked');
    });
    assert.deepEqual(
      recorded.map((each) => each!.newHealth).filter((health) => health !== null),
      ['failing'],
      'the fifth of them is found, once',
    );
  });

  it('do not deadlock with a late record of a delivery that waits for its turn', async () => {
    const [first, second] = [await accept('a'), await accept('a')];
    const sendFirst = await send(first);
    const setTurn = (key: string, waits: boolean) =>
      database.pool.query('update webhook_deliveries set ordering_key = $2, waits_for_turn = $3 where id = $1', [
        second,
        key,
        waits,
      ]);
    // As if it had been sent before the first one was retried by hand, given up, and then taken again.
    await setTurn('b', false);
    const late = await send(second);
    await setTurn('a', true);
    await whileLocked([sendFirst, late], async () => {});
  });
});

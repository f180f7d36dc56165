import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sweep } from '../../../activities/maintenance/sweep.js';
import { parseMetrics } from '../../../bench/sdk-metrics.js';
import { readBacklog } from '../../../src/db/backlog.js';
import { DatabaseUnavailableError, openDatabase, type Database } from '../../../src/db/database.js';
import { createLogger } from '../../../src/log.js';
import { counted } from '../../../src/metrics/counted.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { explain } from '../../support/explain.js';
import { insertBacklog } from '../../support/insert-backlog.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

const ended = 5_000;

describe('what waits, as metrics show it', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 2 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  it('is nothing at first', async () => {
    const nothing = { pending: 0, unstarted: 0, waitingForRateLimit: 0, oldestPendingMs: 0 };
    const noTimes = { oldestUnstartedAt: null, oldestPendingAt: null };
    assert.deepEqual(await readBacklog(db, 2_000), { ...nothing, ...noTimes });
  });

  it('is counted by state and age, and reads no delivery that has ended', async () => {
    const { pool } = database;
    const tenantId = await insertTenant(pool);
    const webhookId = await insertWebhook(pool, tenantId);
    const insert = (status: 'pending' | 'held' | 'delivered', count: number) =>
      insertBacklog(pool, { tenantId, webhookId, status, count });
    await insert('delivered', ended);
    // Of so many webhooks that no index that begins with the webhook helps.
    await pool.query(
      `with webhook as (insert into webhooks (tenant_id, url, events, secret_sealed, max_retries, timeout_ms)
                        select $1, 'http://127.0.0.1:9/', '{*}', '\\x00', 5, 10000 from generate_series(1, 500) returning id)
       update webhook_deliveries d set webhook_id = w.id
         from (select id, row_number() over () as n from webhook) w,
              (select id, row_number() over () % 500 + 1 as n from webhook_deliveries) owned
        where d.id = owned.id and w.n = owned.n`,
      [tenantId],
    );
    await insert('held', 30);
    await insert('pending', 41);
    const some = (count: number) => `id in (select id from webhook_deliveries where status = 'pending' limit ${count})`;
    // A batch is no delivery of its own.
    await pool.query(`update webhook_deliveries set event_row_id = null, batch_size = 2 where ${some(1)}`);
    await pool.query(`update webhook_deliveries set pending_since = now() - interval '100 s' where ${some(9)}`);
    await pool.query(
      `update webhook_deliveries set workflow_started_at = now(), holds_token = true where ctid in
         (select ctid from webhook_deliveries where pending_since < now() - interval '99 s' limit 4)`,
    );
    await pool.query('vacuum analyze webhook_deliveries');

    const reading = explain(db);
    const explained: Database = {
      ...db,
      transaction: (work) =>
        db.transaction((tx) =>
          work({
            ...tx,
            query: (statement, values) => (values ? reading.db : tx).query(statement, values),
          }),
        ),
    };
    const { oldestPendingMs, oldestPendingAt, oldestUnstartedAt, ...counts } = await readBacklog(explained, 2_000);
    assert.deepEqual(counts, { pending: 40, unstarted: 5, waitingForRateLimit: 4 });
    assert.ok(oldestPendingMs >= 100_000 && oldestPendingMs < 160_000, String(oldestPendingMs));
    const { rows: times } = await pool.query<{ age_s: number }>(
      'select extract(epoch from now() - unnest($1::timestamptz[]))::float8 as age_s',
      [[oldestPendingAt, oldestUnstartedAt]],
    );
    for (const { age_s: age } of times) assert.ok(age >= 100 && age < 160, String(age));
    assert.ok(reading.rowsRead() <= 41, `${reading.rowsRead()} rows read`);
  });

  it('is given up by Postgres after the timeout', async () => {
    const client = await database.pool.connect();
    try {
      await client.query('begin; lock table webhook_deliveries');
      await assert.rejects(readBacklog(db, 100), DatabaseUnavailableError);
      const { rows } = await client.query(
        "select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      assert.deepEqual(rows, [], 'nothing waits for the lock any more');
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it('is given up when Postgres hangs', async () => {
    const hanging: Database = { ...db, transaction: () => new Promise(() => undefined) };
    await assert.rejects(readBacklog(hanging, 1), DatabaseUnavailableError);
  });

  it('is counted when a sweep starts or ends it', async () => {
    const { pool } = database;
    const tenantId = await insertTenant(pool);
    const webhookId = await insertWebhook(pool, tenantId);
    await pool.query('delete from webhook_deliveries');
    await insertBacklog(pool, { tenantId, webhookId, status: 'pending', count: 6 });
    const minutesAgo = `now() - interval '5 min'`;
    await pool.query(`update webhook_deliveries set pending_since = ${minutesAgo}, next_attempt_at = ${minutesAgo}`);
    const some = (count: number) =>
      `ctid in (select ctid from webhook_deliveries where workflow_started_at is null limit ${count})`;
    await pool.query(`update webhook_deliveries set workflow_started_at = ${minutesAgo} where ${some(2)}`);
    await pool.query(`update webhook_deliveries set expires_at = ${minutesAgo} where ${some(1)}`);
    const before = await countedSoFar();
    const none = () => undefined;
    await new MockActivityEnvironment().run(() =>
      sweep(
        {
          db,
          log: createLogger({ level: 'silent', format: 'json' }),
          startInTurn: () => Promise.resolve({ started: true }),
          workflows: { start: none, settle: none, verify: none, recover: none, collect: none },
        },
        0,
      ),
    );
    const after = await countedSoFar();
    assert.deepEqual(
      ['unstarted', 'overdue', 'expired'].map((what) => after(what) - before(what)),
      [3, 2, 1],
    );
  });
});

/** The counters of this process, by the value of their label. */
async function countedSoFar(): Promise<(value: string) => number> {
  const metrics = parseMetrics(await counted.metrics());
  return (value) => metrics.find(({ labels }) => Object.values(labels).includes(value))?.value ?? 0;
}

import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { searchPlatform } from '../../../src/db/platform-search.js';
import { readPlatformState } from '../../../src/db/platform-state.js';
import { findTenants, overviewsOf } from '../../../src/db/platform-tenants.js';
import { listReceiversInTrouble, type TroublePlace } from '../../../src/db/receivers-in-trouble.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { explain } from '../../support/explain.js';
import { insertBacklog } from '../../support/insert-backlog.js';

/** So many that reading all of a table is not cheaper than its indexes. */
const many = 20_000;
const inTrouble = 600;

describe("the operators' lists", function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let db: Database;
  let reading: ReturnType<typeof explain>;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 2 });
    reading = explain(db);
    const { pool } = database;
    await pool.query(`insert into tenants (name) select 'Tenant ' || n from generate_series(1, ${many}) n`);
    await pool.query(
      `insert into webhooks (tenant_id, url, events, secret_sealed, max_retries, timeout_ms)
       select id, 'https://hooks' || row_number() over () || '.example.com', '{*}', '\\x00', 5, 10000 from tenants`,
    );
    await pool.query(
      `insert into webhook_health (webhook_id, state, since)
       select id, (array['failing', 'disabled', 'healthy'])[1 + id % 3], now() - id * interval '1 min' from webhooks
        where id > (select max(id) - ${1.5 * inTrouble} from webhooks)`,
    );
    // Of those, the ones that are in trouble for longest.
    await pool.query(`update webhooks set deleted_at = now() where id > (select max(id) from webhooks) - 300`);
    await pool.query(
      `insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
       select id, 'call.completed', case when name like '%0' then 'same' else name end, now(), '{}' from tenants`,
    );
    const { rows } = await pool.query<{ id: number; tenant_id: string }>(
      'select id, tenant_id from webhooks order by id limit 1',
    );
    const { id: webhookId, tenant_id: tenantId } = rows[0]!;
    await insertBacklog(pool, { tenantId, webhookId, status: 'delivered', count: 3_000 });
    await insertBacklog(pool, { tenantId, webhookId, status: 'held', count: 7 });
    await pool.query('vacuum analyze');
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  it('of receivers in trouble reads what it shows, and goes past deleted webhooks a page at a time', async () => {
    let after: TroublePlace | null = null;
    const seen: number[] = [];
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof listReceiversInTrouble>> = await listReceiversInTrouble(
        reading.db,
        ['failing', 'disabled'],
        { limit: 50, after },
        60,
      );
      // Each state is read as far as the page may go.
      assert.ok(reading.rowsRead() <= 2 * 60, `${reading.rowsRead()} rows read`);
      seen.push(...page.receivers.map(({ webhookId }) => webhookId));
      after = page.readTo;
      pages += 1;
    } while (after);
    const { rows } = await database.pool.query<{ id: number }>(
      `select id from webhooks join webhook_health on webhook_id = id
        where state <> 'healthy' and deleted_at is null order by since, id`,
    );
    assert.deepEqual(
      seen,
      rows.map(({ id }) => id),
    );
    assert.ok(pages <= 13, `${pages} pages`);
  });

  it('of tenants compares so many names at a time, and goes on where it ended', async () => {
    const found: string[] = [];
    let beforeId: string | null = null;
    let pages = 0;
    do {
      const page: Awaited<ReturnType<typeof findTenants>> = await findTenants(
        reading.db,
        'T 199',
        { limit: 50, beforeId },
        5_000,
      );
      assert.ok(reading.rowsRead() <= 5_000, `${reading.rowsRead()} rows read`);
      found.push(...page.tenants.map(({ name }) => name));
      beforeId = page.readTo;
      pages += 1;
    } while (beforeId);
    const numbers = Array.from({ length: many }, (_, n) => n + 1);
    const expected = numbers.filter((n) => String(n).startsWith('199'));
    assert.deepEqual(found.sort(), expected.map((n) => `Tenant ${n}`).sort());
    assert.ok(pages <= 6, `${pages} pages`);
    const { tenants } = await findTenants(reading.db, null, { limit: 20, beforeId: null });
    assert.ok(reading.rowsRead() <= 21, `${reading.rowsRead()} rows read`);
    assert.equal((await overviewsOf(reading.db, tenants)).length, 20);
    assert.ok(reading.rowsRead() <= 200, `${reading.rowsRead()} rows read`);
  });

  it('of what is searched reads what it finds', async () => {
    for (const [text, results] of [
      ['hooks', 20],
      ['https://hooks17', 20],
      ['tenant 2', 20],
      ['same', 20],
      ['Tenant 19999', 2],
      ['7', 1],
    ] as const) {
      assert.equal((await searchPlatform({ query: counting }, text)).length, results, text);
    }
  });
  const counting: Database['query'] = async (statement, values) => {
    const result = await reading.db.query(statement, values);
    assert.ok(reading.rowsRead() <= 25, `${reading.rowsRead()} rows read for ${JSON.stringify(values)}`);
    return result as never;
  };

  it('of what waits reads no delivery that has ended', async () => {
    let most = 0;
    const explained: Database = {
      ...db,
      transaction: (work) =>
        db.transaction((tx) => {
          const reading = explain(tx);
          return work({
            ...tx,
            query: async (statement, values) => {
              if ((statement as string).startsWith('set ')) return tx.query(statement, values);
              const result = await reading.db.query(statement, values);
              most = Math.max(most, reading.rowsRead());
              return result as never;
            },
          });
        }),
    };
    assert.equal((await readPlatformState(explained)).held, 7);
    assert.ok(most <= 10, `${most} rows read`);
  });
});

import assert from 'node:assert/strict';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { listMessages, messageStatuses, type MessageFilter } from '../../../src/db/messages.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { explain } from '../../support/explain.js';
import { insertTenant } from '../../support/rows.js';

const pageSize = 51;

describe('the list of 100,000 messages', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  let oldest: string;
  let smallTenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 2 });
    tenantId = await insertTenant(database.pool);
    // The newest are all of one kind; the oldest include a few of every other kind. A query that looks for these by
    // scanning would read every row. A third of the messages is another tenant's.
    const other = await insertTenant(database.pool);
    await database.pool.query(
      `insert into messages (id, tenant_id, direction, account_sid, message_sid, to_number, status, send_began_at, ended_at, segments)
       select uuid_v7_floor(now() - (100000 - n) * interval '1 second'), case n % 3 when 0 then $2::uuid else $1::uuid end,
              case status when 'received' then 'inbound' else 'outbound' end, 'AC1',
              case when status in ('pending', 'unknown') then null else 'SM' || n end, '+15551234567', status,
              case when status in ('pending', 'received') then null else now() end,
              case when status in ('delivered', 'read', 'undelivered', 'failed', 'canceled') then now() end, 1
         from generate_series(1, 100000) n
         cross join lateral (select case when n <= 1000 then ($3::text[])[1 + n % 13] else 'delivered' end as status) s`,
      [tenantId, other, messageStatuses],
    );
    smallTenantId = await insertTenant(database.pool);
    await database.pool.query(
      `insert into messages (id, tenant_id, direction, account_sid, message_sid, to_number, status)
       select uuid_v7_floor(now() - (200000 - n) * interval '1 second'), $1, 'outbound', 'AC1', 'SMsmall' || n, '+15551234567', 'sent'
         from generate_series(1, 10) n`,
      [smallTenantId],
    );
    await database.pool.query('analyze messages');
    const { rows } = await database.pool.query<{ id: string }>(
      'select id from messages where tenant_id = $1 order by id offset 500 limit 1',
      [tenantId],
    );
    oldest = rows[0]!.id;
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  /** How many rows Postgres reads for the list, and how many it finds. */
  async function read(
    filter: MessageFilter,
    beforeId: string | null,
    of = tenantId,
  ): Promise<{ read: number; found: number }> {
    const explained = explain(db);
    const found = await listMessages(explained.db, of, filter, { limit: pageSize, beforeId });
    return { found: found.length, read: explained.rowsRead() };
  }

  it('reads only rows of the tenant, however few and old they are', async () => {
    for (const filter of [
      { direction: null, status: null },
      { direction: 'outbound', status: null },
      { direction: null, status: 'sent' },
    ] as const)
      assert.deepEqual(await read(filter, null, smallTenantId), { read: 10, found: 10 });
    // Which of the tenant's indexes the planner uses for a few rows depends on its sample of the table.
    const none = await read({ direction: null, status: 'failed' }, null, smallTenantId);
    assert.equal(none.found, 0);
    assert.ok(none.read <= 10, `${none.read} rows were read`);
  });

  for (const direction of [null, 'inbound', 'outbound'] as const)
    for (const status of [null, ...messageStatuses])
      it(`reads only its page (direction ${direction ?? 'any'}, status ${status ?? 'any'})`, async () => {
        const isContradiction =
          status !== null && direction !== null && (status === 'received') !== (direction === 'inbound');
        for (const beforeId of [null, oldest]) {
          const { read: count, found } = await read({ direction, status }, beforeId);
          assert.ok(count <= pageSize, `${count} rows were read for ${found}`);
          assert.equal(found > 0, !isContradiction);
        }
      });
});

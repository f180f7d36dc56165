import assert from 'node:assert/strict';
import { openDatabase, type Database, type Queryable } from '../../../src/db/database.js';
import { listOverdueDeliveries, listUnstartedDeliveries, markStarted } from '../../../src/db/unstarted-deliveries.js';
import {
  listUnsettledMessages,
  listUnstartedMessages,
  markMessagesStarted,
} from '../../../src/db/unstarted-messages.js';
import { nothingLeftOut, type LeftOut } from '../../../src/db/tenants-in-turn.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { explain } from '../../support/explain.js';
import { insertBacklog } from '../../support/insert-backlog.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

const backlog = 30_000;
const otherTenants = 1_000;

interface Owed {
  id: string;
  tenantId: string;
}

describe('what a sweep reads with 1,000 small tenants and one with 30,000 rows', function () {
  this.timeout(180_000);
  let database: TestDatabase;
  let db: Database;
  let big: string;
  before(async () => {
    database = await createTestDatabase();
    const { pool } = database;
    db = openDatabase({ url: database.url, poolSize: 2 });
    big = await insertTenant(pool);
    await insertBacklog(pool, {
      tenantId: big,
      webhookId: await insertWebhook(pool, big),
      status: 'pending',
      count: backlog,
    });
    await pool.query(
      `with tenant as (insert into tenants (name) select 'small' from generate_series(1, $1::int) returning id),
            webhook as (insert into webhooks (tenant_id, url, events, secret_sealed, max_retries, timeout_ms)
                        select id, 'http://127.0.0.1:9/', '{*}', '\\x00', 5, 10000 from tenant returning id, tenant_id),
            event as (insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body)
                      select tenant_id, 'call.completed', n, now(), '{}' from webhook cross join generate_series(1, 3) n
                      returning id, tenant_id, event_id)
       insert into webhook_deliveries (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, next_attempt_at)
       select event.id, webhook.id, tenant_id, 'call.completed', event_id, 'pending', 'pending', now()
         from event join webhook using (tenant_id)`,
      [otherTenants],
    );
    await pool.query(
      `insert into messages (tenant_id, direction, account_sid, to_number, status, created_at)
       select tenant_id, 'outbound', 'AC1', '+15551234567', 'pending', now() - interval '1 minute' from webhook_deliveries`,
    );
    await pool.query('analyze webhook_deliveries; analyze messages');
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  const deliveriesAre = (state: string) => database.pool.query(`update webhook_deliveries set ${state}`);
  const messagesAre = (state: string) => database.pool.query(`update messages set ${state}`);

  for (const [what, list, owe, mark, ofTenant] of [
    [
      'unstarted deliveries',
      listUnstartedDeliveries,
      () => deliveriesAre(`pending_since = now() - interval '1 min'`),
      (ids: string[]) =>
        markStarted(
          db,
          ids.map((id) => ({ id, ageMs: 0 })),
        ),
      50,
    ],
    [
      'overdue deliveries',
      listOverdueDeliveries,
      () => deliveriesAre(`next_attempt_at = now() - interval '1 h', workflow_started_at = now() - interval '1 h'`),
      (ids: string[]) =>
        markStarted(
          db,
          ids.map((id) => ({ id, ageMs: 0 })),
        ),
      5,
    ],
    [
      'unstarted messages',
      listUnstartedMessages,
      () => messagesAre(`created_at = now() - interval '1 min'`),
      (ids: string[]) => markMessagesStarted(db, ids),
      50,
    ],
    [
      'messages that are not settled',
      listUnsettledMessages,
      () => messagesAre(`workflow_started_at = now() - interval '1 h'`),
      (ids: string[]) => markMessagesStarted(db, ids),
      5,
    ],
  ] as [
    string,
    (db: Queryable, leftOut?: LeftOut) => Promise<Owed[]>,
    () => Promise<unknown>,
    (ids: string[]) => Promise<void>,
    number,
  ][])
    describe(what, () => {
      before(owe);

      const tenantsOf = (found: Owed[]) => new Set(found.map(({ tenantId }) => tenantId)).size;

      it('are one of each tenant, with only a few rows read for each', async () => {
        const explained = explain(db);
        const found = await list(explained.db);
        assert.equal(found.length, otherTenants + 1);
        assert.equal(tenantsOf(found), otherTenants + 1);
        assert.ok(explained.rowsRead() <= 2 * (otherTenants + 2), `${explained.rowsRead()} rows were read`);
      });

      it('are several of one tenant once the rounds have left no other tenant with any', async () => {
        for (let rounds = 0; ; rounds++) {
          const found = await list(db);
          await mark(found.map(({ id }) => id));
          if (tenantsOf(found) > 1) continue;
          assert.equal(rounds, 3, 'each of the others has three');
          break;
        }
        const explained = explain(db);
        const found = await list(explained.db);
        assert.equal(found.length, ofTenant);
        assert.ok(found.every(({ tenantId }) => tenantId === big));
        assert.ok(explained.rowsRead() <= otherTenants + 2 + ofTenant, `${explained.rowsRead()} rows were read`);
      });

      it('exclude those that this sweep leaves out', async () => {
        const [first] = await list(db);
        const others = await list(db, { ...nothingLeftOut, ids: [first!.id] });
        assert.equal(others.length, ofTenant);
        assert.ok(!others.some(({ id }) => id === first!.id));
        assert.deepEqual(await list(db, { ...nothingLeftOut, tenantIds: [big] }), []);
      });
    });
});

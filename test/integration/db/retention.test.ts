import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expire } from '../../../activities/maintenance/expire.js';
import { retentionOf } from '../../../src/config/retention.js';
import { openDatabase, type Database } from '../../../src/db/database.js';
import { insertEvent } from '../../../src/db/events.js';
import { deleteWebhookRows } from '../../../src/db/retention.js';
import { listKeptTenants, setRetention } from '../../../src/db/retention-settings.js';
import { requestRetry } from '../../../src/db/deliveries.js';
import { listOverdueDeliveries, listUnstartedDeliveries, markStarted } from '../../../src/db/unstarted-deliveries.js';
import { deleteWebhook } from '../../../src/db/webhooks.js';
import { createLogger } from '../../../src/log.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { insertTenant, insertWebhook } from '../../support/rows.js';

const log = createLogger({ level: 'silent', format: 'json' });

describe('deliveries over time', () => {
  let database: TestDatabase;
  let db: Database;
  let tenantId: string;
  before(async () => {
    database = await createTestDatabase();
    db = openDatabase({ url: database.url, poolSize: 2 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });
  beforeEach(async () => {
    await database.pool.query('truncate webhook_events, webhook_counters cascade');
    tenantId = await insertTenant(database.pool);
    // Everything is counted in the statistics: what is not is kept.
    await database.pool.query(`update statistics_progress set rolled_up_until = now() + interval '1 hour'`);
  });

  async function deliver(enabled = true): Promise<string> {
    const webhookId = await insertWebhook(database.pool, tenantId, { enabled, events: ['call.completed'] });
    const event = await insertEvent(db, {
      tenantId,
      eventType: 'call.completed',
      eventId: randomUUID(),
      occurredAt: new Date(),
      body: '{}',
    });
    return event!.deliveries.find((delivery) => delivery.webhookId === webhookId)!.id;
  }
  /** Ids contain their time, so an old row has an old id. */
  async function age(id: string, days: number): Promise<string> {
    const { rows } = await database.pool.query<{ id: string }>(
      `update webhook_deliveries set id = uuid_v7_floor(now() - $2 * interval '1 day'), created_at = now() - $2 * interval '1 day',
              finished_at = finished_at - $2 * interval '1 day' where id = $1 returning id`,
      [id, days],
    );
    await database.pool.query(
      `update webhook_events set id = uuid_v7_floor(now() - $1 * interval '1 day') where id = (select event_row_id from webhook_deliveries where id = $2)`,
      [days, rows[0]!.id],
    );
    return rows[0]!.id;
  }
  const finish = (id: string) =>
    database.pool.query(
      `update webhook_deliveries set status = 'delivered', finished_at = now(), next_attempt_at = null where id = $1`,
      [id],
    );
  const status = async (id: string) =>
    (await database.pool.query<{ status: string }>('select status from webhook_deliveries where id = $1', [id])).rows[0]
      ?.status;
  const expireAll = async () => {
    await new MockActivityEnvironment().run(() =>
      expire({
        db,
        log,
        retention: retentionOf({ RETENTION_DAYS: 30 }),
        auditRetentionDays: 400,
        statisticsRetentionDays: 400,
      }),
    );
  };

  describe('at the end of the retention time', () => {
    before(() =>
      database.pool.query(
        'alter table webhook_deliveries drop constraint webhook_deliveries_event_row_id_fkey, add foreign key (event_row_id) references webhook_events on delete cascade on update cascade',
      ),
    );

    it('issue 8.5: a deleted webhook loses its secret immediately, and is removed when no delivery of it is left', async () => {
      const sealed = Buffer.from('sealed');
      const insert = async () => {
        const webhookId = await insertWebhook(database.pool, tenantId);
        await database.pool.query(
          `update webhooks set secret_sealed = $2, headers_sealed = $2, previous_secret_sealed = $2,
                  previous_secret_expires_at = now() + interval '1 h' where id = $1`,
          [webhookId, sealed],
        );
        return webhookId;
      };
      const [deleted, owing, kept] = [await insert(), await insert(), await insert()];
      const event = {
        tenantId,
        eventType: 'call.completed',
        eventId: randomUUID(),
        occurredAt: new Date(),
        body: '{}',
      };
      await insertEvent(db, event);
      for (const webhookId of [deleted, owing])
        assert.ok(await db.transaction((tx) => deleteWebhook(tx, tenantId, webhookId)));
      const { rows } = await database.pool.query(
        `select id from webhooks where tenant_id = $1 and (secret_sealed = $2 or headers_sealed = $2 or previous_secret_sealed = $2)`,
        [tenantId, sealed],
      );
      assert.deepEqual(rows, [{ id: kept }]);

      await database.pool.query('delete from webhook_deliveries where webhook_id = $1', [deleted]);
      await database.pool.query(`select change_health($1, 'failing', 'x', now())`, [deleted]);
      const tenants = await listKeptTenants(db, retentionOf({ RETENTION_DAYS: 30 }), null, 100);
      assert.equal(await deleteWebhookRows(db, tenants, 100), 0, 'it was deleted just now');
      await database.pool.query(
        `update webhooks set deleted_at = now() - interval '31 days', settling_since = null where id = any($1)`,
        [[deleted, owing]],
      );
      assert.equal(await deleteWebhookRows(db, tenants, 100), 1, 'of the other one deliveries are kept');
      const parts = ['limiters', 'counters', 'tokens', 'health', 'health_changes'];
      for (const table of ['webhooks', ...parts.map((part) => `webhook_${part}`)]) {
        const column = table === 'webhooks' ? 'id' : 'webhook_id';
        const { rowCount } = await database.pool.query(`select from ${table} where ${column} = $1`, [deleted]);
        assert.equal(rowCount, 0, table);
      }
    });

    it('finished ones are deleted with their events, and younger ones stay', async () => {
      const old = await deliver();
      const young = await deliver();
      await finish(old);
      await finish(young);
      const oldId = await age(old, 31);
      const youngId = await age(young, 29);
      await expireAll();
      assert.equal(await status(oldId), undefined);
      assert.equal(await status(youngId), 'delivered');
      const { rows } = await database.pool.query('select 1 from webhook_events');
      // Each event went to every webhook of the tenant; those left belong to the younger one.
      assert.ok(rows.length >= 1);
    });

    it('unfinished ones expire, and are kept for the same time again', async () => {
      const owed = await age(await deliver(), 31);
      const held = await age(await deliver(false), 32);
      await expireAll();
      assert.equal(await status(owed), 'expired');
      assert.equal(await status(held), 'expired');
    });

    describe('of each part', () => {
      const attempt = (id: string) =>
        database.pool.query(
          `insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers, response_body)
           values ($1, 1, gen_random_uuid(), now(), 1, 200, '{}', 'thanks')`,
          [id],
        );
      /** A delivered one of that age, with one attempt. */
      async function delivered(days: number): Promise<string> {
        const id = await deliver();
        await database.pool.query('update webhook_deliveries set attempt_count = 1 where id = $1', [id]);
        await finish(id);
        const aged = await age(id, days);
        await attempt(aged);
        return aged;
      }
      const kept = async (id: string) => {
        const { rows } = await database.pool.query<{ body: string | null; response: string | null; attempts: number }>(
          `select e.body, a.response_body as response, (select count(*)::int from webhook_attempts where delivery_id = d.id) as attempts
             from webhook_deliveries d join webhook_events e on e.id = d.event_row_id
             left join webhook_attempts a on a.delivery_id = d.id where d.id = $1`,
          [id],
        );
        return rows[0];
      };

      it('bodies and responses go first where they are kept for less time, and nothing else does', async () => {
        await setRetention(db, tenantId, { bodies: 7 });
        const [older, younger] = [await delivered(8), await delivered(6)];
        await expireAll();
        assert.deepEqual(await kept(older), { body: null, response: null, attempts: 1 });
        assert.deepEqual(await kept(younger), { body: '{}', response: 'thanks', attempts: 1 });
      });

      it('bodies are removed once: what a run has passed is not read again', async () => {
        await setRetention(db, tenantId, { bodies: 7 });
        await delivered(8);
        await expireAll();
        const { rows } = await database.pool.query<{ n: string; xmin: string }>(
          'select xmin::text from webhook_events where tenant_id = $1',
          [tenantId],
        );
        const younger = await delivered(7.5);
        await expireAll();
        assert.equal((await kept(younger))?.body, null, 'what comes later is removed too');
        const after = await database.pool.query<{ xmin: string }>(
          'select xmin::text from webhook_events where tenant_id = $1 order by id limit 1',
          [tenantId],
        );
        assert.equal(after.rows[0]?.xmin, rows[0]?.xmin);
      });

      it('a delivery expires when its body does, and cannot be sent again', async () => {
        await setRetention(db, tenantId, { bodies: 7 });
        const owed = await age(await deliver(), 8);
        await expireAll();
        assert.equal(await status(owed), 'expired');
        const { rows } = await database.pool.query<{ webhook_id: number }>(
          'select webhook_id from webhook_deliveries where id = $1',
          [owed],
        );
        const retry = requestRetry(db, rows[0]!.webhook_id, owed, { force: false });
        await assert.rejects(retry, { name: 'ConflictError', message: /is past its retention time/ });
      });

      it('attempts go before their deliveries', async () => {
        await setRetention(db, tenantId, { attempts: 3 });
        const [older, younger] = [await delivered(4), await delivered(2)];
        await expireAll();
        assert.deepEqual(await kept(older), { body: '{}', response: null, attempts: 0 });
        assert.equal((await kept(younger))?.attempts, 1);
      });

      it('an event stays as long as its deliveries', async () => {
        await setRetention(db, tenantId, { events: 2, deliveries: 5 });
        const [older, younger] = [await delivered(6), await delivered(4)];
        await expireAll();
        assert.equal(await kept(older), undefined);
        assert.deepEqual(await kept(younger), { body: null, response: null, attempts: 1 }, 'its body does not');
      });

      it("a tenant's own times, shorter or longer, change nothing for others", async () => {
        const other = await delivered(20);
        const otherOld = await delivered(31);
        tenantId = await insertTenant(database.pool);
        await setRetention(db, tenantId, { deliveries: 40, events: 40 });
        const longer = await delivered(35);
        tenantId = await insertTenant(database.pool);
        await setRetention(db, tenantId, { deliveries: 10 });
        const shorter = await delivered(11);
        await expireAll();
        const exist = await Promise.all([other, otherOld, longer, shorter].map(async (id) => Boolean(await kept(id))));
        assert.deepEqual(exist, [true, false, true, false]);
      });
    });
  });

  describe('for the sweeper', () => {
    const later = (id: string, column: string, ago: string) =>
      database.pool.query(`update webhook_deliveries set ${column} = now() - $2::interval where id = $1`, [id, ago]);
    const unstarted = async () => (await listUnstartedDeliveries(db)).map((delivery) => delivery.id);
    const overdue = async () => (await listOverdueDeliveries(db)).map((delivery) => delivery.id);

    const mark = (...ids: string[]) =>
      markStarted(
        db,
        ids.map((id) => ({ id, ageMs: 0 })),
      );

    it('are unstarted when not marked as started within 15 s, oldest first', async () => {
      const first = await deliver();
      const second = await deliver();
      assert.deepEqual(await unstarted(), []);
      await later(first, 'pending_since', '16 s');
      await later(second, 'pending_since', '17 s');
      const { rows } = await database.pool.query<{ id: string }>(
        `select id from webhook_deliveries where pending_since < now() - interval '15 s' order by pending_since`,
      );
      assert.deepEqual(
        await unstarted(),
        rows.map((row) => row.id),
      );
      await mark(first, second);
      assert.deepEqual(await unstarted(), []);
    });

    it('stay unstarted if they became pending again after the call that started them', async () => {
      const id = await deliver();
      await later(id, 'pending_since', '16 s');
      await markStarted(db, [{ id, ageMs: 17_000 }]);
      assert.ok((await unstarted()).includes(id), 'its workflow does not know of the change');
      await markStarted(db, [{ id, ageMs: 15_500 }]);
      assert.ok(!(await unstarted()).includes(id));
    });

    it('are unstarted again after a retry by hand whose wake-up was lost', async () => {
      const id = await deliver();
      await mark(id);
      const { rows } = await database.pool.query<{ webhook_id: number }>(
        'select webhook_id from webhook_deliveries where id = $1',
        [id],
      );
      await requestRetry(db, rows[0]!.webhook_id, id, { force: false });
      assert.ok(!(await unstarted()).includes(id));
      await later(id, 'pending_since', '16 s');
      assert.ok((await unstarted()).includes(id));
      await mark(id);
    });

    it('are overdue two minutes after they were due, unless started since then', async () => {
      const id = await deliver();
      await mark(id);
      await later(id, 'next_attempt_at', '121 s');
      assert.deepEqual(await overdue(), []);
      await later(id, 'workflow_started_at', '121 s');
      assert.deepEqual(await overdue(), [id]);
      await later(id, 'in_flight_until', '-1 s');
      assert.deepEqual(await overdue(), [], 'its request may be open');
      await later(id, 'in_flight_until', '1 s');
      assert.deepEqual(await overdue(), [id]);
      await mark(id);
      assert.deepEqual(await overdue(), []);
    });

    it('are ignored when they are held or have ended', async () => {
      const held = await deliver(false);
      const ended = await deliver();
      await finish(ended);
      for (const id of [held, ended]) await later(id, 'pending_since', '1 hour');
      const found = await unstarted();
      assert.ok(!found.includes(held) && !found.includes(ended));
    });
  });
});

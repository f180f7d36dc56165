import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import type pg from 'pg';
import { expire } from '../../../activities/maintenance/expire.js';
import { retentionOf } from '../../../src/config/retention.js';
import { createLogger } from '../../../src/log.js';
import { openAttempts, type Attempts } from './attempt-fixture.js';

describe('statistics over time and retention', () => {
  let attempts: Attempts;
  let pool: pg.Pool;
  let webhookId: number;
  before(async () => {
    attempts = await openAttempts();
    ({ pool } = attempts.database);
    webhookId = await attempts.newWebhook();
  });
  after(() => attempts.close());

  const expireAll = () =>
    new MockActivityEnvironment().run(() =>
      expire({
        db: attempts.db,
        log: createLogger({ level: 'silent', format: 'json' }),
        retention: retentionOf({ RETENTION_DAYS: 30, RETENTION_ATTEMPT_DAYS: 5 }),
        auditRetentionDays: 400,
        statisticsRetentionDays: 400,
      }),
    );

  it('what is not counted yet is kept', async () => {
    const delivery = await attempts.trigger(webhookId);
    await attempts.attempt(delivery, 200);
    await pool.query(`alter table webhook_deliveries drop constraint if exists webhook_deliveries_event_row_id_fkey,
      add constraint webhook_deliveries_event_row_id_fkey foreign key (event_row_id) references webhook_events on update cascade`);
    await pool.query(`alter table webhook_attempts drop constraint if exists webhook_attempts_delivery_id_fkey,
      add constraint webhook_attempts_delivery_id_fkey foreign key (delivery_id) references webhook_deliveries on update cascade on delete cascade`);
    const age = (days: number) =>
      pool.query(
        `with aged as (
           update webhook_events set id = uuid_v7_floor(now() - $1 * interval '1 day'), created_at = now() - $1 * interval '1 day' returning id)
         update webhook_deliveries set id = uuid_v7_floor(now() - $1 * interval '1 day'), finished_at = now() - $1 * interval '1 day'`,
        [days],
      );
    const left = async () =>
      (
        await pool.query<{ left: number[] }>(
          `select array[(select count(*) from webhook_events), (select count(*) from webhook_deliveries), (select count(*) from webhook_attempts)]::integer[] as left`,
        )
      ).rows[0]!.left;
    const countedUntil = (days: number) =>
      pool.query(`update statistics_progress set rolled_up_until = now() - $1 * interval '1 day'`, [days]);

    await age(10);
    await countedUntil(9);
    await expireAll();
    assert.deepEqual(await left(), [1, 1, 1], 'the attempt is due, but was recorded just now');
    await age(40);
    await countedUntil(50);
    await expireAll();
    assert.deepEqual(await left(), [1, 1, 1]);
    await pool.query('delete from webhook_deliveries');
    await expireAll();
    assert.deepEqual(await left(), [1, 0, 0]);
    await countedUntil(0);
    await expireAll();
    assert.deepEqual(await left(), [0, 0, 0]);
  });

  it('minutes are kept for a week, hours and days for a time of their own, and those of a removed webhook go with it', async () => {
    const add = (unit: string, days: number, of: number | null = webhookId) =>
      pool.query(
        `insert into webhook_statistics (tenant_id, webhook_id, unit, start, events, delivered, failed, expired)
         values ($1, $2, $3, date_trunc($3, now() - $4 * interval '1 day'), 1, 0, 0, 0)`,
        [attempts.tenantId, of, unit, days],
      );
    const removed = await attempts.newWebhook();
    for (const of of [webhookId, null, removed]) {
      for (const days of [6, 8]) await add('minute', days, of);
      for (const days of [399, 401]) await add('hour', days, of);
      for (const days of [399, 402]) await add('day', days, of);
    }
    await pool.query(
      `update webhooks set deleted_at = now() - interval '31 days', settling_since = null where id = $1`,
      [removed],
    );
    await expireAll();
    const { rows } = await pool.query<{ unit: string; many: number }>(
      'select unit, count(*) as many from webhook_statistics group by unit order by unit',
    );
    assert.deepEqual(
      rows.map(({ unit, many }) => [unit, Number(many)]),
      [
        ['day', 2],
        ['hour', 2],
        ['minute', 2],
      ],
    );
    assert.equal((await pool.query('select from webhooks where id = $1', [removed])).rowCount, 0);
  });
});

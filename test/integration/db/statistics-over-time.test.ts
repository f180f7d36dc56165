import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import type pg from 'pg';
import { rollUp } from '../../../activities/maintenance/roll-up-statistics.js';
import { formBatch } from '../../../src/db/batches.js';
import { settleDelivery } from '../../../src/db/deliveries.js';
import { insertTestEvent } from '../../../src/db/events.js';
import {
  listStatistics,
  statisticsColumns,
  type StatisticsRows,
  type StatisticsUnit,
} from '../../../src/db/statistics-over-time.js';
import { createLogger } from '../../../src/log.js';
import { explain } from '../../support/explain.js';
import { openAttempts, type Attempts } from './attempt-fixture.js';

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

function bucketsOf(rows: StatisticsRows) {
  const { start, events, delivered, failed, expired, attempts, outcomes, durations, delays } = statisticsColumns;
  const buckets = [];
  while (rows.next()) {
    const row = [...rows.row];
    buckets.push({
      start: new Date(row[start]!),
      events: row[events]!,
      delivered: row[delivered]!,
      failed: row[failed]!,
      expired: row[expired]!,
      attempts: row[attempts]!,
      outcomes: row.slice(outcomes, durations),
      durations: row.slice(durations, delays),
      delays: row.slice(delays),
    });
  }
  return buckets;
}

/** What several buckets say together. */
const totalOf = (buckets: ReturnType<typeof bucketsOf>) => ({
  events: sum(buckets.map(({ events }) => events)),
  delivered: sum(buckets.map(({ delivered }) => delivered)),
  failed: sum(buckets.map(({ failed }) => failed)),
  expired: sum(buckets.map(({ expired }) => expired)),
  attempts: sum(buckets.map(({ attempts }) => attempts)),
});

describe('statistics over time', () => {
  let attempts: Attempts;
  let pool: pg.Pool;
  let webhookId: number;
  before(async () => {
    attempts = await openAttempts();
    ({ pool } = attempts.database);
  });
  after(() => attempts.close());
  beforeEach(async () => {
    await pool.query('truncate webhook_statistics, uncounted_changes, webhook_events cascade');
    await pool.query('update webhooks set deleted_at = now() where deleted_at is null');
    await goOnFromHere();
    webhookId = await attempts.newWebhook();
  });

  const goOnFromHere = () =>
    pool.query(`update statistics_progress set rolled_up_until = date_trunc('milliseconds', clock_timestamp())`);

  /** As some seconds later: what was written until now, and was not counted yet. */
  async function count(): Promise<void> {
    await pool.query(
      `update webhook_attempts set recorded_at = clock_timestamp() where recorded_at > now() - interval '30 min'`,
    );
    await pool.query(`select roll_up_statistics(1000, clock_timestamp() + interval '2 s')`);
    await pool.query(`update webhook_attempts set recorded_at = recorded_at - interval '1 hour'`);
    await goOnFromHere();
  }

  /** Rolled back at its end. */
  async function inTransaction(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      await work(client);
    } finally {
      await client.query('rollback');
      client.release();
    }
  }

  const list = async (of: number | null, unit: StatisticsUnit = 'minute') => {
    const span = { unit, since: new Date('2020-01-01T00:00:00Z'), until: new Date('2100-01-01T00:00:00Z') };
    return bucketsOf(await listStatistics(attempts.db, { tenantId: attempts.tenantId, webhookId: of }, span));
  };
  const total = async (of: number | null = webhookId) => totalOf(await list(of));
  const nothing = { events: 0, delivered: 0, failed: 0, expired: 0, attempts: 0 };

  it('count events, attempts by outcome, and how deliveries ended', async () => {
    const [good, bad, waiting] = [
      await attempts.trigger(webhookId),
      await attempts.trigger(webhookId),
      await attempts.trigger(webhookId),
    ];
    await attempts.change(webhookId, { maxRetries: 1 });
    await attempts.attempt(good, 204);
    await attempts.attempt(bad, 503);
    await attempts.pass(60, bad);
    await attempts.attempt(bad, 'blocked');
    await attempts.attempt(waiting, 302);
    await count();
    const counts = { events: 3, delivered: 1, failed: 1, expired: 0, attempts: 4 };
    for (const of of [webhookId, null]) {
      assert.deepEqual(await total(of), counts);
      const [bucket, ...others] = (await list(of, 'day')).filter(({ attempts }) => attempts > 0);
      assert.deepEqual(others, []);
      assert.deepEqual(bucket?.outcomes, [1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0], '2xx, 3xx, 5xx, blocked_address');
      assert.deepEqual(bucket.durations, [3, 3, 3]);
      assert.ok(bucket.delays.every((ms) => ms >= 0));
    }
  });

  it('count each time that a delivery ended, in the time when it did', async () => {
    await attempts.change(webhookId, { maxRetries: 0 });
    const delivery = await attempts.trigger(webhookId);
    await attempts.attempt(delivery, 500);
    await attempts.retry(webhookId, delivery);
    await attempts.attempt(delivery, 200);
    await count();
    assert.deepEqual(await total(), { events: 1, delivered: 1, failed: 1, expired: 0, attempts: 2 });
  });

  it('count what ended without an attempt', async () => {
    const [expired, failed] = [await attempts.trigger(webhookId), await attempts.trigger(webhookId)];
    await settleDelivery(attempts.db, expired, 'expired');
    await settleDelivery(attempts.db, failed, 'failed');
    await settleDelivery(attempts.db, await attempts.trigger(webhookId), 'cancelled');
    await count();
    assert.deepEqual(await total(), { ...nothing, events: 3, failed: 1, expired: 1 });
    assert.deepEqual(await total(null), { ...nothing, events: 3, failed: 1, expired: 1 });
    assert.equal((await pool.query('select from uncounted_changes')).rowCount, 0);
    await count();
    assert.deepEqual(await total(), { ...nothing, events: 3, failed: 1, expired: 1 });
  });

  it('count a batch as one request, and each of its deliveries by itself', async () => {
    await attempts.change(webhookId, { batchMaxEvents: 2, batchMaxWaitSeconds: 60 });
    for (let n = 0; n < 2; n++) await attempts.trigger(webhookId);
    const formed = await formBatch(attempts.db, webhookId);
    assert.ok(formed.kind === 'formed');
    await attempts.attempt(formed.batch.id, 503);
    await attempts.pass(60, formed.batch.id);
    await attempts.attempt(formed.batch.id, 200);
    await count();
    for (const of of [webhookId, null]) {
      assert.deepEqual(await total(of), { events: 2, delivered: 2, failed: 0, expired: 0, attempts: 2 });
      const { rows } = await pool.query<{ durations: number[]; delays: number[] }>(
        `select durations, delays from webhook_statistics where webhook_id is not distinct from $1 and unit = 'day'`,
        [of],
      );
      assert.deepEqual([sum(rows[0]!.durations), sum(rows[0]!.delays)], [2, 2]);
    }
  });

  it('leave tests out', async () => {
    const event = { tenantId: attempts.tenantId, eventType: 'webhook.test', eventId: randomUUID(), body: '{}' };
    const test = await insertTestEvent(attempts.db, webhookId, { ...event, occurredAt: new Date() });
    await attempts.attempt(test!.deliveryId, 200);
    await count();
    assert.deepEqual(await list(webhookId), []);
    assert.deepEqual(await list(null), []);
  });

  it('count an event once for its tenant, and for each webhook that it is owed to', async () => {
    const other = await attempts.newWebhook();
    await attempts.trigger(webhookId);
    await count();
    assert.deepEqual(
      [await total(webhookId), await total(other), await total(null)].map(({ events }) => events),
      [1, 1, 1],
    );
  });

  it('count an event that a recovery adds for the webhook, in the time when it was accepted', async () => {
    await attempts.trigger(webhookId);
    const late = await attempts.newWebhook();
    const { rows } = await pool.query<{ id: string }>(
      `insert into webhook_recoveries (webhook_id, tenant_id, status, statuses, include_missing, until, total)
       values ($1, $2, 'running', '{failed}', true, now(), 0) returning id`,
      [late, attempts.tenantId],
    );
    await pool.query('select requeue_batch($1, 10, 10)', [rows[0]!.id]);
    await count();
    assert.equal((await total(late)).events, 1);
    assert.equal((await total(null)).events, 1, 'the tenant has still sent one');
    assert.deepEqual(
      (await list(late)).map(({ start }) => start),
      (await list(null)).map(({ start }) => start),
    );
  });

  it('count an attempt when it was made, also if it is recorded hours later', async () => {
    const delivery = await attempts.trigger(webhookId);
    await count();
    const attempt = await attempts.takeToSend(delivery);
    const takenAt = new Date(attempt.takenAt.getTime() - 3 * 3_600_000);
    await attempts.record(delivery, { ...attempt, takenAt }, 200);
    await pool.query('update webhook_attempts set started_at = $1 where delivery_id = $2', [takenAt, delivery]);
    await count();
    const buckets = (await list(webhookId)).filter(({ attempts }) => attempts > 0);
    assert.deepEqual(
      buckets.map(({ start }) => start.getTime()),
      [Math.floor(takenAt.getTime() / 60_000) * 60_000],
    );
    const ended = (await list(webhookId)).filter(({ delivered }) => delivered > 0);
    assert.ok(ended[0]!.start.getTime() > takenAt.getTime(), 'the delivery ended when that was recorded');
  });

  it('count everything once, however many roll-ups there are, in small batches, and interrupted', async () => {
    for (let n = 0; n < 12; n++) await attempts.attempt(await attempts.trigger(webhookId), 200);
    await pool.query(`update webhook_attempts a set recorded_at = clock_timestamp() - n * interval '3 s'
                        from (select delivery_id, row_number() over () as n from webhook_attempts) x where x.delivery_id = a.delivery_id`);
    await pool.query(`update statistics_progress set rolled_up_until = now() - interval '1 min'`);
    await inTransaction(async (client) => {
      await client.query(`select roll_up_statistics(1000, clock_timestamp())`);
      assert.equal((await pool.query('select * from roll_up_statistics(1000)')).rowCount, 0, 'another one is at work');
    });
    const { rows } = await pool.query<{ more: boolean }>('select more from roll_up_statistics(2, clock_timestamp())');
    assert.equal(rows[0]!.more, true);
    assert.ok((await total()).attempts < 12);
    const inBatches = async () => {
      // No row: another one is at work.
      for (let more: boolean | undefined = true; more !== false;) {
        const turn = await pool.query<{ more: boolean }>(
          `select more from roll_up_statistics(2, clock_timestamp() + interval '2 s')`,
        );
        more = turn.rows[0]?.more;
      }
    };
    await Promise.all([inBatches(), inBatches(), inBatches()]);
    assert.deepEqual(await total(), { ...nothing, events: 12, delivered: 12, attempts: 12 });
  });

  describe('when the Schedule runs', () => {
    const lines: string[] = [];
    const log = createLogger({ level: 'warn', format: 'json' }, { write: (line) => void lines.push(line) });
    const run = () => new MockActivityEnvironment().run(() => rollUp({ db: attempts.db, log }));

    it('count all that was written, batch after batch', async () => {
      await pool.query(
        `insert into webhook_attempts (delivery_id, number, request_id, started_at, recorded_at, duration_ms, status_code, request_headers)
         select $1, n, gen_random_uuid(), now(), now() - interval '1 min' + n / 1000 * interval '1 s', 5, 200, '{}'
           from generate_series(1, 5000) n`,
        [await attempts.trigger(webhookId)],
      );
      await pool.query(`update statistics_progress set rolled_up_until = now() - interval '2 min'`);
      await run();
      assert.equal((await total()).attempts, 5000);
      assert.deepEqual(lines, []);
    });

    it('pass a time in which nothing happened in one batch', async () => {
      await pool.query(`update statistics_progress set rolled_up_until = now() - interval '1 h'`);
      const { rows } = await pool.query<{ more: boolean; at: Date }>(
        'select more, until as at from roll_up_statistics(2000)',
      );
      assert.equal(rows[0]!.more, false);
      assert.ok(Date.now() - rows[0]!.at.getTime() < 60_000);
    });

    it('tell when an open transaction has held them up for long', async () => {
      await pool.query(`create or replace function statistics_horizon(p_leeway interval default '5 s') returns timestamptz
        language sql as $$ select now() - interval '6 min' $$`);
      try {
        await pool.query(`update statistics_progress set rolled_up_until = now() - interval '7 min'`);
        await run();
        assert.match(lines.join(''), /"statistics.late"/);
      } finally {
        await pool.query(await readFile('migrations/functions/statistics_horizon.sql', 'utf8'));
      }
    });
  });

  it('wait for transactions that have written and are open, and not for those that read', async () => {
    const horizon = async () =>
      (await pool.query<{ at: Date }>(`select statistics_horizon('0 s') as at`)).rows[0]!.at.getTime();
    const delivery = await attempts.trigger(webhookId);
    const attempt = await attempts.takeToSend(delivery);
    await inTransaction(async (reader) => {
      await reader.query('select count(*) from webhook_attempts');
      await inTransaction(async (writer) => {
        const { rows } = await writer.query<{ now: Date }>('select now()');
        const beganAt = rows[0]!.now.getTime();
        assert.ok((await horizon()) > beganAt, 'it has written nothing yet');
        await writer.query(
          `insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers)
           values ($1, $2, $3, now(), 5, 200, '{}')`,
          [delivery, attempt.number, attempt.requestId],
        );
        assert.ok((await horizon()) <= beganAt);
        await writer.query('commit');
        assert.ok((await horizon()) > beganAt);
      });
    });
  });

  it('have percentiles that are at most 5 percent off, of any number of roll-ups together', async () => {
    const durations = Array.from({ length: 400 }, (_, n) => Math.round(1.03 ** n) + 10);
    const insert = (some: number[]) =>
      pool.query(
        `insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers)
         select $1, $3 + row_number() over (), gen_random_uuid(), now(), ms, 200, '{}' from unnest($2::integer[]) ms`,
        [delivery, some, 1000 * (next += 1)],
      );
    let next = 0;
    const delivery = await attempts.trigger(webhookId);
    for (const part of [0, 1, 2]) {
      await insert(durations.filter((_, n) => n % 3 === part));
      await count();
    }
    const [bucket] = (await list(webhookId, 'day')).filter(({ durations }) => durations[0]! > 0);
    for (const [i, share] of [0.5, 0.95, 0.99].entries()) {
      const exact = durations[Math.ceil(share * durations.length) - 1]!;
      const found = bucket!.durations[i]!;
      assert.ok(Math.abs(found / exact - 1) <= 0.05, `${share}: ${found} for ${exact}`);
    }
  });

  it('are read from few pages: a year of hours lies together, however many webhooks have hours beside it', async () => {
    const webhooks = [webhookId];
    while (webhooks.length < 10) webhooks.push(await attempts.newWebhook());
    const client = await pool.connect();
    // Vacuum calls no page visible to all whose commit is not on disk.
    await client.query('set synchronous_commit = on');
    await client.query(
      `insert into webhook_statistics (tenant_id, webhook_id, unit, start, events, delivered, failed, expired, outcomes, durations, delays)
       select $1, w, 'hour', date_trunc('hour', now()) - h * interval '1 hour', 1, 1, 0, 0, '{1}', array_fill(1, array[100]), '{1}'
         from generate_series(1, 1000) h cross join unnest(array_append($2::integer[], null)) w order by h`,
      [attempts.tenantId, webhooks],
    );
    client.release(true);
    await pool.query('vacuum (analyze) webhook_statistics');
    for (const of of [webhookId, null]) {
      const reading = explain(attempts.db);
      const span = { unit: 'hour', since: new Date('2020-01-01T00:00:00Z'), until: new Date() } as const;
      const rows = await listStatistics(reading.db, { tenantId: attempts.tenantId, webhookId: of }, span);
      assert.equal(bucketsOf(rows).length, 1_000);
      assert.ok(reading.pagesRead() < 100, `${reading.pagesRead()} pages of ${of}`);
    }
  });
});

import assert from 'node:assert/strict';
import type { Pool } from 'pg';

/**
 * Checks what holds for every webhook whenever no statement is running: its counters equal its rows, each delivery's
 * attempts are numbered without a gap, and every reserved token was taken or is held. The counters exclude test events.
 */
export async function assertInvariants(pool: Pool, webhookId: number): Promise<void> {
  const { rows } = await pool.query<{ source: string }>(
    `select sum(pending)::int as pending, sum(held)::int as held, sum(delivered)::int as delivered, sum(failed)::int as failed, sum(expired)::int as expired,
            sum(attempts)::int as attempts, sum(duration_ms)::int as duration_ms, 'counters' as source
       from webhook_counters where webhook_id = $1
     union all
     select (count(*) filter (where status = 'pending'))::int, (count(*) filter (where status = 'held'))::int,
            (count(*) filter (where status = 'delivered'))::int, (count(*) filter (where status = 'failed'))::int,
            (count(*) filter (where status = 'expired'))::int,
            (select count(*) from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id where d.webhook_id = $1 and not d.test)::int,
            (select coalesce(sum(a.duration_ms), 0) from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id
              where d.webhook_id = $1 and not d.test)::int, 'rows'
       from webhook_deliveries where webhook_id = $1 and not test`,
    [webhookId],
  );
  const [counters, counted] = rows;
  assert.deepEqual({ ...counters, source: '' }, { ...counted, source: '' }, 'counters equal rows');

  const { rows: gaps } = await pool.query(
    `select d.id, d.attempt_count, array_agg(a.number order by a.number) filter (where a.number is not null) as numbers
       from webhook_deliveries d left join webhook_attempts a on a.delivery_id = d.id
      where d.webhook_id = $1 group by d.id
     having count(a.number) <> d.attempt_count or max(a.number) <> d.attempt_count`,
    [webhookId],
  );
  assert.deepEqual(gaps, [], 'attempts are numbered from 1 without a gap');

  const { rows: tokens } = await pool.query<{ waiting: number; holders: number }>(
    `select (l.reserved - l.taken)::int as waiting,
            (select count(*) from webhook_deliveries d where d.webhook_id = $1 and d.holds_token and d.token_epoch = l.epoch)::int as holders
       from webhook_limiters l where l.webhook_id = $1`,
    [webhookId],
  );
  for (const { waiting, holders } of tokens)
    assert.equal(waiting, holders, 'reserved = taken + deliveries that hold a reservation');
}

import type { Evidence, Violation } from './evidence.js';

/**
 * For every webhook: counters equal rows, attempts are numbered without a gap, reserved = taken + deliveries with a
 * token.
 */
export async function countersEqualRows({ pool }: Evidence): Promise<Violation[]> {
  const violations: Violation[] = [];
  const { rows: counters } = await pool.query<{ webhookId: number; what: string; counted: number; there: number }>(
    `with counted as (
       select webhook_id, sum(pending) as pending, sum(held) as held, sum(delivered) as delivered, sum(failed) as failed,
              sum(attempts) as attempts, sum(duration_ms) as duration_ms
         from webhook_counters group by webhook_id),
     deliveries as (
       select webhook_id, count(*) filter (where status = 'pending') as pending, count(*) filter (where status = 'held') as held,
              count(*) filter (where status = 'delivered') as delivered, count(*) filter (where status = 'failed') as failed
         from webhook_deliveries where not test group by webhook_id),
     attempts as (
       select d.webhook_id, count(*) as attempts, sum(a.duration_ms) as duration_ms
         from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id where not d.test group by d.webhook_id)
     select w.id as "webhookId", v.what, coalesce(v.counted, 0)::float8 as counted, coalesce(v.there, 0)::float8 as there
       from webhooks w left join counted c on c.webhook_id = w.id left join deliveries d on d.webhook_id = w.id
       left join attempts a on a.webhook_id = w.id
       cross join lateral (values ('pending', c.pending, d.pending), ('held', c.held, d.held), ('delivered', c.delivered, d.delivered),
         ('failed', c.failed, d.failed), ('attempts', c.attempts, a.attempts), ('duration_ms', c.duration_ms, a.duration_ms))
         as v (what, counted, there)
      where coalesce(v.counted, 0) <> coalesce(v.there, 0)`,
  );
  for (const { webhookId, what, counted, there } of counters)
    violations.push({
      invariant: 'counters',
      text: `webhook ${webhookId}: the counter ${what} says ${counted}, the rows ${there}`,
      deliveryIds: [],
    });

  const { rows: gaps } = await pool.query<{ id: string; count: number; rows: number; last: number }>(
    `select d.id, d.attempt_count as count, count(a.number)::int as rows, coalesce(max(a.number), 0) as last
       from webhook_deliveries d left join webhook_attempts a on a.delivery_id = d.id
      group by d.id having count(a.number) <> d.attempt_count or coalesce(max(a.number), 0) <> d.attempt_count`,
  );
  for (const { id, count, rows, last } of gaps)
    violations.push({
      invariant: 'counters',
      text: `delivery ${id} counts ${count} attempts, but has ${rows} rows up to number ${last}`,
      deliveryIds: [id],
    });

  const { rows: tokens } = await pool.query<{ webhookId: number; waiting: number; holders: number }>(
    `select l.webhook_id as "webhookId", (l.reserved - l.taken)::int as waiting, count(d.id)::int as holders
       from webhook_limiters l left join webhook_deliveries d on d.webhook_id = l.webhook_id and d.holds_token
      group by l.webhook_id, l.reserved, l.taken having l.reserved - l.taken <> count(d.id)`,
  );
  for (const { webhookId, waiting, holders } of tokens)
    violations.push({
      invariant: 'counters',
      text: `webhook ${webhookId}: ${waiting} tokens are reserved and not taken, but ${holders} deliveries hold one`,
      deliveryIds: [],
    });
  return violations;
}

-- Counts deliveries of a webhook that moved from one status to another; null: from none or to none. Test deliveries are
-- not counted, so `many` may be 0. p_attempts: how many attempts are counted too (a batch's is one); p_duration_ms says how
-- long each took (null: there was none), and p_succeeded how it ended. A failed or slow attempt is remembered as trouble,
-- even of a test. p_failures counts for health (null: this says nothing of it). A session always uses the same slot, so a transaction that counts several times holds one lock and cannot
-- deadlock. (plpgsql, which keeps its plan: an SQL function is planned at each call.)
create or replace function count_deliveries(p_webhook integer, p_from text, p_to text, many bigint,
                                            p_attempts bigint default 0, p_duration_ms integer default null, p_succeeded boolean default null,
                                            p_now timestamptz default clock_timestamp(), p_failures integer default null)
returns void language plpgsql as $$
begin
  if many = 0 and p_duration_ms is null then
    return;
  end if;
  insert into webhook_counters as c (webhook_id, slot, pending, held, delivered, failed, expired, attempts, duration_ms, failures,
                                     last_success_at, last_failure_at, last_trouble_at, healthy_at)
  values (p_webhook, (pg_backend_pid() % 8)::smallint,
    many * ((p_to is not distinct from 'pending')::int - (p_from is not distinct from 'pending')::int),
    many * ((p_to is not distinct from 'held')::int - (p_from is not distinct from 'held')::int),
    many * ((p_to is not distinct from 'delivered')::int - (p_from is not distinct from 'delivered')::int),
    many * ((p_to is not distinct from 'failed')::int - (p_from is not distinct from 'failed')::int),
    many * ((p_to is not distinct from 'expired')::int - (p_from is not distinct from 'expired')::int),
    p_attempts, coalesce(p_attempts * p_duration_ms, 0), coalesce(p_failures, 0),
    case when p_attempts > 0 and p_succeeded then p_now end,
    case when p_attempts > 0 and not p_succeeded then p_now end,
    case when not p_succeeded or p_duration_ms > 1000 then p_now end,
    case when p_succeeded and p_failures is not null then p_now end)
  on conflict (webhook_id, slot) do update
     set pending = c.pending + excluded.pending, held = c.held + excluded.held,
         delivered = c.delivered + excluded.delivered, failed = c.failed + excluded.failed,
         expired = c.expired + excluded.expired,
         attempts = c.attempts + excluded.attempts, duration_ms = c.duration_ms + excluded.duration_ms,
         failures = c.failures + excluded.failures,
         last_success_at = coalesce(excluded.last_success_at, c.last_success_at),
         last_failure_at = coalesce(excluded.last_failure_at, c.last_failure_at),
         last_trouble_at = coalesce(excluded.last_trouble_at, c.last_trouble_at),
         healthy_at = coalesce(excluded.healthy_at, c.healthy_at);
end $$;

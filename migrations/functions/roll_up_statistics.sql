-- Counts what was written since the last roll-up, and notes up to when: at most about p_limit rows of each kind, where a batch
-- counts as its deliveries. All in one transaction, so it may be killed and repeated at any point; two at once are kept
-- apart by the row of the progress. `more`: there is more to count already. No row: another roll-up is at work.
-- p_horizon: default statistics_horizon().
create or replace function roll_up_statistics(p_limit integer, p_horizon timestamptz default null)
returns table (until timestamptz, more boolean)
language plpgsql
-- by the times at hand: a plan for any times might read the tables as a whole
set plan_cache_mode = force_custom_plan as $$
declare
  v_from timestamptz;
  v_horizon timestamptz;
  v_changes integer;
begin
  select p.rolled_up_until into v_from from statistics_progress p for no key update skip locked;
  if not found then
    return;
  end if;
  -- The statements below see everything before it.
  v_horizon := greatest(v_from, date_trunc('second', coalesce(p_horizon, statistics_horizon())));
  -- At least a second at a time: many rows may have been written in the same one.
  until := least(v_horizon, greatest(v_from + interval '1 s', date_trunc('second', least(v_horizon,
    (select a.recorded_at from (
       select a.recorded_at, sum(coalesce(d.batch_size, 1)) over (order by a.recorded_at rows unbounded preceding) as passed
         from (select delivery_id, recorded_at from webhook_attempts where recorded_at >= v_from order by recorded_at limit p_limit + 1) a
         join webhook_deliveries d on d.id = a.delivery_id) a
      where passed > p_limit order by a.recorded_at limit 1),
    (select created_at from webhook_deliveries where id >= uuid_v7_floor(v_from) order by id offset p_limit limit 1),
    (select created_at from webhook_events where id >= uuid_v7_floor(v_from) order by id offset p_limit limit 1)))));

  with changes as (
    delete from uncounted_changes
     where ctid = any (array(select ctid from uncounted_changes limit p_limit for update skip locked))
    returning *),
  attempts as materialized (
    -- Tests are not counted.
    select d.tenant_id, d.webhook_id, d.created_at, d.id, d.batch_size, a.number, a.started_at, a.recorded_at, a.duration_ms, a.status_code,
           a.error_class, a.ended_as
      from webhook_attempts a join webhook_deliveries d on d.id = a.delivery_id
     where a.recorded_at >= v_from and a.recorded_at < until and not d.test),
  -- What counts for a webhook and its tenant alike.
  facts (tenant_id, webhook_id, at, events, delivered, failed, expired, outcome, duration, delay) as (
    -- An attempt counts when it was made, whenever it was recorded. 1 to 4: 2xx to 5xx; a number for each error class.
    select tenant_id, webhook_id, started_at, 0, 0, 0, 0,
           coalesce(4 + array_position(array['timeout', 'dns', 'connection', 'tls', 'blocked_address', 'invalid_response', 'transform'],
                                       error_class),
                    least(4, greatest(1, status_code / 100 - 1))),
           -- of requests: a transform that failed sent none
           case when error_class is distinct from 'transform' then histogram_place(duration_ms) end,
           case when number = 1 and batch_size is null then histogram_place(1000 * extract(epoch from started_at - created_at)) end
      from attempts
    union all
    -- A batch is one request, and the first attempt of each of its deliveries.
    select a.tenant_id, a.webhook_id, a.started_at, 0, 0, 0, 0, null, null,
           histogram_place(1000 * extract(epoch from a.started_at - d.created_at))
      from attempts a join webhook_batch_members m on m.batch_id = a.id and m.attempts_before = 0
      join webhook_deliveries d on d.id = m.delivery_id
     where a.batch_size is not null and a.number = 1
    union all
    select tenant_id, webhook_id, recorded_at, 0, (ended_as = 'delivered')::integer, (ended_as = 'failed')::integer, 0, null, null, null
      from attempts where ended_as is not null
    union all
    select w.tenant_id, c.webhook_id, c.at, 0, c.delivered, c.failed, c.expired, null, null, null
      from changes c join webhooks w on w.id = c.webhook_id where c.events = 0),
  scoped as (
    select f.tenant_id, s.webhook_id, f.at, f.events, f.delivered, f.failed, f.expired, f.outcome, f.duration, f.delay
      from facts f cross join lateral (values (f.webhook_id), (null)) s (webhook_id)
    union all
    -- An event counts once for its tenant, and for each webhook that it is owed to.
    select tenant_id, null, created_at, 1, 0, 0, 0, null, null, null
      from webhook_events where id >= uuid_v7_floor(v_from) and id < uuid_v7_floor(until) and not test
    union all
    select tenant_id, webhook_id, created_at, 1, 0, 0, 0, null, null, null
      from webhook_deliveries
     where id >= uuid_v7_floor(v_from) and id < uuid_v7_floor(until) and not test
       -- not one that a recovery added, which may be just as young
       and accepted_as is not null
    union all
    select w.tenant_id, c.webhook_id, c.at, c.events, 0, 0, 0, null, null, null
      from changes c join webhooks w on w.id = c.webhook_id where c.events > 0),
  counted as (
    insert into webhook_statistics as s
      (tenant_id, webhook_id, unit, start, events, delivered, failed, expired, outcomes, durations, delays)
    select f.tenant_id, f.webhook_id, u.unit, date_trunc(u.unit, f.at, 'UTC'),
           sum(f.events), sum(f.delivered), sum(f.failed), sum(f.expired),
           histogram_of(array_agg(f.outcome) filter (where f.outcome is not null)),
           histogram_of(array_agg(f.duration) filter (where f.duration is not null)),
           histogram_of(array_agg(f.delay) filter (where f.delay is not null))
      from scoped f cross join (values ('minute'), ('hour'), ('day')) u (unit)
     group by f.tenant_id, f.webhook_id, u.unit, date_trunc(u.unit, f.at, 'UTC')
    on conflict (tenant_id, webhook_id, unit, start) do update
       set events = s.events + excluded.events, delivered = s.delivered + excluded.delivered,
           failed = s.failed + excluded.failed, expired = s.expired + excluded.expired,
           outcomes = add_histograms(s.outcomes, excluded.outcomes),
           durations = add_histograms(s.durations, excluded.durations),
           delays = add_histograms(s.delays, excluded.delays))
  select count(*) into v_changes from changes;

  update statistics_progress set rolled_up_until = until;
  more := until < v_horizon or v_changes = p_limit;
  return next;
end $$;

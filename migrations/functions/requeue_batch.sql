-- Makes the next deliveries of a recovery pending (held, if its webhook is paused), oldest first, and returns those
-- whose workflows must be started. At most p_limit at a time, and at most p_ahead in all that have not ended; of a
-- webhook with a rate limit no more than it may be sent in a minute, so that live events wait no longer than that; in
-- batches that is more than enough. `collects`: they wait for a batch, and have no workflow.
-- Marks the recovery as completed when all of it has ended. Safe to repeat and to run concurrently: the recovery's row
-- says what has been seen to, and changes in the same transaction. It is locked last, as by every delivery that ends.
create or replace function requeue_batch(p_recovery uuid, p_limit integer, p_ahead integer)
returns table (id uuid, event_row_id uuid, tenant_id uuid, webhook_id integer, event_type text, event_id text,
               collects boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  v_none constant uuid := '00000000-0000-0000-0000-000000000000';
  v_all constant uuid := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
  r webhook_recoveries;
  w webhooks;
  v_row webhook_deliveries;
  v_to text;
  v_room bigint;
  v_reached uuid;
  v_deliveries uuid[] := '{}';
  v_events uuid[] := '{}';
  v_rows webhook_deliveries[];
  v_group webhook_deliveries[];
  v_status text;
  v_requeued uuid[] := '{}';
begin
  select * into r from webhook_recoveries where webhook_recoveries.id = p_recovery;
  if r.status is distinct from 'running' then
    return;
  end if;
  select * into w from webhooks where webhooks.id = r.webhook_id;
  v_to := case when w.is_open then 'pending' else 'held' end;
  v_room := case when w.batch_max_events is null then least(p_ahead, w.rate_limit_per_minute, w.rate_limit_per_hour)
                 else p_ahead end - (r.requeued - r.delivered - r.failed);
  v_room := least(p_limit, v_room);
  v_reached := r.reached;
  -- An event that is being accepted now may have been triggered before the webhook subscribed to it.
  if v_room > 0 and r.reached <> v_all
      and not (r.reached = v_none and r.include_missing and has_transactions_before(least(r.until, r.created_at))) then
    with candidates as materialized (select * from recovery_candidates(r, v_room)),
    last_read as (select place from candidates where delivery_id is null and event_row_id is null),
    certain as (select c.* from candidates c where c.place <= coalesce((select place from last_read), v_all))
    select coalesce(array_agg(delivery_id) filter (where delivery_id is not null), '{}'),
           coalesce(array_agg(event_row_id) filter (where event_row_id is not null), '{}'),
           case when (select count(*) from candidates) < v_room and not exists (select from last_read) then v_all
                else (array_agg(place order by place desc))[1] end
      into v_deliveries, v_events, v_reached from certain;
  end if;

  v_rows := array(
    select d from webhook_deliveries d
     -- one that was retried meanwhile is pending, or ended later
     where d.id = any (v_deliveries) and d.finished_at < r.created_at and d.expunged_at is null
       and exists (select from webhook_events e where e.id = d.event_row_id and e.body is not null)
     order by d.id for no key update);
  foreach v_status in array r.statuses loop
    v_group := array(select d from unnest(v_rows) d where d.status = v_status);
    for i in 1 .. cardinality(v_group) loop
      v_row := v_group[i];
      v_row.recovery_id := p_recovery;
      v_row.attempt_count := leave_batch(v_row);
      v_row.batched := w.batch_max_events is not null;
      v_row.batch_id := null;
      v_row.due_at := clock_timestamp() + coalesce(w.batch_max_wait_seconds, 0) * interval '1 s';
      v_group[i] := v_row;
      v_requeued := v_requeued || v_row.id;
    end loop;
    perform change_status(v_group, v_to);
  end loop;

  -- Its id has its event's time, so that lists and this recovery's order are by event.
  with added as (
    insert into webhook_deliveries as n (id, event_row_id, webhook_id, tenant_id, event_type, event_id, status, batched,
                                    due_at, next_attempt_at, pending_since, created_at, recovery_id, ordering_key, sequence)
    select (left(e.id::text, 13) || right(uuid_v7()::text, 23))::uuid, e.id, w.id, e.tenant_id, e.event_type, e.event_id, v_to,
           w.batch_max_events is not null, t.due_at, case when w.is_open then t.due_at end,
           case when w.is_open and w.batch_max_events is null then clock_timestamp() end, e.created_at, p_recovery,
           case when w.ordering = 'key' then e.ordering_key end, case when w.ordering = 'key' then e.sequence end
      from webhook_events e
     cross join (select clock_timestamp() + coalesce(w.batch_max_wait_seconds, 0) * interval '1 s' as due_at) t
     where e.id = any (v_events)
    on conflict (event_row_id, webhook_id) do nothing
    returning n.id, n.created_at),
  uncounted as (
    insert into uncounted_changes (webhook_id, at, events)
    select w.id, date_trunc('minute', a.created_at), count(*) from added a group by date_trunc('minute', a.created_at))
  select array_agg(added.id) into v_events from added;
  perform count_deliveries(w.id, null, v_to, coalesce(cardinality(v_events), 0));
  v_requeued := v_requeued || v_events;

  update webhook_recoveries x
     set reached = v_reached, requeued = x.requeued + cardinality(v_requeued), checked_at = clock_timestamp(),
         (status, finished_at) = (
           select case when is_over then 'completed' else 'running' end, case when is_over then clock_timestamp() end
             from (select v_reached = v_all and x.requeued + cardinality(v_requeued) = x.delivered + x.failed as is_over) t)
   where x.id = p_recovery and x.status = 'running' and x.reached = r.reached;
  if not found then
    raise exception 'the recovery was carried on or cancelled meanwhile' using errcode = 'serialization_failure';
  end if;
  return query select n.id, n.event_row_id, n.tenant_id, n.webhook_id, n.event_type, n.event_id, n.batched
                 from webhook_deliveries n
                where w.is_open and n.id = any (v_requeued) order by n.id;
end $$;

-- The one place where a delivery's status changes, with all that follows: reserved tokens are given back, the counters
-- change, and a delivery that becomes pending begins a new schedule. p_rows are deliveries of one webhook in one
-- status; the caller has locked them (and their webhook's limiter if one holds a token). What the caller changed in
-- p_rows is written too. With p_duration_ms an attempt was made; then p_to may be the status that they already have.
-- When one of an ordering key ends, the next one of that key becomes due, unless the webhook is deleted. A batch that ends
-- alone takes its events' deliveries along. It is no delivery itself, so that only its attempts are counted. p_failures:
-- see count_deliveries.
create or replace function change_status(p_rows webhook_deliveries[], p_to text,
                                         p_duration_ms integer default null, p_succeeded boolean default null,
                                         p_now timestamptz default clock_timestamp(), p_failures integer default null)
returns void language plpgsql as $$
declare
  v_webhook integer := p_rows[1].webhook_id;
  v_from text := p_rows[1].status;
  v_epoch integer;
  v_tokens bigint := 0;
  v_counted bigint := 0;
  v_recovered uuid[] := '{}';
  v_ends boolean := p_to not in ('pending', 'held');
  v_attempts bigint := 0;
  v_keys text[] := '{}';
  v_key text;
  d webhook_deliveries;
begin
  for i in 1 .. cardinality(p_rows) loop
    d := p_rows[i];
    v_counted := v_counted + (not d.test and d.batch_size is null)::int;
    v_attempts := v_attempts + (p_duration_ms is not null and not d.test)::int;
    if d.holds_token and p_to <> 'pending' then
      v_epoch := coalesce(v_epoch, (select epoch from webhook_limiters where webhook_id = v_webhook));
      v_tokens := v_tokens + (d.token_epoch = v_epoch)::int;
    end if;
    if not v_ends and v_from not in ('pending', 'held') then
      -- somebody asked for it again, however late it is
      d.expires_at := null;
    end if;
    if p_to <> 'pending' then
      d.holds_token := false;
      d.retry_requested := false;
      d.next_attempt_at := null;
      d.pending_since := null;
      if p_to <> 'held' and d.recovery_id is not null then
        v_recovered := v_recovered || d.recovery_id;
        d.recovery_id := null;
      end if;
    elsif v_from = 'pending' then
      d.next_attempt_at := d.due_at;
      d.pending_since := case when not d.waits_for_turn then coalesce(d.pending_since, p_now) end;
    else
      d.schedule_base := d.attempt_count;
      d.fallback_from := null;
      d.free_attempts := 0;
      d.retry_requested := false;
      -- what waits for a batch may be due later, as the caller says
      d.due_at := case when d.batched and d.batch_id is null then greatest(d.due_at, p_now) else p_now end;
      d.next_attempt_at := d.due_at;
      d.pending_since := case when not d.waits_for_turn and not d.batched then p_now end;
      d.workflow_started_at := null;
    end if;
    if p_to <> v_from then
      d.finished_at := case when v_ends then p_now end;
    end if;
    if v_ends then
      if d.ordering_key is not null and not d.waits_for_turn and d.ordering_key <> all (v_keys) then
        v_keys := v_keys || d.ordering_key;
      end if;
      d.waits_for_turn := false;
    end if;
    d.status := p_to;
    p_rows[i] := d;
  end loop;
  if cardinality(p_rows) = 1 then
    -- The case of every attempt: by the primary key, and planned once.
    update webhook_deliveries
       set (status, attempt_count, schedule_base, free_attempts, due_at, next_attempt_at, pending_since, workflow_started_at,
            finished_at, holds_token, retry_requested, in_flight_until, in_flight_request, in_flight_by, recovery_id,
            fallback_from, waits_for_turn, expires_at, batched, batch_id)
         = row (d.status, d.attempt_count, d.schedule_base, d.free_attempts, d.due_at, d.next_attempt_at, d.pending_since, d.workflow_started_at,
            d.finished_at, d.holds_token, d.retry_requested, d.in_flight_until, d.in_flight_request, d.in_flight_by, d.recovery_id,
            d.fallback_from, d.waits_for_turn, d.expires_at, d.batched, d.batch_id)
     where id = d.id;
  else
    update webhook_deliveries w
       set (status, attempt_count, schedule_base, free_attempts, due_at, next_attempt_at, pending_since, workflow_started_at,
            finished_at, holds_token, retry_requested, in_flight_until, in_flight_request, in_flight_by, recovery_id,
            fallback_from, waits_for_turn, expires_at, batched, batch_id)
         = row (n.status, n.attempt_count, n.schedule_base, n.free_attempts, n.due_at, n.next_attempt_at, n.pending_since, n.workflow_started_at,
            n.finished_at, n.holds_token, n.retry_requested, n.in_flight_until, n.in_flight_request, n.in_flight_by, n.recovery_id,
            n.fallback_from, n.waits_for_turn, n.expires_at, n.batched, n.batch_id)
      from unnest(p_rows) n where w.id = n.id;
  end if;
  if v_tokens > 0 then
    perform give_token_back(v_webhook, v_tokens);
  end if;
  if v_ends and d.batch_size is not null and cardinality(p_rows) = 1 then
    perform end_members(d, p_to, p_now);
  end if;
  if v_keys <> '{}' and not (p_to = 'cancelled' and exists (select from webhooks where id = v_webhook and deleted_at is not null)) then
    -- in their order, as everybody who locks several
    for v_key in select key from unnest(v_keys) key order by key loop
      perform release_turn(v_webhook, d.tenant_id, v_key);
    end loop;
  end if;
  perform count_deliveries(v_webhook, v_from, p_to, v_counted, v_attempts, p_duration_ms, p_succeeded, p_now, p_failures);
  if p_duration_ms is null and v_counted > 0 and p_to in ('delivered', 'failed', 'expired') then
    -- where there is an attempt, it tells how the delivery ended (ended_as)
    insert into uncounted_changes (webhook_id, at, delivered, failed, expired)
    values (v_webhook, p_now, case when p_to = 'delivered' then v_counted else 0 end,
            case when p_to = 'failed' then v_counted else 0 end, case when p_to = 'expired' then v_counted else 0 end);
  end if;
  if v_recovered <> '{}' then
    -- Last of all locks, since all deliveries of a recovery share this row.
    update webhook_recoveries r
       set delivered = r.delivered + case when p_to = 'delivered' then ended.many else 0 end,
           failed = r.failed + case when p_to = 'delivered' then 0 else ended.many end
      from (select id, count(*) as many from unnest(v_recovered) id group by id) ended where r.id = ended.id;
  end if;
end $$;

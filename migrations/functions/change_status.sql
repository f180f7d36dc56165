-- The one place where a delivery's status changes, with all that follows from it: reserved tokens go back, the counters
-- move, and a delivery that becomes pending begins a new schedule. p_rows are deliveries of one webhook in one status, as the
-- caller has locked them (and their webhook's limiter where one holds a token). What the caller changed in them is
-- written too. With p_duration_ms an attempt was made; then p_to may be the status that they have.
create or replace function change_status(p_rows webhook_deliveries[], p_to text,
                                         p_duration_ms integer default null, p_succeeded boolean default null)
returns void language plpgsql as $$
declare
  v_webhook integer := p_rows[1].webhook_id;
  v_from text := p_rows[1].status;
  v_now timestamptz := clock_timestamp();
  v_epoch integer;
  v_tokens bigint := 0;
  v_counted bigint := 0;
  d webhook_deliveries;
begin
  -- Row by row, so that the primary key is used whatever the planner thinks of the array.
  foreach d in array p_rows loop
    if p_to = 'pending' and v_from <> 'pending' then
      d.schedule_base := d.attempt_count;
      d.free_attempts := 0;
      d.due_at := v_now;
      d.retry_requested := false;
      d.pending_since := v_now;
      d.workflow_started_at := null;
    end if;
    if d.holds_token and p_to <> 'pending' then
      v_epoch := coalesce(v_epoch, (select epoch from webhook_limiters where webhook_id = v_webhook));
      v_tokens := v_tokens + (d.token_epoch = v_epoch)::int;
    end if;
    v_counted := v_counted + (not d.test)::int;
    update webhook_deliveries
       set status = p_to, attempt_count = d.attempt_count, schedule_base = d.schedule_base, free_attempts = d.free_attempts,
           due_at = d.due_at, workflow_started_at = d.workflow_started_at,
           in_flight_until = d.in_flight_until, in_flight_request = d.in_flight_request, in_flight_by = d.in_flight_by,
           retry_requested = d.retry_requested and p_to = 'pending',
           holds_token = d.holds_token and p_to = 'pending',
           next_attempt_at = case when p_to = 'pending' then d.due_at end,
           pending_since = case when p_to = 'pending' then coalesce(d.pending_since, v_now) end,
           finished_at = case when p_to in ('pending', 'held') then null
                              when p_to = v_from then d.finished_at
                              else v_now end
     where id = d.id;
  end loop;
  if v_tokens > 0 then
    perform give_token_back(v_webhook, v_tokens);
  end if;
  perform count_deliveries(v_webhook, v_from, p_to, v_counted, p_duration_ms, p_succeeded);
end $$;

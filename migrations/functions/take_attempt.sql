-- Gives the right to send one request now. p_request identifies the request, p_process its sender. `answer`:
--   send     with everything the request needs; until in_flight_until nobody else may send
--   ended    the delivery is not pending (`status`), after `number` attempts
--   wait     no token, or another request is open: try again in `wait_ms`; null: plan first. `waits_for` says for what:
--            `token`, `request`, `backoff`, or `quota` (the tenant's requests per minute)
--   turn     an earlier event of its ordering key has not ended: when it ends, this delivery becomes due
--   batch    it is sent in a batch, not by itself
--   transform  its body has yet to be made: by `transform` from `body`. Store it (store_body) and take again, or record
--            that the transform failed
--   behind   a token is free, but deliveries that became due earlier take theirs first: try again in `wait_ms`
--   replan   no attempts are left, the webhook's timeout is longer than p_timeout_ms, or p_if_easy and it is not
--   sealed   the caller lacks the key with which the webhook's secret or headers are sealed
-- p_if_easy: take only a first attempt that is due, of a webhook without trouble and without a wait; else `replan`.
-- p_keys: the ids of the keys that the caller has. `releases`: the delivery ended here, which lets the next one of its
-- ordering key be sent, or, if it is a batch, the next one of each key in it. `deliveries`: how many that is, 1 unless it
-- is a batch. No row: no such delivery.
create or replace function take_attempt(p_delivery uuid, p_timeout_ms integer, p_if_easy boolean, p_request uuid, p_process uuid,
                                        p_keys text[])
returns table (answer text, status text, wait_ms bigint, waits_for text, number integer, attempts_used integer, token bigint, taken_at timestamptz,
               tenant_id uuid, webhook_id integer, target_version integer, event_row_id uuid, event_type text, event_id text,
               body text, url text, target text, timeout_ms integer, retry_schedule integer[], transform text,
               ordering_key text, sequence bigint, traceparent text, sends_traceparent boolean, releases boolean, deliveries integer,
               headers_sealed bytea, secret_sealed bytea, previous_secret_sealed bytea)
language plpgsql as $$
#variable_conflict use_column
declare
  d webhook_deliveries;
  w webhooks;
  l webhook_limiters;
  q tenant_request_windows;
  e webhook_events;
  v_quota integer;
  v_now timestamptz;
  v_holds boolean;
  v_before bigint;
  v_come_back timestamptz;
  v_body text;
  v_batch text;
  v_was text;
begin
  select * into d from webhook_deliveries where id = p_delivery;
  if not found then
    perform require_writable();
    return;
  end if;
  select quota_requests_per_minute into v_quota from tenants where id = d.tenant_id;
  if v_quota is not null then
    q := open_request_window(d.tenant_id, v_quota, clock_timestamp());
  end if;
  -- even without a limit: there may have been one, and its reservation is then given back
  select * into l from webhook_limiters where webhook_id = d.webhook_id for no key update;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  select * into w from webhooks where id = d.webhook_id;
  v_was := d.status;
  if d.status = 'pending' and (w.deleted_at is not null or must_be_held(d, w)) then
    perform settle_delivery(p_delivery, case when w.deleted_at is not null then 'cancelled' else 'held' end);
    select * into d from webhook_deliveries where id = p_delivery;
  end if;
  if d.status = 'pending' then
    if d.batch_size is null then
      select * into e from webhook_events where id = d.event_row_id;
    elsif coalesce(d.in_flight_until, '-infinity') <= clock_timestamp() then
      perform end_members(d, 'expired', clock_timestamp(), true);
    end if;
    v_batch := batch_body(d);
    if v_batch is not null then
      e.body := v_batch;
    end if;
    if e.body is null then
      perform settle_delivery(p_delivery, case when e.expunged_at is not null then 'cancelled' else 'expired' end);
      select * into d from webhook_deliveries where id = p_delivery;
    end if;
  end if;
  v_now := clock_timestamp();
  if d.status = 'pending' and d.expires_at <= v_now and coalesce(d.in_flight_until, '-infinity') <= v_now then
    perform expire_delivery(p_delivery);
    select * into d from webhook_deliveries where id = p_delivery;
  end if;
  releases := v_was = 'pending' and d.finished_at is not null and (d.ordering_key is not null or d.batch_size is not null);
  deliveries := coalesce(d.batch_size, 1);
  v_holds := d.holds_token and d.token_epoch = l.epoch;
  status := d.status;
  tenant_id := d.tenant_id;
  webhook_id := d.webhook_id;
  number := d.attempt_count;

  if d.status <> 'pending' then
    answer := 'ended';
  elsif d.batched then
    answer := 'batch';
  elsif is_used_up(d, w) or w.timeout_ms > p_timeout_ms
      or p_if_easy and (d.attempt_count > d.schedule_base or d.due_at > v_now or d.in_flight_until is not null or v_holds
                        or is_troubled(d.webhook_id, v_now)) then
    answer := 'replan';
  elsif d.in_flight_until > v_now then
    answer := 'wait';
    waits_for := 'request';
    wait_ms := milliseconds_until(d.in_flight_until);
  elsif d.in_flight_until is not null and not is_abandoned(d, p_process) then
    answer := 'wait';
    waits_for := 'request';
    wait_ms := 1000;
  elsif await_turn(d) then
    answer := 'turn';
    if v_holds then
      perform give_token_back(d.webhook_id);
    end if;
  elsif d.due_at > v_now then
    -- the caller's schedule is behind: its worker was lost, and the server began to count anew
    answer := 'wait';
    waits_for := 'backoff';
    wait_ms := milliseconds_until(least(d.due_at, d.expires_at));
  elsif v_holds and d.next_attempt_at > v_now then
    -- a delivery that became due earlier has its slot now
    answer := 'wait';
    waits_for := 'token';
    wait_ms := milliseconds_until(d.next_attempt_at);
  elsif sealed_key_id(w.secret_sealed) <> all(p_keys) or sealed_key_id(w.headers_sealed) <> all(p_keys) then
    answer := 'sealed';
  elsif q.sent >= v_quota then
    answer := 'wait';
    waits_for := 'quota';
    wait_ms := milliseconds_until(q.began_at + interval '60 s' * (1 + q.promised / v_quota));
    if not p_if_easy then
      update tenant_request_windows set began_at = q.began_at, sent = q.sent, promised = q.promised + 1 where tenant_id = d.tenant_id;
      update webhook_deliveries set next_attempt_at = v_now + wait_ms * interval '1 ms' where id = p_delivery;
    end if;
  end if;

  -- If the webhook was changed since, it may have had a transform.
  if v_batch is null and (w.transform is not null or d.attempt_count > 0 or w.updated_at > d.created_at) then
    select b.body into v_body from webhook_bodies b where b.delivery_id = p_delivery;
    if answer is null and v_body is null and w.transform is not null then
      answer := 'transform';
      transform := w.transform;
      number := d.attempt_count + 1;
      taken_at := v_now;
      target_version := w.target_version;
      event_row_id := d.event_row_id;
      event_type := d.event_type;
      event_id := d.event_id;
      body := e.body;
    end if;
  end if;

  if answer is null and v_holds then
    -- Deliveries that are late by more than two seconds do not hold up the others.
    select count(*) into v_before from (
      select from webhook_deliveries o
       where o.webhook_id = d.webhook_id and o.holds_token and o.token_epoch = l.epoch and (o.due_at, o.id) < (d.due_at, d.id)
         and o.next_attempt_at between v_now - interval '2 s' and v_now
       order by o.due_at desc, o.id desc limit 60) earlier;
    if v_before > 0 then
      answer := 'behind';
      wait_ms := v_before * 25;
    end if;
  end if;

  if answer is null and (w.rate_limit_per_minute is not null or w.rate_limit_per_hour is not null) then
    select t.number, milliseconds_until(t.come_back_at), t.come_back_at into token, wait_ms, v_come_back
      from take_token(d.webhook_id, v_holds, w.rate_limit_per_minute, w.rate_limit_per_hour, v_now) t;
    if token is null then
      answer := 'wait';
      waits_for := 'token';
      if v_come_back is not null and not p_if_easy then
        update webhook_deliveries set next_attempt_at = v_come_back where id = p_delivery;
      end if;
    end if;
  end if;

  if waits_for in ('token', 'quota') and d.expires_at < v_now + wait_ms * interval '1 ms' then
    wait_ms := milliseconds_until(d.expires_at);
  end if;

  if answer is null then
    update webhook_deliveries
       set holds_token = false, in_flight_since = v_now, in_flight_until = v_now + request_lease(w.timeout_ms),
           in_flight_request = p_request, in_flight_by = p_process, retry_requested = false, workflow_started_at = coalesce(workflow_started_at, v_now)
     where id = p_delivery;
    if v_quota is not null then
      update tenant_request_windows set began_at = q.began_at, sent = q.sent + 1, promised = q.promised where tenant_id = d.tenant_id;
    end if;
    answer := 'send';
    number := d.attempt_count + 1;
    attempts_used := d.attempt_count - coalesce(d.fallback_from, d.schedule_base);
    taken_at := v_now;
    target_version := w.target_version;
    event_row_id := case when v_batch is null then d.event_row_id else d.id end;
    event_type := case when v_batch is null then d.event_type else 'batch' end;
    event_id := case when v_batch is null then d.event_id else d.id::text end;
    body := coalesce(v_body, e.body);
    url := case when d.fallback_from is null then w.url else w.fallback_url end;
    target := case when d.fallback_from is null then 'primary' else 'fallback' end;
    retry_schedule := w.retry_schedule;
    ordering_key := case when v_batch is null then e.ordering_key end;
    sequence := e.sequence;
    traceparent := e.traceparent;
    -- a batch is of events of many traces
    sends_traceparent := v_batch is null and e.sends_traceparent;
    timeout_ms := w.timeout_ms;
    headers_sealed := w.headers_sealed;
    secret_sealed := w.secret_sealed;
    previous_secret_sealed := case when w.previous_secret_expires_at > v_now then w.previous_secret_sealed end;
  end if;
  return next;
end $$;

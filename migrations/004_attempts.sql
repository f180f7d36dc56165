-- Up Migration

-- The three statements of an attempt: plan_attempt, take_attempt, record_attempt. Each is one round trip, locks in the
-- order webhook, limiter, delivery, counters, and may be repeated by whoever lost the answer.
-- All waits are answered as milliseconds from now: no caller's clock is compared with this server's.

create function milliseconds_until(moment timestamptz) returns bigint language sql volatile strict as $$
  select greatest(0, ceil(extract(epoch from moment - clock_timestamp()) * 1000))::bigint
$$;

-- Whether a webhook failed or was slow within the last minute.
create function is_troubled(p_webhook integer, p_now timestamptz) returns boolean language sql stable as $$
  select coalesce(max(last_trouble_at) > p_now - interval '60 s', false) from webhook_counters where webhook_id = p_webhook
$$;

-- Ends or holds one delivery that is not going to be sent now, whoever asks first. No effect on one that has ended.
create function settle_delivery(p_delivery uuid, p_status text) returns void language plpgsql as $$
declare
  d webhook_deliveries;
  v_webhook integer;
begin
  select webhook_id into v_webhook from webhook_deliveries where id = p_delivery;
  perform 1 from webhook_limiters where webhook_id = v_webhook for no key update;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  if not found or d.status not in ('pending', 'held') or d.status = p_status then
    return;
  end if;
  if d.holds_token then
    perform give_token_back(v_webhook);
  end if;
  update webhook_deliveries
     set status = p_status, holds_token = false, next_attempt_at = null, pending_since = null,
         finished_at = case when p_status = 'held' then null else clock_timestamp() end
   where id = p_delivery;
  if not d.test then
    perform count_deliveries(v_webhook, d.status, p_status, 1);
  end if;
end $$;

-- What is to be done with a delivery: its status, how many attempts its schedule has left, and in how many
-- milliseconds the next may go. Reserves a token when others wait or the window is full. No row: no such delivery.
create function plan_attempt(p_delivery uuid)
returns table (status text, tenant_id uuid, webhook_id integer, attempt_count integer, attempts_used integer,
               attempts_left integer, wait_ms bigint, timeout_ms integer, troubled boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  d webhook_deliveries;
  w webhooks;
  v_at timestamptz;
  v_now timestamptz := clock_timestamp();
  l webhook_limiters;
begin
  select * into d from webhook_deliveries where id = p_delivery;
  if not found then
    return;
  end if;
  select * into w from webhooks where id = d.webhook_id;
  if d.status = 'pending' then
    if w.deleted_at is not null then
      perform settle_delivery(p_delivery, 'cancelled');
    elsif not w.enabled then
      perform settle_delivery(p_delivery, 'held');
    elsif d.attempt_count - d.schedule_base > w.max_retries then
      -- max_retries was lowered below what was already used
      perform settle_delivery(p_delivery, 'failed');
    end if;
    select * into d from webhook_deliveries where id = p_delivery;
  end if;
  v_at := greatest(d.due_at, d.in_flight_until);
  if d.status = 'pending' and v_at <= v_now and (w.rate_limit_per_minute is not null or w.rate_limit_per_hour is not null) then
    -- A look without a lock answers the usual case; only who must wait queues up at the limiter.
    select * into l from webhook_limiters where webhook_limiters.webhook_id = d.webhook_id;
    if d.holds_token or l.reserved > l.taken
        or token_free_at(d.webhook_id, l.taken + 1, w.rate_limit_per_minute, w.rate_limit_per_hour) > v_now then
      perform 1 from webhook_limiters where webhook_limiters.webhook_id = d.webhook_id for no key update;
      select * into d from webhook_deliveries where id = p_delivery for no key update;
      if d.status = 'pending' then
        v_now := clock_timestamp();
        v_at := reserve_token(d.webhook_id, d.holds_token, w.rate_limit_per_minute, w.rate_limit_per_hour, v_now);
        if v_at is not null then
          update webhook_deliveries
             set holds_token = true, next_attempt_at = v_at,
                 workflow_started_at = coalesce(webhook_deliveries.workflow_started_at, v_now)
           where id = p_delivery;
        end if;
      end if;
    end if;
  end if;
  return query select d.status, d.tenant_id, d.webhook_id, d.attempt_count, d.attempt_count - d.schedule_base,
    1 + w.max_retries - (d.attempt_count - d.schedule_base), coalesce(milliseconds_until(v_at), 0), w.timeout_ms,
    is_troubled(d.webhook_id, v_now);
end $$;

-- The right to send one request now. `answer`:
--   send     everything the request needs; until in_flight_until nobody else may send
--   ended    the delivery is not pending (`status`)
--   wait     no token, or another request is open: come back in `wait_ms`; null: plan first
--   replan   the webhook's timeout is now longer than the caller allows for
-- p_if_easy: only a first attempt that is due, of a webhook without trouble, when nothing has to be waited for; else `replan`.
-- No row: no such delivery.
create function take_attempt(p_delivery uuid, p_timeout_ms integer, p_if_easy boolean)
returns table (answer text, status text, wait_ms bigint, number integer, attempts_used integer, token bigint,
               tenant_id uuid, webhook_id integer, event_row_id uuid, event_type text, event_id text, body text, url text,
               timeout_ms integer, headers_sealed bytea, secret_sealed bytea, previous_secret_sealed bytea)
language plpgsql as $$
#variable_conflict use_column
declare
  d webhook_deliveries;
  w webhooks;
  v_now timestamptz;
  v_token bigint;
  v_back timestamptz;
begin
  select * into d from webhook_deliveries where id = p_delivery;
  if not found then
    return;
  end if;
  select * into w from webhooks where id = d.webhook_id;
  -- also without a limit: there may have been one, and a reservation is then given back
  perform 1 from webhook_limiters where webhook_limiters.webhook_id = d.webhook_id for no key update;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  if d.status = 'pending' and (w.deleted_at is not null or not w.enabled) then
    perform settle_delivery(p_delivery, case when w.deleted_at is not null then 'cancelled' else 'held' end);
    select * into d from webhook_deliveries where id = p_delivery;
  end if;
  if d.status <> 'pending' then
    return query select 'ended', d.status, null::bigint, null::integer, null::integer, null::bigint, d.tenant_id, d.webhook_id,
      null::uuid, null, null, null, null, null::integer, null::bytea, null::bytea, null::bytea;
    return;
  end if;
  v_now := clock_timestamp();
  if d.attempt_count - d.schedule_base > w.max_retries or w.timeout_ms > p_timeout_ms
      or p_if_easy and (d.attempt_count > d.schedule_base or d.due_at > v_now or d.in_flight_until > v_now or d.holds_token
                        or is_troubled(d.webhook_id, v_now)) then
    return query select 'replan', d.status, null::bigint, null::integer, null::integer, null::bigint, d.tenant_id, d.webhook_id,
      null::uuid, null, null, null, null, null::integer, null::bytea, null::bytea, null::bytea;
    return;
  end if;
  if d.in_flight_until > v_now then
    return query select 'wait', d.status, milliseconds_until(d.in_flight_until), null::integer, null::integer, null::bigint,
      d.tenant_id, d.webhook_id, null::uuid, null, null, null, null, null::integer, null::bytea, null::bytea, null::bytea;
    return;
  end if;
  if w.rate_limit_per_minute is not null or w.rate_limit_per_hour is not null then
    select t.number, t.come_back_at into v_token, v_back
      from take_token(d.webhook_id, d.holds_token, w.rate_limit_per_minute, w.rate_limit_per_hour, v_now) t;
    if v_token is null then
      if v_back is not null and not p_if_easy then
        update webhook_deliveries set next_attempt_at = v_back where id = p_delivery;
      end if;
      return query select 'wait', d.status, milliseconds_until(v_back), null::integer, null::integer, null::bigint,
        d.tenant_id, d.webhook_id, null::uuid, null, null, null, null, null::integer, null::bytea, null::bytea, null::bytea;
      return;
    end if;
  end if;
  update webhook_deliveries
     set holds_token = false, in_flight_until = v_now + (w.timeout_ms + 5000) * interval '1 ms',
         workflow_started_at = coalesce(webhook_deliveries.workflow_started_at, v_now)
   where id = p_delivery;
  return query select 'send', d.status, null::bigint, d.attempt_count + 1, d.attempt_count - d.schedule_base, v_token,
    d.tenant_id, d.webhook_id, d.event_row_id, d.event_type, d.event_id, e.body, w.url, w.timeout_ms,
    w.headers_sealed, w.secret_sealed,
    case when w.previous_secret_expires_at > v_now then w.previous_secret_sealed end
    from webhook_events e where e.id = d.event_row_id;
end $$;

-- Records one finished request: the attempt, the delivery's new state and verdict, the counters, all or nothing.
-- p_verdict: 'delivered', 'retry' (failed if the schedule has nothing left), 'final' (failed at once) or 'gone'
-- (failed, and the webhook is disabled with p_disabled_reason).
-- Repeating it with the same p_request_id changes nothing and answers the same.
create function record_attempt(
  p_delivery uuid, p_request_id uuid, p_number integer, p_started_at timestamptz, p_duration_ms integer,
  p_status_code integer, p_request_headers text, p_response_headers text, p_response_body text, p_response_truncated boolean,
  p_error_class text, p_error_message text, p_verdict text, p_retry_wait_ms bigint, p_disabled_reason text,
  p_token bigint, p_elapsed_ms integer)
returns table (status text, number integer, attempts_used integer, wait_ms bigint)
language plpgsql as $$
#variable_conflict use_column
declare
  d webhook_deliveries;
  w webhooks;
  v_number integer;
  v_used integer;
  v_now timestamptz := clock_timestamp();
  v_status text;
  v_due timestamptz;
  v_base integer;
  v_failed boolean := p_verdict <> 'delivered';
begin
  select wh.* into w from webhooks wh join webhook_deliveries wd on wd.webhook_id = wh.id where wd.id = p_delivery;
  if p_verdict = 'gone' then
    perform 1 from webhooks where id = w.id for no key update;
    -- a deleted or paused webhook keeps the reason that its tenant gave
    update webhooks set enabled = false, disabled_reason = p_disabled_reason, disabled_at = v_now, updated_at = v_now
     where id = w.id and enabled and deleted_at is null;
  end if;
  -- The limiter comes before the delivery; it is needed only when a pause gave this delivery a new reservation meanwhile.
  perform 1 from webhook_limiters l, webhook_deliveries wd
    where wd.id = p_delivery and wd.holds_token and l.webhook_id = wd.webhook_id for no key update of l;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  if not found then
    return;
  end if;
  select a.number into v_number from webhook_attempts a where a.delivery_id = p_delivery and a.request_id = p_request_id;
  if found then
    return query select d.status, v_number, d.attempt_count - d.schedule_base, milliseconds_until(d.due_at);
    return;
  end if;
  -- another request of the same number can have been recorded first, when this one was thought lost
  v_number := greatest(p_number, d.attempt_count + 1);
  v_base := d.schedule_base;
  v_used := v_number - v_base;
  v_due := d.due_at;
  v_status := d.status;
  if not v_failed then
    v_status := 'delivered';
  elsif d.status in ('pending', 'held') then
    if d.retry_requested_at > p_started_at and p_verdict = 'retry' and d.status = 'pending' then
      v_due := v_now;
      if v_used > w.max_retries then
        v_base := v_number;
      end if;
    elsif p_verdict <> 'retry' or v_used > w.max_retries then
      v_status := 'failed';
    else
      v_due := v_now + p_retry_wait_ms * interval '1 ms';
    end if;
  end if;

  insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers,
    response_headers, response_body, response_truncated, error_class, error_message)
  values (p_delivery, v_number, p_request_id, p_started_at, p_duration_ms, p_status_code, p_request_headers,
    p_response_headers, p_response_body, p_response_truncated, p_error_class, p_error_message);
  if d.holds_token and v_status <> 'pending' then
    perform give_token_back(d.webhook_id);
  end if;
  update webhook_deliveries
     set status = v_status, attempt_count = v_number, schedule_base = v_base, due_at = v_due, in_flight_until = null,
         holds_token = holds_token and v_status = 'pending',
         next_attempt_at = case when v_status = 'pending' then v_due end,
         pending_since = case when v_status = 'pending' then coalesce(pending_since, v_now) end,
         finished_at = case when v_status in ('pending', 'held') then null
                            when v_status = d.status then d.finished_at
                            else v_now end
   where id = p_delivery;
  if p_token is not null then
    -- Counted from when the answer was there, not from when the token was taken: the request reached the receiver no later.
    update webhook_tokens set at = at + p_elapsed_ms * interval '1 ms' where webhook_id = d.webhook_id and number = p_token;
  end if;

  insert into webhook_counters as c (webhook_id, slot, pending, held, delivered, failed, attempts, duration_ms,
                                     last_success_at, last_failure_at, last_trouble_at)
  values (d.webhook_id, floor(random() * 8)::smallint,
    case when d.test then 0 else (v_status = 'pending')::int - (d.status = 'pending')::int end,
    case when d.test then 0 else (v_status = 'held')::int - (d.status = 'held')::int end,
    case when d.test then 0 else (v_status = 'delivered')::int - (d.status = 'delivered')::int end,
    case when d.test then 0 else (v_status = 'failed')::int - (d.status = 'failed')::int end,
    case when d.test then 0 else 1 end, case when d.test then 0 else p_duration_ms end,
    case when not d.test and not v_failed then v_now end,
    case when not d.test and v_failed then v_now end,
    case when v_failed or p_duration_ms > 1000 then v_now end)
  on conflict (webhook_id, slot) do update
     set pending = c.pending + excluded.pending, held = c.held + excluded.held,
         delivered = c.delivered + excluded.delivered, failed = c.failed + excluded.failed,
         attempts = c.attempts + excluded.attempts, duration_ms = c.duration_ms + excluded.duration_ms,
         last_success_at = coalesce(excluded.last_success_at, c.last_success_at),
         last_failure_at = coalesce(excluded.last_failure_at, c.last_failure_at),
         last_trouble_at = coalesce(excluded.last_trouble_at, c.last_trouble_at);
  return query select v_status, v_number, v_number - v_base, milliseconds_until(v_due);
end $$;

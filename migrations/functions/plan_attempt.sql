-- What to do with a delivery: its status, how many attempts its schedule has left, and in how many milliseconds the
-- next one may be sent, when that is and why not before: `token`, `request` (one may be open), or `backoff`. Reserves a
-- token when others wait or the window is full. No row: no such delivery.
create or replace function plan_attempt(p_delivery uuid)
returns table (status text, attempt_count integer, attempts_used integer, attempts_left integer, wait_ms bigint,
               timeout_ms integer, wait_until timestamptz, waits_for text, url text, last_status_code integer,
               last_error_class text)
language plpgsql as $$
#variable_conflict use_column
declare
  d webhook_deliveries;
  w webhooks;
  v_at timestamptz;
  v_waits_for text;
  v_now timestamptz := clock_timestamp();
  l webhook_limiters;
begin
  select * into d from webhook_deliveries where id = p_delivery;
  if not found then
    perform require_writable();
    return;
  end if;
  select * into w from webhooks where id = d.webhook_id;
  if d.status = 'pending' then
    if w.deleted_at is not null then
      perform settle_delivery(p_delivery, 'cancelled');
    elsif not w.enabled and not d.test then
      perform settle_delivery(p_delivery, 'held');
    elsif d.attempt_count - d.schedule_base > w.max_retries then
      -- max_retries was lowered, and no attempts are left
      perform settle_delivery(p_delivery, 'failed');
    end if;
    select * into d from webhook_deliveries where id = p_delivery;
  end if;
  v_at := greatest(d.due_at, d.in_flight_until);
  v_waits_for := case when d.in_flight_until > d.due_at then 'request' else 'backoff' end;
  if d.status = 'pending' and v_at <= v_now and (w.rate_limit_per_minute is not null or w.rate_limit_per_hour is not null) then
    -- A read without a lock is enough for the usual case; only deliveries that must wait queue up at the limiter.
    select * into l from webhook_limiters where webhook_limiters.webhook_id = d.webhook_id;
    if d.holds_token or l.reserved > l.taken
        or token_free_at(d.webhook_id, l.taken + 1, w.rate_limit_per_minute, w.rate_limit_per_hour) > v_now then
      select * into l from webhook_limiters where webhook_limiters.webhook_id = d.webhook_id for no key update;
      select * into d from webhook_deliveries where id = p_delivery for no key update;
      -- read after the lock: new limits come with a new epoch, and the two must match
      select * into w from webhooks where id = d.webhook_id;
      if d.status = 'pending' and (w.rate_limit_per_minute is not null or w.rate_limit_per_hour is not null) then
        v_now := clock_timestamp();
        if d.holds_token and d.token_epoch = l.epoch then
          -- its own slot, not the next free one: a delivery that is woken early must not overtake others
          v_at := greatest(v_now, d.next_attempt_at,
                           token_free_at(d.webhook_id, l.taken + 1, w.rate_limit_per_minute, w.rate_limit_per_hour));
        else
          v_at := reserve_token(d.webhook_id, false, w.rate_limit_per_minute, w.rate_limit_per_hour, v_now);
          if v_at is not null then
            v_at := place_in_order(d.webhook_id, l.epoch, p_delivery, d.due_at, v_at);
          end if;
        end if;
        if v_at is not null then
          v_waits_for := 'token';
          update webhook_deliveries
             set holds_token = true, token_epoch = l.epoch, next_attempt_at = v_at,
                 workflow_started_at = coalesce(webhook_deliveries.workflow_started_at, v_now)
           where id = p_delivery;
        end if;
      end if;
    end if;
  end if;
  return query select d.status, d.attempt_count, d.attempt_count - d.schedule_base,
    1 + w.max_retries - (d.attempt_count - d.schedule_base), coalesce(milliseconds_until(v_at), 0), w.timeout_ms,
    v_at, v_waits_for, w.url, a.status_code, a.error_class
    from (values (1)) one left join webhook_attempts a on a.delivery_id = p_delivery and a.number = d.attempt_count;
end $$;

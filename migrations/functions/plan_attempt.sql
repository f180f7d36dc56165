-- What to do with a delivery: its status, how many attempts its schedule has left, and in how many milliseconds the
-- next one may be sent, when that is and why not before: `token`, `request` (one may be open), `backoff`, `turn` (an
-- earlier event of its ordering key has not ended: when it ends, this delivery becomes due), or `batch` (it is sent in
-- one). Reserves a token when others wait or the window is full. `releases`, `deliveries`: see take_attempt. No row: no such delivery.
create or replace function plan_attempt(p_delivery uuid)
returns table (status text, attempt_count integer, attempts_used integer, attempts_left integer, wait_ms bigint,
               timeout_ms integer, wait_until timestamptz, waits_for text, url text, last_status_code integer,
               last_error_class text, retry_schedule integer[], releases boolean, deliveries integer)
language plpgsql as $$
#variable_conflict use_column
declare
  d webhook_deliveries;
  w webhooks;
  v_at timestamptz;
  v_waits_for text;
  v_now timestamptz := clock_timestamp();
  l webhook_limiters;
  v_was text;
  v_left integer;
begin
  select * into d from webhook_deliveries where id = p_delivery;
  if not found then
    perform require_writable();
    return;
  end if;
  select * into w from webhooks where id = d.webhook_id;
  v_was := d.status;
  if d.status = 'pending' then
    if w.deleted_at is not null then
      perform settle_delivery(p_delivery, 'cancelled');
    elsif must_be_held(d, w) then
      perform settle_delivery(p_delivery, 'held');
    elsif d.expires_at <= v_now and coalesce(d.in_flight_until, '-infinity') <= v_now then
      perform expire_delivery(p_delivery);
    elsif is_used_up(d, w) and d.fallback_from is null and w.fallback_url is not null then
      -- max_retries was lowered: what is left goes to the fallback, unless the request that is open delivers it
      update webhook_deliveries x set fallback_from = x.attempt_count
       where x.id = p_delivery and x.status = 'pending' and x.fallback_from is null
         and x.attempt_count - x.schedule_base > w.max_retries and coalesce(x.in_flight_until, '-infinity') <= v_now;
    elsif is_used_up(d, w) then
      -- max_retries was lowered, or the fallback removed, and no attempts are left
      perform settle_delivery(p_delivery, 'failed');
    end if;
    select * into d from webhook_deliveries where id = p_delivery;
  end if;
  if d.status = 'pending' and (d.waits_for_turn or d.batched) then
    v_waits_for := case when d.batched then 'batch' else 'turn' end;
  end if;
  v_left := case when d.fallback_from is not null then 3 - (d.attempt_count - d.fallback_from)
                 else greatest(0, 1 + w.max_retries - (d.attempt_count - d.schedule_base))
                      + case when w.fallback_url is not null then 3 else 0 end end;
  v_at := greatest(least(d.due_at, d.expires_at), d.in_flight_until);
  v_waits_for := coalesce(v_waits_for, case when d.in_flight_until > d.due_at then 'request' else 'backoff' end);
  if d.status = 'pending' and not d.waits_for_turn and not d.batched and v_at <= v_now and (w.rate_limit_per_minute is not null or w.rate_limit_per_hour is not null) then
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
  return query select d.status, d.attempt_count, d.attempt_count - coalesce(d.fallback_from, d.schedule_base), v_left,
    coalesce(milliseconds_until(case when v_waits_for = 'token' then least(v_at, d.expires_at) else v_at end), 0), w.timeout_ms, v_at, v_waits_for,
    case when d.fallback_from is null then w.url else coalesce(w.fallback_url, w.url) end, a.status_code, a.error_class,
    case when d.fallback_from is null then w.retry_schedule else '{1,2}' end,
    v_was = 'pending' and d.finished_at is not null and (d.ordering_key is not null or d.batch_size is not null),
    coalesce(d.batch_size, 1)
    from (values (1)) one left join webhook_attempts a on a.delivery_id = p_delivery and a.number = d.attempt_count;
end $$;

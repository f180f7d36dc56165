-- Records one finished request: the attempt, the delivery's new state and verdict, the counters, all or nothing.
-- p_verdict: delivered, retry (failed if the schedule has no attempts left), final (failed immediately), gone (failed,
-- and the webhook is disabled with p_disabled_reason) or again (a reused connection broke: the next request follows and
-- uses up no retry). Repeating it with the same p_request records nothing new. `health`: the webhook's health, if this
-- call changed it. No row: no such delivery. Parameters are given by name; not as JSON, which would refuse text that a
-- receiver may send. `releases`, `deliveries`: see take_attempt. A transform that failed is recorded as an attempt without a request.
create or replace function record_attempt(
  p_delivery uuid, p_request uuid, p_number integer, p_target_version integer, p_started_at timestamptz, p_duration_ms integer,
  p_status_code integer, p_request_headers text, p_response_headers text, p_response_body text, p_response_truncated boolean,
  p_error_class text, p_error_message text, p_verdict text, p_retry_wait_ms bigint, p_disabled_reason text,
  p_token bigint, p_elapsed_ms integer, p_target text)
returns table (status text, number integer, wait_ms bigint, health text, releases boolean, deliveries integer)
language plpgsql as $$
#variable_conflict use_column
declare
  v_reports constant text[] := array['webhook.failing', 'webhook.recovered', 'webhook.disabled'];
  d webhook_deliveries;
  w webhooks;
  l webhook_limiters;
  h webhook_health;
  v_now timestamptz := clock_timestamp();
  v_may_disable boolean;
  v_is_evidence boolean;
  v_failed boolean;
  v_falls_back boolean := false;
begin
  select * into d from webhook_deliveries where id = p_delivery;
  select * into w from webhooks where id = d.webhook_id;
  -- The webhook is locked first if it may be disabled: because it fails for too long, or because of a receiver's
  -- permanent refusal, which counts for one url only, and only until the tenant enables the webhook again.
  v_may_disable := p_verdict = 'gone' and w.target_version = p_target_version
    or p_verdict <> 'delivered' and exists (
      select from webhook_health h
       where h.webhook_id = w.id and h.failures_began_at <= v_now - w.disable_after_hours * interval '1 hour');
  if v_may_disable then
    select * into w from webhooks where id = w.id for no key update;
  end if;
  if p_verdict in ('gone', 'final') and w.target_version <> p_target_version then
    p_verdict := 'retry';
  end if;
  -- The limiter is locked before the delivery. It is needed when this makes all planned tokens void, and when the
  -- delivery reserved a token meanwhile.
  if v_may_disable or d.holds_token then
    select * into l from webhook_limiters where webhook_id = d.webhook_id for no key update;
  end if;
  -- Without the last condition, two failing webhooks could notify each other without end.
  v_is_evidence := w.is_open and not d.test and (p_verdict = 'delivered'
    or case when d.batch_size is null then d.event_type <> all (v_reports)
            else exists (
              select from webhook_batch_members m join webhook_deliveries x on x.id = m.delivery_id
               where m.batch_id = d.id and x.event_type <> all (v_reports)) end);
  if v_is_evidence or v_may_disable then
    h := lock_health(w, p_verdict = 'delivered', p_target, p_error_message, v_may_disable);
  end if;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  if not found then
    return;
  end if;
  if d.holds_token and l.webhook_id is null then
    raise exception 'the delivery reserved a token meanwhile; record again' using errcode = 'serialization_failure';
  end if;
  status := d.status;
  select a.number into number from webhook_attempts a where a.delivery_id = p_delivery and a.request_id = p_request;
  if found then
    null;
  elsif p_error_class = 'transform'
      and (d.finished_at is not null or exists (select from webhook_bodies b where b.delivery_id = p_delivery)) then
    -- another process transformed it at the same time
    number := d.attempt_count;
  else
    -- another request of the same number may have been recorded first, if this one was thought lost
    number := greatest(p_number, d.attempt_count + 1);
    d.attempt_count := number;
    if p_verdict = 'again' then
      -- A receiver that breaks every reused connection must not get requests without end.
      if d.free_attempts < 3 then
        d.schedule_base := d.schedule_base + 1;
        d.fallback_from := d.fallback_from + 1;
        d.free_attempts := d.free_attempts + 1;
      else
        p_verdict := 'retry';
      end if;
    end if;
    if p_verdict = 'delivered' then
      status := 'delivered';
    elsif d.status = 'pending' and d.retry_requested and p_verdict in ('retry', 'again') then
      d.due_at := v_now;
      if d.fallback_from is not null or is_used_up(d, w) then
        d.schedule_base := d.attempt_count;
        d.fallback_from := null;
      end if;
    elsif d.status in ('pending', 'held') then
      if p_verdict <> 'gone' and (p_target = 'fallback') <> (d.fallback_from is not null) then
        -- The record came so late that its url's turn is over: it uses up no attempt of the other url.
        if p_verdict <> 'again' then
          d.schedule_base := d.schedule_base + 1;
          d.fallback_from := d.fallback_from + 1;
        end if;
      elsif d.fallback_from is null and w.fallback_url is not null and p_verdict <> 'gone' and p_error_class is distinct from 'transform'
          and (p_verdict = 'final' or is_used_up(d, w)) then
        v_falls_back := true;
        d.fallback_from := d.attempt_count;
        d.due_at := v_now;
      elsif p_verdict in ('final', 'gone') or is_used_up(d, w) then
        status := 'failed';
      else
        d.due_at := v_now + case when p_verdict = 'again' then 0 else p_retry_wait_ms end * interval '1 ms';
      end if;
    end if;
    if d.in_flight_request is null or d.in_flight_request = p_request then
      d.in_flight_until := null;
      d.in_flight_request := null;
      d.in_flight_by := null;
      d.retry_requested := false;
    end if;

    if d.expunged_at is not null then
      p_request_headers := '{}';
      p_response_headers := null;
      p_response_body := null;
      p_error_message := case when p_error_message is not null then '[expunged]' end;
    end if;
    insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers,
      response_headers, response_body, response_truncated, error_class, error_message, target, ended_as)
    values (p_delivery, d.attempt_count, p_request, p_started_at, p_duration_ms, p_status_code, p_request_headers,
      p_response_headers, p_response_body, p_response_truncated, p_error_class, p_error_message, nullif(p_target, 'primary'),
      -- delivered or failed: nothing else ends with an attempt. A batch is no delivery.
      case when status not in ('pending', 'held') and status <> d.status and d.batch_size is null then status end);
    if p_token is not null then
      -- The limit counts from the response, not from when the token was taken: by then the request had arrived.
      update webhook_tokens set at = at + p_elapsed_ms * interval '1 ms' where webhook_id = d.webhook_id and number = p_token;
    end if;
    -- Health is the url's, of which attempts at the fallback say nothing.
    v_is_evidence := v_is_evidence and (p_target = 'primary' or status = 'failed');
    v_failed := v_is_evidence and (v_falls_back or status = 'failed' and d.status <> 'failed');
    -- one that the fallback fails too was counted when it went there
    perform change_status(array[d], status, p_duration_ms, p_verdict = 'delivered', v_now,
                          case when v_is_evidence then (v_failed and p_target = 'primary')::int end);
    if h.webhook_id is null then
      null;
    elsif v_is_evidence or p_verdict = 'gone' then
      health := judge_health(h, w, v_is_evidence, p_verdict = 'delivered', v_failed, p_error_message,
                             case when p_verdict = 'gone' then p_disabled_reason end, v_may_disable, v_now);
    elsif p_verdict = 'delivered' then
      -- as long as the fallback works, the webhook is not disabled
      update webhook_health set failures_began_at = null where webhook_id = w.id;
    end if;
  end if;
  wait_ms := milliseconds_until(least(d.due_at, d.expires_at));
  releases := status not in ('pending', 'held') and (d.ordering_key is not null or d.batch_size is not null);
  deliveries := coalesce(d.batch_size, 1);
  return next;
end $$;

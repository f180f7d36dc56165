-- Up Migration

-- The statements of a delivery, as they are from here on; 003 and 004 have the words for tokens, limits and locks.
-- Locks are taken in one order: webhook, tenant's window, limiter, delivery, counters.
-- A statement may read a webhook's settings just before they change. Whatever it then writes is found by settle_batch:
-- a change counts as settled only when every transaction that was open at the time has ended, and nothing is left.

drop function settle_delivery(uuid, text);
drop function plan_attempt(uuid);
drop function take_attempt(uuid, integer, boolean);
drop function record_attempt(uuid, uuid, integer, timestamptz, integer, integer, text, text, text, boolean, text, text, text,
                             bigint, text, bigint, integer);
drop function forget_planned_tokens(integer);

-- Fails on a standby, and on a server that was made read-only: what is not there may be on the primary. Whoever concludes
-- something from a row that is missing asks first.
create function require_writable() returns void language plpgsql as $$
begin
  perform from webhooks where false for no key update;
end $$;

-- Gives up every planned token of a webhook by beginning another epoch; holders of the old one hold nothing. The rows of
-- planned numbers stay: nobody reads beyond `reserved`, and settle_batch removes them.
create function void_planned_tokens(p_webhook integer) returns void language sql as $$
  update webhook_limiters set epoch = epoch + 1, reserved = taken, told = taken where webhook_id = p_webhook
$$;

-- Ends or holds one delivery that is not going to be sent now, whoever asks first. No effect on one that has ended.
create function settle_delivery(p_delivery uuid, p_status text) returns void language plpgsql as $$
declare
  d webhook_deliveries;
  l webhook_limiters;
  v_webhook integer;
begin
  select webhook_id into v_webhook from webhook_deliveries where id = p_delivery;
  select * into l from webhook_limiters where webhook_id = v_webhook for no key update;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  if not found or d.status not in ('pending', 'held') or d.status = p_status then
    return;
  end if;
  if d.holds_token and d.token_epoch = l.epoch then
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

-- Makes up to p_limit deliveries of a webhook fit its settings as they are now, and answers what it changed: of a deleted
-- webhook they are cancelled, of a paused one held; of an enabled one what is held becomes pending with a new schedule,
-- who waits for a void token asks again, and who has used up more than max_retries has failed. `wakes`: its workflow must
-- start, or ask again. Safe to repeat and to run twice at once. A delivery that somebody else has locked is left for the next call.
create function settle_batch(p_webhook integer, p_limit integer)
returns table (id uuid, tenant_id uuid, webhook_id integer, event_type text, event_id text, was text, status text, wakes boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  l webhook_limiters;
  w webhooks;
  v_now timestamptz;
  v_to text;
  v_back bigint;
  v_count bigint;
  v_from text;
begin
  select * into l from webhook_limiters where webhook_limiters.webhook_id = p_webhook for no key update;
  select * into w from webhooks where webhooks.id = p_webhook;
  v_now := clock_timestamp();
  delete from webhook_tokens t where t.webhook_id = p_webhook
     and t.number in (select number from webhook_tokens
                       where webhook_tokens.webhook_id = p_webhook and number > l.reserved order by number desc limit 5000);
  if w.deleted_at is not null or not w.enabled then
    v_to := case when w.deleted_at is not null then 'cancelled' else 'held' end;
    foreach v_from in array case when v_to = 'held' then array['pending'] else array['pending', 'held'] end loop
      return query
        with wrong as (
          select d.id, d.holds_token and d.token_epoch = l.epoch as holds from webhook_deliveries d
           -- a test is how one finds out whether to resume: a pause does not hold it
           where d.webhook_id = p_webhook and d.status = v_from and not (d.test and v_to = 'held')
           order by d.id limit p_limit for no key update skip locked),
        settled as (
          update webhook_deliveries d
             set status = v_to, holds_token = false, next_attempt_at = null, pending_since = null,
                 finished_at = case when v_to = 'held' then null else v_now end
            from wrong where d.id = wrong.id
          returning d.id, d.tenant_id, d.webhook_id, d.event_type, d.event_id, d.test, wrong.holds),
        counted as (select count_deliveries(p_webhook, v_from, v_to, (select count(*) from settled where not test))),
        given as (select give_tokens_back(p_webhook, (select count(*) from settled where holds)))
        select s.id, s.tenant_id, s.webhook_id, s.event_type, s.event_id, v_from, v_to, false
          from settled s cross join counted cross join given;
    end loop;
    return;
  end if;

  return query
    with wrong as (
      select d.id from webhook_deliveries d where d.webhook_id = p_webhook and d.status = 'held'
       order by d.id limit p_limit for no key update skip locked),
    resumed as (
      update webhook_deliveries d
         set status = 'pending', schedule_base = attempt_count, free_attempts = 0, due_at = v_now, next_attempt_at = v_now,
             retry_requested = false, pending_since = v_now, workflow_started_at = null
        from wrong where d.id = wrong.id
      returning d.id, d.tenant_id, d.webhook_id, d.event_type, d.event_id, d.test),
    counted as (select count_deliveries(p_webhook, 'held', 'pending', (select count(*) from resumed where not test)))
    select r.id, r.tenant_id, r.webhook_id, r.event_type, r.event_id, 'held', 'pending', true from resumed r cross join counted;
  get diagnostics v_count = row_count;
  if v_count > 0 then
    return;
  end if;

  return query
    with wrong as (
      select d.id from webhook_deliveries d where d.webhook_id = p_webhook and d.holds_token and d.token_epoch < l.epoch
       order by d.token_epoch, d.due_at, d.id limit p_limit for no key update skip locked)
    update webhook_deliveries d
       set holds_token = false, next_attempt_at = v_now, pending_since = v_now, workflow_started_at = null
      from wrong where d.id = wrong.id
    returning d.id, d.tenant_id, d.webhook_id, d.event_type, d.event_id, 'pending', 'pending', true;
  get diagnostics v_count = row_count;
  if v_count > 0 then
    return;
  end if;

  return query
    with wrong as (
      select d.id, d.holds_token and d.token_epoch = l.epoch as holds from webhook_deliveries d
       where d.webhook_id = p_webhook and d.status = 'pending' and d.attempt_count > d.schedule_base
         and d.attempt_count - d.schedule_base > w.max_retries
         -- with a request open its record gives the verdict
         and coalesce(d.in_flight_until, '-infinity') < v_now
       order by d.id limit p_limit for no key update skip locked),
    settled as (
      update webhook_deliveries d
         set status = 'failed', holds_token = false, next_attempt_at = null, pending_since = null, finished_at = v_now
        from wrong where d.id = wrong.id
      returning d.id, d.tenant_id, d.webhook_id, d.event_type, d.event_id, d.test, wrong.holds),
    counted as (select count_deliveries(p_webhook, 'pending', 'failed', (select count(*) from settled where not test))),
    given as (select give_tokens_back(p_webhook, (select count(*) from settled where holds)))
    select s.id, s.tenant_id, s.webhook_id, s.event_type, s.event_id, 'pending', 'failed', true
      from settled s cross join counted cross join given;
end $$;

create function give_tokens_back(p_webhook integer, many bigint) returns void language plpgsql as $$
begin
  for i in 1..many loop
    perform give_token_back(p_webhook);
  end loop;
end $$;

-- Whether a delivery of the webhook does not fit its settings: what settle_batch would change, also where it is locked now.
create function is_unsettled(p_webhook integer) returns boolean language sql stable as $$
  select case
    when w.deleted_at is not null then exists (
      select from webhook_deliveries d where d.webhook_id = w.id and d.status in ('pending', 'held'))
    when not w.enabled then exists (
      select from webhook_deliveries d where d.webhook_id = w.id and d.status = 'pending' and not d.test)
    else exists (select from webhook_deliveries d where d.webhook_id = w.id and d.status = 'held')
      or exists (select from webhook_deliveries d where d.webhook_id = w.id and d.holds_token and d.token_epoch < l.epoch)
      or exists (select from webhook_deliveries d
                  where d.webhook_id = w.id and d.status = 'pending' and d.attempt_count > d.schedule_base
                    and d.attempt_count - d.schedule_base > w.max_retries
                    and coalesce(d.in_flight_until, '-infinity') < clock_timestamp())
    end
    from webhooks w join webhook_limiters l on l.webhook_id = w.id where w.id = p_webhook
$$;

-- Whether a transaction that began before a moment is still open: it may have read what was changed then.
create function has_transactions_before(moment timestamptz) returns boolean language sql volatile as $$
  select exists (select from pg_stat_activity
                  where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
                    and xact_start < moment)
$$;

-- A place for a delivery that reserves a number: by when it became due, not by when it asked. The youngest hundred of
-- those that became due later move back by one slot each. Whoever wakes at the slot that it had is told the other one.
create function place_in_order(p_webhook integer, p_epoch integer, p_delivery uuid, p_due timestamptz, p_slot timestamptz)
returns timestamptz language plpgsql as $$
declare
  v_own timestamptz;
begin
  with later as (
    select id, next_attempt_at, row_number() over (order by due_at, id) as place from (
      select d.id, d.due_at, d.next_attempt_at from webhook_deliveries d
       where d.webhook_id = p_webhook and d.holds_token and d.token_epoch = p_epoch and (d.due_at, d.id) > (p_due, p_delivery)
       order by d.due_at desc, d.id desc limit 100 for no key update skip locked) youngest),
  slots as (
    select at, row_number() over (order by at) as place
      from (select next_attempt_at as at from later union all select p_slot) each),
  moved as (
    update webhook_deliveries d set next_attempt_at = s.at
      from later join slots s on s.place = later.place + 1 where d.id = later.id and d.next_attempt_at <> s.at)
  select at into v_own from slots where place = 1;
  return v_own;
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
      select * into l from webhook_limiters where webhook_limiters.webhook_id = d.webhook_id for no key update;
      select * into d from webhook_deliveries where id = p_delivery for no key update;
      -- after the lock: other limits come with another epoch, and the two must fit
      select * into w from webhooks where id = d.webhook_id;
      if d.status = 'pending' and (w.rate_limit_per_minute is not null or w.rate_limit_per_hour is not null) then
        v_now := clock_timestamp();
        if d.holds_token and d.token_epoch = l.epoch then
          -- its own slot, not the next free one: whoever is woken does not pass those who wait
          v_at := greatest(v_now, d.next_attempt_at,
                           token_free_at(d.webhook_id, l.taken + 1, w.rate_limit_per_minute, w.rate_limit_per_hour));
        else
          v_at := reserve_token(d.webhook_id, false, w.rate_limit_per_minute, w.rate_limit_per_hour, v_now);
          if v_at is not null then
            v_at := place_in_order(d.webhook_id, l.epoch, p_delivery, d.due_at, v_at);
          end if;
        end if;
        if v_at is not null then
          update webhook_deliveries
             set holds_token = true, token_epoch = l.epoch, next_attempt_at = v_at,
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

-- Whether a request that should have ended by now, and of which no record came, may be given up: its process lived on and
-- had nothing to record, or it is gone. Gone is who has not beaten for 15 s while the asker beat all that time: after an
-- outage of Postgres everybody who lives has as long to record what was answered meanwhile.
create function is_abandoned(d webhook_deliveries, p_process uuid) returns boolean language sql stable as $$
  select d.in_flight_by is null or d.in_flight_by = p_process
    or not exists (select from sender_processes where id = d.in_flight_by and beat_at < d.in_flight_until)
    or exists (select from sender_processes theirs, sender_processes mine
                where theirs.id = d.in_flight_by and theirs.beat_at < clock_timestamp() - interval '15 s'
                  and mine.id = p_process and mine.continuous_since < clock_timestamp() - interval '15 s'
                  and mine.beat_at > clock_timestamp() - interval '6 s')
$$;

-- A process that sends lived at that time, and has recorded every outcome that it had by then.
create function beat(p_process uuid, p_at timestamptz) returns void language sql as $$
  insert into sender_processes as p (id, beat_at, continuous_since) values (p_process, p_at, p_at)
  on conflict (id) do update
     set beat_at = excluded.beat_at,
         continuous_since = case when p.beat_at < excluded.beat_at - interval '6 s' then excluded.beat_at
                                 else p.continuous_since end
$$;

-- Requests of a tenant with a quota, in windows of a minute that begin with the first request after the one before.
create table tenant_request_windows (
  tenant_id uuid primary key references tenants,
  began_at timestamptz not null,
  sent integer not null check (sent >= 0),
  -- how many were told to come back in a later window: each window has its share, so they do not all come to the next one
  promised bigint not null default 0 check (promised >= 0)
) with (fillfactor = 50);

-- The tenant's window as of now, locked.
create function open_request_window(p_tenant uuid, p_quota integer, p_now timestamptz)
returns tenant_request_windows language plpgsql as $$
declare
  t tenant_request_windows;
  v_over integer;
begin
  insert into tenant_request_windows values (p_tenant, p_now, 0, 0) on conflict do nothing;
  select * into t from tenant_request_windows where tenant_id = p_tenant for no key update;
  v_over := floor(extract(epoch from p_now - t.began_at) / 60);
  if v_over > 0 then
    t.began_at := case when v_over = 1 then t.began_at + interval '60 s' else p_now end;
    t.sent := 0;
    t.promised := greatest(0, t.promised - v_over::bigint * p_quota);
  end if;
  return t;
end $$;

-- What take_attempt answers.
create type taken_attempt as (
  -- send     everything the request needs; until in_flight_until nobody else may send
  -- ended    the delivery is not pending (`status`)
  -- wait     no token, or another request is open: come back in `wait_ms`; null: plan first
  -- behind   a token is free, and deliveries that became due earlier take theirs first: come back in `wait_ms`, soon
  -- replan   the webhook's timeout is now longer than the caller allows for, or p_if_easy and it is not
  -- sealed   the caller has not the key by which the webhook's secret or headers are sealed
  answer text,
  status text, wait_ms bigint, number integer, attempts_used integer, token bigint, taken_at timestamptz,
  tenant_id uuid, webhook_id integer, target_version integer, event_row_id uuid, event_type text, event_id text, body text,
  url text, timeout_ms integer, headers_sealed bytea, secret_sealed bytea, previous_secret_sealed bytea);

-- The right to send one request now. p_request names the request, p_process who sends it.
-- p_if_easy: only a first attempt that is due, of a webhook without trouble, when nothing has to be waited for; else `replan`.
-- p_keys: the ids of the keys that the caller has. No row: no such delivery.
create function take_attempt(p_delivery uuid, p_timeout_ms integer, p_if_easy boolean, p_request uuid, p_process uuid, p_keys text[])
returns setof taken_attempt language plpgsql as $$
declare
  d webhook_deliveries;
  w webhooks;
  l webhook_limiters;
  a taken_attempt;
  v_quota integer;
  q tenant_request_windows;
  v_now timestamptz;
  v_holds boolean;
  v_before bigint;
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
  -- also without a limit: there may have been one, and a reservation is then given back
  select * into l from webhook_limiters where webhook_id = d.webhook_id for no key update;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  select * into w from webhooks where id = d.webhook_id;
  if d.status = 'pending' and (w.deleted_at is not null or not w.enabled and not d.test) then
    perform settle_delivery(p_delivery, case when w.deleted_at is not null then 'cancelled' else 'held' end);
    select * into d from webhook_deliveries where id = p_delivery;
  end if;
  v_now := clock_timestamp();
  v_holds := d.holds_token and d.token_epoch = l.epoch;
  a.status := d.status;
  a.tenant_id := d.tenant_id;
  a.webhook_id := d.webhook_id;

  if d.status <> 'pending' then
    a.answer := 'ended';
  elsif d.attempt_count - d.schedule_base > w.max_retries or w.timeout_ms > p_timeout_ms
      or p_if_easy and (d.attempt_count > d.schedule_base or d.due_at > v_now or d.in_flight_until is not null or v_holds
                        or is_troubled(d.webhook_id, v_now)) then
    a.answer := 'replan';
  elsif d.in_flight_until > v_now then
    a.answer := 'wait';
    a.wait_ms := milliseconds_until(d.in_flight_until);
  elsif d.in_flight_until is not null and not is_abandoned(d, p_process) then
    a.answer := 'wait';
    a.wait_ms := 1000;
  elsif v_holds and d.next_attempt_at > v_now then
    -- somebody who became due earlier has its slot now
    a.answer := 'wait';
    a.wait_ms := milliseconds_until(d.next_attempt_at);
  elsif sealed_key_id(w.secret_sealed) <> all(p_keys) or sealed_key_id(w.headers_sealed) <> all(p_keys) then
    a.answer := 'sealed';
  elsif q.sent >= v_quota then
    a.answer := 'wait';
    a.wait_ms := milliseconds_until(q.began_at + interval '60 s' * (1 + q.promised / v_quota));
    if not p_if_easy then
      q.promised := q.promised + 1;
      update tenant_request_windows set began_at = q.began_at, sent = q.sent, promised = q.promised where tenant_id = d.tenant_id;
      update webhook_deliveries set next_attempt_at = v_now + a.wait_ms * interval '1 ms' where id = p_delivery;
    end if;
  end if;
  if a.answer is not null then
    return next a;
    return;
  end if;

  if v_holds then
    -- Who is late by more than two seconds lets the others pass.
    select count(*) into v_before from (
      select from webhook_deliveries o
       where o.webhook_id = d.webhook_id and o.holds_token and o.token_epoch = l.epoch and (o.due_at, o.id) < (d.due_at, d.id)
         and o.next_attempt_at between v_now - interval '2 s' and v_now
       order by o.due_at desc, o.id desc limit 60) earlier;
    if v_before > 0 then
      a.answer := 'behind';
      a.wait_ms := v_before * 25;
      return next a;
      return;
    end if;
  end if;
  if w.rate_limit_per_minute is not null or w.rate_limit_per_hour is not null then
    select t.number, milliseconds_until(t.come_back_at), t.come_back_at into a.token, a.wait_ms, d.next_attempt_at
      from take_token(d.webhook_id, v_holds, w.rate_limit_per_minute, w.rate_limit_per_hour, v_now) t;
    if a.token is null then
      if a.wait_ms is not null and not p_if_easy then
        update webhook_deliveries set next_attempt_at = d.next_attempt_at where id = p_delivery;
      end if;
      a.answer := 'wait';
      return next a;
      return;
    end if;
  end if;
  update webhook_deliveries
     set holds_token = false, in_flight_until = v_now + (w.timeout_ms + 5000) * interval '1 ms', in_flight_request = p_request,
         in_flight_by = p_process, retry_requested = false, workflow_started_at = coalesce(workflow_started_at, v_now)
   where id = p_delivery;
  if v_quota is not null then
    update tenant_request_windows set began_at = q.began_at, sent = q.sent + 1, promised = q.promised where tenant_id = d.tenant_id;
  end if;
  a.answer := 'send';
  a.number := d.attempt_count + 1;
  a.attempts_used := d.attempt_count - d.schedule_base;
  a.taken_at := v_now;
  a.target_version := w.target_version;
  select e.id, e.event_type, e.event_id, e.body into a.event_row_id, a.event_type, a.event_id, a.body
    from webhook_events e where e.id = d.event_row_id;
  a.url := w.url;
  a.timeout_ms := w.timeout_ms;
  a.headers_sealed := w.headers_sealed;
  a.secret_sealed := w.secret_sealed;
  a.previous_secret_sealed := case when w.previous_secret_expires_at > v_now then w.previous_secret_sealed end;
  return next a;
end $$;

-- A finished request, as its sender knows it.
create type finished_request as (
  delivery_id uuid, request_id uuid, number integer, target_version integer, started_at timestamptz, duration_ms integer,
  status_code integer, request_headers text, response_headers text, response_body text, response_truncated boolean,
  error_class text, error_message text,
  -- delivered, retry (failed if the schedule has nothing left), final (failed at once), gone (failed, and the webhook is
  -- disabled with disabled_reason), again (a kept connection broke: the next request follows, and uses up nothing)
  verdict text,
  retry_wait_ms bigint, disabled_reason text, token bigint, elapsed_ms integer);

-- Records one finished request: the attempt, the delivery's new state and verdict, the counters, all or nothing.
-- Repeating it with the same request_id changes nothing and answers the same. `disabled`: this record disabled the webhook.
create function record_attempt(r finished_request)
returns table (status text, number integer, attempts_used integer, wait_ms bigint, disabled boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  d webhook_deliveries;
  w webhooks;
  l webhook_limiters;
  v_verdict text := r.verdict;
  v_number integer;
  v_used integer;
  v_now timestamptz := clock_timestamp();
  v_status text;
  v_due timestamptz;
  v_base integer;
  v_free smallint;
  v_is_current boolean;
  v_disabled boolean := false;
begin
  select * into d from webhook_deliveries where id = r.delivery_id;
  select * into w from webhooks where id = d.webhook_id;
  -- What a receiver says for good it says of one url, and only until its tenant has enabled the webhook again.
  if v_verdict = 'gone' and w.target_version = r.target_version then
    select * into w from webhooks where id = w.id for no key update;
  end if;
  if v_verdict in ('gone', 'final') and w.target_version <> r.target_version then
    v_verdict := 'retry';
  end if;
  -- The limiter comes before the delivery; it is needed when all plans are void from now on, and when a pause gave this
  -- delivery a new reservation meanwhile.
  if v_verdict = 'gone' or d.holds_token then
    select * into l from webhook_limiters where webhook_id = d.webhook_id for no key update;
  end if;
  select * into d from webhook_deliveries where id = r.delivery_id for no key update;
  if not found then
    return;
  end if;
  if d.holds_token and l.webhook_id is null then
    raise exception 'the delivery reserved a token meanwhile; record again' using errcode = 'serialization_failure';
  end if;
  select a.number into v_number from webhook_attempts a where a.delivery_id = r.delivery_id and a.request_id = r.request_id;
  if found then
    return query select d.status, v_number, d.attempt_count - d.schedule_base, milliseconds_until(d.due_at), false;
    return;
  end if;
  if v_verdict = 'gone' and w.enabled and w.deleted_at is null then
    update webhooks
       set enabled = false, disabled_reason = r.disabled_reason, disabled_at = v_now, updated_at = v_now,
           settings_version = settings_version + 1, settling_since = coalesce(settling_since, v_now)
     where id = w.id;
    perform void_planned_tokens(w.id);
    v_disabled := true;
  end if;
  -- another request of the same number can have been recorded first, when this one was thought lost
  v_number := greatest(r.number, d.attempt_count + 1);
  v_is_current := d.in_flight_request is null or d.in_flight_request = r.request_id;
  v_base := d.schedule_base;
  v_free := d.free_attempts;
  v_due := d.due_at;
  v_status := d.status;
  if v_verdict = 'again' then
    -- A receiver that breaks every kept connection does not get requests without end.
    if v_free < 3 then
      v_base := v_base + 1;
      v_free := v_free + 1;
    else
      v_verdict := 'retry';
    end if;
  end if;
  v_used := v_number - v_base;
  if v_verdict = 'delivered' then
    v_status := 'delivered';
  elsif d.status in ('pending', 'held') then
    if d.retry_requested and v_verdict in ('retry', 'again') and d.status = 'pending' then
      v_due := v_now;
      if v_used > w.max_retries then
        v_base := v_number;
      end if;
    elsif v_verdict in ('final', 'gone') or v_used > w.max_retries then
      v_status := 'failed';
    else
      v_due := v_now + case when v_verdict = 'again' then 0 else r.retry_wait_ms end * interval '1 ms';
    end if;
  end if;

  insert into webhook_attempts (delivery_id, number, request_id, started_at, duration_ms, status_code, request_headers,
    response_headers, response_body, response_truncated, error_class, error_message)
  values (r.delivery_id, v_number, r.request_id, r.started_at, r.duration_ms, r.status_code, r.request_headers,
    r.response_headers, r.response_body, r.response_truncated, r.error_class, r.error_message);
  if d.holds_token and v_status <> 'pending' and not v_disabled and d.token_epoch = l.epoch then
    perform give_token_back(d.webhook_id);
  end if;
  update webhook_deliveries
     set status = v_status, attempt_count = v_number, schedule_base = v_base, free_attempts = v_free, due_at = v_due,
         in_flight_until = case when v_is_current then null else in_flight_until end,
         in_flight_request = case when v_is_current then null else in_flight_request end,
         in_flight_by = case when v_is_current then null else in_flight_by end,
         retry_requested = retry_requested and not v_is_current and v_status = 'pending',
         holds_token = holds_token and v_status = 'pending',
         next_attempt_at = case when v_status = 'pending' then v_due end,
         pending_since = case when v_status = 'pending' then coalesce(pending_since, v_now) end,
         finished_at = case when v_status in ('pending', 'held') then null
                            when v_status = d.status then d.finished_at
                            else v_now end
   where id = r.delivery_id;
  if r.token is not null then
    -- Counted from when the answer was there, not from when the token was taken: the request reached the receiver no later.
    update webhook_tokens set at = at + r.elapsed_ms * interval '1 ms'
     where webhook_id = d.webhook_id and webhook_tokens.number = r.token;
  end if;

  insert into webhook_counters as c (webhook_id, slot, pending, held, delivered, failed, attempts, duration_ms,
                                     last_success_at, last_failure_at, last_trouble_at)
  values (d.webhook_id, floor(random() * 8)::smallint,
    case when d.test then 0 else (v_status = 'pending')::int - (d.status = 'pending')::int end,
    case when d.test then 0 else (v_status = 'held')::int - (d.status = 'held')::int end,
    case when d.test then 0 else (v_status = 'delivered')::int - (d.status = 'delivered')::int end,
    case when d.test then 0 else (v_status = 'failed')::int - (d.status = 'failed')::int end,
    case when d.test then 0 else 1 end, case when d.test then 0 else r.duration_ms end,
    case when not d.test and v_verdict = 'delivered' then v_now end,
    case when not d.test and v_verdict <> 'delivered' then v_now end,
    case when v_verdict <> 'delivered' or r.duration_ms > 1000 then v_now end)
  on conflict (webhook_id, slot) do update
     set pending = c.pending + excluded.pending, held = c.held + excluded.held,
         delivered = c.delivered + excluded.delivered, failed = c.failed + excluded.failed,
         attempts = c.attempts + excluded.attempts, duration_ms = c.duration_ms + excluded.duration_ms,
         last_success_at = coalesce(excluded.last_success_at, c.last_success_at),
         last_failure_at = coalesce(excluded.last_failure_at, c.last_failure_at),
         last_trouble_at = coalesce(excluded.last_trouble_at, c.last_trouble_at);
  return query select v_status, v_number, v_number - v_base, milliseconds_until(v_due), v_disabled;
end $$;

-- Judges the health of a webhook by an attempt that was just recorded, and changes it if that is evidence enough.
-- Returns the new state; null: as before. h: what lock_health returned. p_failed: the delivery failed with this attempt;
-- it is counted already. p_gone_reason: the receiver wants no more, for this reason, which disables the webhook even if
-- the attempt is no evidence. p_may_disable: the caller has locked the webhook and its limiter.
create or replace function judge_health(h webhook_health, w webhooks, p_is_evidence boolean, p_succeeded boolean, p_failed boolean,
                                        p_error text, p_gone_reason text, p_may_disable boolean, p_now timestamptz)
returns text language plpgsql as $$
declare
  v_failures bigint;
  v_success_at timestamptz;
  v_reason text;
begin
  if h.state = 'disabled' then
    return null;
  end if;
  if p_succeeded then
    if h.state = 'healthy' and h.failed_at = '{}' then
      return null;
    end if;
    update webhook_health
       set failures_before = count_failures(w.id), failures_began_at = null, failed_at = '{}', last_error = null
     where webhook_id = w.id;
    if h.state = 'healthy' then
      return null;
    end if;
    perform change_health(w.id, 'healthy', 'A delivery succeeded.', p_now);
    return 'healthy';
  end if;

  if p_is_evidence then
    -- The row is locked, so the failures of those that had it before are committed.
    select sum(failures), max(healthy_at) into v_failures, v_success_at from webhook_counters where webhook_id = w.id;
    if h.state = 'healthy' and v_success_at > coalesce(h.success_seen_at, '-infinity') then
      h.failures_before := v_failures - p_failed::int;
      h.failures_began_at := null;
      h.failed_at := '{}';
      h.success_seen_at := v_success_at;
    end if;
    update webhook_health
       set failures_before = h.failures_before,
           failures_began_at = coalesce(h.failures_began_at, case when p_failed then p_now end),
           failed_at = (p_now || h.failed_at)[1:10], last_error = left(p_error, 500), success_seen_at = h.success_seen_at
     where webhook_id = w.id returning * into h;
  end if;

  if p_gone_reason is not null then
    perform disable_webhook(w.id, p_gone_reason, p_now);
    return 'disabled';
  elsif not p_is_evidence then
    return null;
  end if;
  v_failures := v_failures - h.failures_before;
  if p_failed and p_may_disable and v_failures >= 20
      and h.failures_began_at <= p_now - w.disable_after_hours * interval '1 hour' then
    v_reason := format('No delivery has succeeded for %s hours, and %s have failed since %s. The last error: %s Enable the webhook once its receiver works.',
                       w.disable_after_hours, v_failures,
                       to_char(h.failures_began_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.last_error);
    perform disable_webhook(w.id, v_reason, p_now);
    return 'disabled';
  end if;
  if h.state = 'healthy' then
    if v_failures >= 5 then
      v_reason := 'The last 5 deliveries failed.';
    elsif h.failed_at[10] > p_now - interval '10 min'
        and coalesce(v_success_at, '-infinity') <= p_now - interval '10 min' then
      v_reason := 'All attempts of the last 10 minutes failed, 10 or more.';
    end if;
    if v_reason is not null then
      perform change_health(w.id, 'failing', v_reason || ' The last error: ' || h.last_error, p_now);
      return 'failing';
    end if;
  end if;
  return null;
end $$;

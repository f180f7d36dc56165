-- Counts a recorded attempt for the health of its webhook, and changes the health if that is evidence enough. Returns
-- the new state; null: as before. p_failed: the delivery failed with this attempt. p_gone_reason: the receiver wants no
-- more, for this reason. p_may_disable: the caller has locked the webhook and its limiter.
create or replace function judge_health(w webhooks, d webhook_deliveries, p_succeeded boolean, p_failed boolean, p_error text,
                                        p_gone_reason text, p_may_disable boolean, p_now timestamptz)
returns text language plpgsql as $$
declare
  h webhook_health;
  v_counts boolean;
  v_reason text;
begin
  -- The health of a paused webhook stays as it is; resuming it resets the health.
  if not w.enabled then
    return null;
  end if;
  select * into h from webhook_health where webhook_id = w.id;
  if p_succeeded then
    -- The usual case: one row is read, if there is one, and none is written.
    if d.test or h.webhook_id is null or h.state = 'healthy' and h.last_error is null then
      return null;
    end if;
    select * into h from webhook_health where webhook_id = w.id for no key update;
    if h.state = 'disabled' then
      return null;
    end if;
    update webhook_health
       set consecutive_failures = 0, failures_began_at = null, failed_at = '{}', last_error = null
     where webhook_id = w.id;
    if h.state = 'healthy' then
      return null;
    end if;
    perform change_health(w.id, 'healthy', 'A delivery succeeded.', p_now);
    return 'healthy';
  end if;

  v_counts := not d.test and (p_failed or h.state is distinct from 'failing')
    -- Otherwise two failing webhooks could notify each other without end.
    and d.event_type not in ('webhook.failing', 'webhook.recovered', 'webhook.disabled');
  if v_counts then
    insert into webhook_health as c (webhook_id, state, since, consecutive_failures, failures_began_at, failed_at, last_error)
    values (w.id, 'healthy', w.created_at, p_failed::int, case when p_failed then p_now end, array[p_now], left(p_error, 500))
    on conflict (webhook_id) do update
       set consecutive_failures = c.consecutive_failures + p_failed::int,
           failures_began_at = coalesce(c.failures_began_at, excluded.failures_began_at),
           failed_at = (p_now || c.failed_at)[1:10], last_error = excluded.last_error
     where c.state <> 'disabled'
    returning * into h;
    v_counts := found;
  end if;

  if p_gone_reason is not null then
    v_reason := p_gone_reason;
  elsif v_counts and p_may_disable and h.consecutive_failures >= 20
      and h.failures_began_at <= p_now - w.disable_after_hours * interval '1 hour' then
    v_reason := format('No delivery has succeeded for %s hours, and %s have failed since %s. The last error: %s Enable the webhook once its receiver works.',
                       w.disable_after_hours, h.consecutive_failures,
                       to_char(h.failures_began_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), h.last_error);
  end if;
  if v_reason is not null then
    perform disable_webhook(w.id, v_reason, p_now);
    return 'disabled';
  end if;

  if v_counts and h.state = 'healthy' then
    if h.consecutive_failures >= 5 then
      v_reason := 'The last 5 deliveries failed.';
    elsif h.failed_at[10] > p_now - interval '10 min' and not exists (
        select from webhook_counters where webhook_id = w.id and last_success_at > p_now - interval '10 min') then
      v_reason := 'All attempts of the last 10 minutes failed, 10 or more.';
    end if;
    if v_reason is not null then
      perform change_health(w.id, 'failing', v_reason || ' The last error: ' || h.last_error, p_now);
      return 'failing';
    end if;
  end if;
  return null;
end $$;

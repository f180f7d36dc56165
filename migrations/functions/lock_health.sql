-- Locks the row of a webhook's health, and returns it, if an attempt may change it; judge_health then decides. Null:
-- whatever becomes of the delivery, the health stays as it is. Call it before the delivery is locked, and so before the
-- ordering key and the counters: the failures of a healthy webhook wait for each other here, and accepting an event must
-- not wait with them. p_must: lock it in any case, since the webhook may be disabled.
create or replace function lock_health(w webhooks, p_succeeded boolean, p_target text, p_error text, p_must boolean)
returns webhook_health language plpgsql as $$
declare
  h webhook_health;
begin
  -- The health of a paused webhook stays as it is; resuming it resets the health.
  if not w.enabled then
    return null;
  end if;
  select * into h from webhook_health where webhook_id = w.id;
  if not p_must and (case
      when p_succeeded and p_target = 'fallback' then h.failures_began_at is null
      -- The usual case: one row is read, if there is one, and none is written. A few failures end with the next failure,
      -- which sees that this came between. Of more, the decisive one may be recorded at this moment.
      when p_succeeded then h.webhook_id is null or h.state = 'disabled' or h.state = 'healthy' and cardinality(h.failed_at) < 3
      -- While it is failing, hardly anything is written: its failures are counted in several rows, this is one.
      else h.state = 'failing' and h.last_error is not distinct from left(p_error, 500) and h.failures_began_at is not null
    end) then
    return null;
  end if;
  if h.webhook_id is null then
    insert into webhook_health (webhook_id, state, since) values (w.id, 'healthy', w.created_at) on conflict do nothing;
  end if;
  select * into h from webhook_health where webhook_id = w.id for no key update;
  return h;
end $$;

-- Changes the state of a webhook's health, and notes the change: the tenant's other webhooks are notified of it. No
-- effect if that is its state already. The caller has locked no delivery, or has locked the health before it.
create or replace function change_health(p_webhook integer, p_state text, p_reason text, p_now timestamptz)
returns void language plpgsql as $$
begin
  insert into webhook_health as h (webhook_id, state, since) values (p_webhook, p_state, p_now)
  on conflict (webhook_id) do update set state = excluded.state, since = excluded.since where h.state <> excluded.state;
  if found then
    insert into webhook_health_changes (webhook_id, state, url, since, reason, consecutive_failures)
    select w.id, h.state, w.url, h.since, p_reason, count_failures(w.id) - h.failures_before
      from webhook_health h join webhooks w on w.id = h.webhook_id where h.webhook_id = p_webhook;
  end if;
end $$;

-- Disables a webhook for a reason of the service's own. The caller has locked the webhook and its limiter, in this
-- order, and settles its deliveries afterwards.
create or replace function disable_webhook(p_webhook integer, p_reason text, p_now timestamptz)
returns void language plpgsql as $$
declare
  w webhooks;
begin
  select * into w from webhooks where id = p_webhook;
  update webhooks
     set enabled = false, disabled_reason = p_reason, disabled_at = p_now, updated_at = p_now,
         settings_version = settings_version + 1, settling_since = coalesce(settling_since, p_now)
   where id = p_webhook;
  perform audit_disabled(w, p_reason);
  perform void_planned_tokens(p_webhook);
  perform forget_failures(p_webhook);
  perform change_health(p_webhook, 'disabled', p_reason, p_now);
end $$;

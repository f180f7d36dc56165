-- Whether a delivery has no attempts left at the url that it is sent to now: the webhook's, or its fallback.
create or replace function is_used_up(d webhook_deliveries, w webhooks) returns boolean language plpgsql as $$
begin
  return case when d.fallback_from is null then d.attempt_count - d.schedule_base > w.max_retries
              else w.fallback_url is null or d.attempt_count - d.fallback_from >= 3 end;
end $$;

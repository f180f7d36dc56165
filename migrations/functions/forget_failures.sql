-- Forgets the failures of a healthy webhook if it has succeeded since the last of them.
create or replace function forget_failures(p_webhook integer) returns void language plpgsql as $$
begin
  update webhook_health
     set failures_before = count_failures(p_webhook), failures_began_at = null, failed_at = '{}', last_error = null
   where webhook_id = p_webhook and state = 'healthy'
     and (select max(healthy_at) from webhook_counters where webhook_id = p_webhook)
         > coalesce(success_seen_at, '-infinity');
end $$;

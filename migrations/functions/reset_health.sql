-- Forgets the failures of a webhook that its tenant enabled: what comes next decides.
create or replace function reset_health(p_webhook integer) returns void language plpgsql as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  insert into webhook_health (webhook_id, state, since, failures_before)
  values (p_webhook, 'healthy', v_now, count_failures(p_webhook))
  on conflict (webhook_id) do update
     set since = v_now, failures_before = excluded.failures_before, failures_began_at = null, failed_at = '{}', last_error = null;
  perform change_health(p_webhook, 'healthy', 'The webhook was enabled again.', v_now);
end $$;

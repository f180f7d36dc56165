-- Whether a webhook failed or was slow within the last minute.
create or replace function is_troubled(p_webhook integer, p_now timestamptz) returns boolean language sql stable as $$
  select coalesce(max(last_trouble_at) > p_now - interval '60 s', false) from webhook_counters where webhook_id = p_webhook
$$;

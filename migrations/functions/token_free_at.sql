-- When number k becomes free; -infinity when no limit delays it.
create or replace function token_free_at(p_webhook integer, k bigint, per_minute integer, per_hour integer)
returns timestamptz language sql stable as $$
  select greatest(
    (select at + interval '60 s' from webhook_tokens where webhook_id = p_webhook and number = k - per_minute),
    (select at + interval '3600 s' from webhook_tokens where webhook_id = p_webhook and number = k - per_hour),
    '-infinity'::timestamptz)
$$;

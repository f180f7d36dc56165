-- When a delivery may send. null: now, and it holds no reservation. Otherwise one number is reserved and its time
-- returned. `p_holds`: it holds a reservation already. The caller updates holds_token.
create or replace function reserve_token(p_webhook integer, p_holds boolean, per_minute integer, per_hour integer, p_now timestamptz)
returns timestamptz language plpgsql as $$
declare
  l webhook_limiters;
  k bigint;
  planned timestamptz;
begin
  select * into l from webhook_limiters where webhook_id = p_webhook for no key update;
  if p_holds then
    return greatest(p_now, token_free_at(p_webhook, l.taken + 1, per_minute, per_hour));
  end if;
  if l.reserved = l.taken and token_free_at(p_webhook, l.taken + 1, per_minute, per_hour) <= p_now then
    return null;
  end if;
  k := l.reserved + 1;
  planned := greatest(p_now, token_free_at(p_webhook, k, per_minute, per_hour),
                      (select at from webhook_tokens where webhook_id = p_webhook and number = k - 1));
  insert into webhook_tokens values (p_webhook, k, planned)
  on conflict (webhook_id, number) do update set at = excluded.at;
  update webhook_limiters set reserved = k where webhook_id = p_webhook;
  return planned;
end $$;

-- Takes the lowest free number, immediately before a send. `number` is null when refused; `come_back_at` then says when
-- to try again. If that is null too, reserve a token first.
create or replace function take_token(p_webhook integer, p_holds boolean, per_minute integer, per_hour integer, p_now timestamptz,
                           out number bigint, out come_back_at timestamptz) language plpgsql as $$
declare
  l webhook_limiters;
  k bigint;
  h bigint;
  free_at timestamptz;
begin
  select * into l from webhook_limiters where webhook_id = p_webhook for no key update;
  if not p_holds and l.reserved > l.taken then
    return;
  end if;
  k := l.taken + 1;
  free_at := token_free_at(p_webhook, k, per_minute, per_hour);
  if free_at > p_now then
    if not p_holds then
      return;
    end if;
    h := least(l.reserved, greatest(l.taken, l.told) + 1);
    come_back_at := greatest(token_free_at(p_webhook, h, per_minute, per_hour), free_at);
    update webhook_tokens t set at = come_back_at where t.webhook_id = p_webhook and t.number = h;
    update webhook_limiters set told = h where webhook_id = p_webhook;
    return;
  end if;
  insert into webhook_tokens as t values (p_webhook, k, p_now)
  on conflict on constraint webhook_tokens_pkey do update set at = excluded.at;
  update webhook_limiters
     set taken = k, reserved = case when p_holds then l.reserved else greatest(l.reserved, k) end
   where webhook_id = p_webhook;
  if k % 256 = 0 then
    -- a token over an hour old limits nothing any more
    delete from webhook_tokens t
     where t.webhook_id = p_webhook and t.number <= k and t.at < p_now - interval '3700 s';
  end if;
  number := k;
end $$;

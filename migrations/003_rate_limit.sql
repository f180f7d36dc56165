-- Up Migration

-- The rate limit of docs/rate-limit.md. Each webhook numbers its tokens. `at` of number k is when it was used
-- (k <= taken) or is planned for (taken < k <= reserved). Number k is free once `per_minute` numbers before it are
-- 60 s old and `per_hour` numbers before it 3600 s. Always: reserved = taken + deliveries with holds_token.
-- Locks are taken in one order everywhere: webhook, limiter, delivery, counters.
create table webhook_limiters (
  webhook_id integer primary key references webhooks,
  taken bigint not null default 0,
  reserved bigint not null default 0,
  -- the highest number whose corrected time a refused holder was told: each is told another one, so no herd
  told bigint not null default 0,
  check (reserved >= taken)
) with (fillfactor = 50);

-- Every webhook has its limiter from the beginning: a lock that is only sometimes there has no place in an order of locks.
create function create_limiter() returns trigger language plpgsql as $$
begin
  insert into webhook_limiters (webhook_id) values (new.id);
  return null;
end $$;
create trigger webhooks_have_limiters after insert on webhooks for each row execute function create_limiter();

-- No limit: no rows.
create table webhook_tokens (
  webhook_id integer not null references webhooks,
  number bigint not null,
  at timestamptz not null,
  primary key (webhook_id, number)
);

-- When number k is free; -infinity when nothing stands in its way.
create function token_free_at(p_webhook integer, k bigint, per_minute integer, per_hour integer)
returns timestamptz language sql stable as $$
  select greatest(
    (select at + interval '60 s' from webhook_tokens where webhook_id = p_webhook and number = k - per_minute),
    (select at + interval '3600 s' from webhook_tokens where webhook_id = p_webhook and number = k - per_hour),
    '-infinity'::timestamptz)
$$;

-- When may a delivery send? null: now, and it holds no reservation. Otherwise one number is reserved and its time
-- answered. `p_holds`: it holds a reservation already. The caller keeps holds_token.
create function reserve_token(p_webhook integer, p_holds boolean, per_minute integer, per_hour integer, p_now timestamptz)
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

-- Takes the lowest free number, immediately before a send. `number` is null when refused: then `come_back_at` says
-- when to try again, and null there too means: reserve first, others wait.
create function take_token(p_webhook integer, p_holds boolean, per_minute integer, per_hour integer, p_now timestamptz,
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
    -- nothing over an hour old can stand in anybody's way
    delete from webhook_tokens t
     where t.webhook_id = p_webhook and t.number <= k and t.at < p_now - interval '3700 s';
  end if;
  number := k;
end $$;

-- A holder that will not send gives a reservation back: the highest number, since numbers belong to nobody.
create function give_token_back(p_webhook integer) returns void language plpgsql as $$
declare
  k bigint;
begin
  select reserved into k from webhook_limiters where webhook_id = p_webhook for no key update;
  delete from webhook_tokens where webhook_id = p_webhook and number = k;
  update webhook_limiters set reserved = k - 1 where webhook_id = p_webhook;
end $$;

-- Forgets every plan of a webhook; the caller clears holds_token of its deliveries in the same transaction.
create function forget_planned_tokens(p_webhook integer) returns void language plpgsql as $$
declare
  k bigint;
begin
  select taken into k from webhook_limiters where webhook_id = p_webhook for no key update;
  delete from webhook_tokens where webhook_id = p_webhook and number > k;
  update webhook_limiters set reserved = k, told = k where webhook_id = p_webhook;
end $$;

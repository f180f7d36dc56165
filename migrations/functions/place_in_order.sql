-- The slot of a delivery that reserves a number: by when it became due, not by when it asked. Of the deliveries that
-- became due later, the latest hundred move back by one slot each. One that still wakes at its old slot gets the new
-- one.
create or replace function place_in_order(p_webhook integer, p_epoch integer, p_delivery uuid, p_due timestamptz, p_slot timestamptz)
returns timestamptz language plpgsql as $$
declare
  v_own timestamptz;
begin
  with later as (
    select id, next_attempt_at, row_number() over (order by due_at, id) as place from (
      select d.id, d.due_at, d.next_attempt_at from webhook_deliveries d
       where d.webhook_id = p_webhook and d.holds_token and d.token_epoch = p_epoch and (d.due_at, d.id) > (p_due, p_delivery)
       order by d.due_at desc, d.id desc limit 100 for no key update skip locked) youngest),
  slots as (
    select at, row_number() over (order by at) as place
      from (select next_attempt_at as at from later union all select p_slot) each),
  moved as (
    update webhook_deliveries d set next_attempt_at = s.at
      from later join slots s on s.place = later.place + 1 where d.id = later.id and d.next_attempt_at <> s.at)
  select at into v_own from slots where place = 1;
  return v_own;
end $$;

-- Ends a delivery that could not be sent in its time. Returns whether it did: not while a request (its own, or its batch's) is open, and not one
-- that was asked for again meanwhile.
create or replace function expire_delivery(p_delivery uuid) returns boolean language plpgsql as $$
declare
  d webhook_deliveries;
  v_now timestamptz;
begin
  perform from webhook_limiters
    where webhook_id = (select webhook_id from webhook_deliveries where id = p_delivery) for no key update;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  v_now := clock_timestamp();
  if d.status in ('pending', 'held') and d.expires_at <= v_now and coalesce(d.in_flight_until, '-infinity') <= v_now
      and not exists (select from webhook_deliveries b where b.id = d.batch_id and b.id <> d.id and b.in_flight_until > v_now) then
    perform change_status(array[d], 'expired');
    return true;
  end if;
  return false;
end $$;

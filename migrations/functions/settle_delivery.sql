-- Ends or holds one delivery that must not be sent now. Safe to repeat. No effect on one that has ended.
create or replace function settle_delivery(p_delivery uuid, p_status text) returns void language plpgsql as $$
declare
  d webhook_deliveries;
begin
  perform from webhook_limiters
    where webhook_id = (select webhook_id from webhook_deliveries where id = p_delivery) for no key update;
  select * into d from webhook_deliveries where id = p_delivery for no key update;
  if d.status in ('pending', 'held') and d.status <> p_status then
    perform change_status(array[d], p_status);
  end if;
end $$;

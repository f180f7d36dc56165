-- Stores what a transform made of a delivery's event, before it is first sent. The first one counts, whoever else
-- transforms at the same time. False: there is no such delivery.
create or replace function store_body(p_delivery uuid, p_body text) returns boolean language plpgsql as $$
begin
  insert into webhook_bodies (delivery_id, body) select d.id, p_body from webhook_deliveries d where d.id = p_delivery
  on conflict (delivery_id) do nothing;
  return exists (select from webhook_bodies where delivery_id = p_delivery);
end $$;

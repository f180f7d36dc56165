-- Stores what a transform made of a delivery's event, before it is first sent. The first one counts, whoever else
-- transforms at the same time. Nothing is stored once the event's own body is gone.
create or replace function store_body(p_delivery uuid, p_body text) returns void language plpgsql as $$
begin
  -- Locked, so that the content is not erased at the same moment.
  perform from webhook_deliveries where id = p_delivery for no key update;
  insert into webhook_bodies (delivery_id, body)
    select d.id, p_body from webhook_deliveries d join webhook_events e on e.id = d.event_row_id
     where d.id = p_delivery and d.expunged_at is null and e.body is not null
  on conflict (delivery_id) do nothing;
end $$;

-- What is sent for a batch, for a delivery in one, and for one that goes alone in a batch of one; null for any other, and if
-- nothing is left to send. The same text each time, but that what was expunged or has expired is left out. Events keep
-- their bytes. At most 1 MB, see form_batch.
create or replace function batch_body(d webhook_deliveries) returns text language plpgsql stable as $$
declare
  v_batch constant uuid := case when d.batch_size is not null then d.id else d.batch_id end;
  v_is_over boolean;
  v_events text;
begin
  if v_batch is null then
    return null;
  elsif d.batch_id = d.id then
    select e.body into v_events from webhook_events e where e.id = d.event_row_id;
  else
    select finished_at is not null into v_is_over from webhook_deliveries where id = v_batch;
    select string_agg(e.body, ',' order by m.place) into v_events
      from webhook_batch_members m
      join webhook_deliveries x on x.id = m.delivery_id and x.expunged_at is null
       -- afterwards one may have been put into another batch
       and case when v_is_over then x.batch_id <> v_batch or x.status <> 'expired'
                else x.batch_id = v_batch and x.finished_at is null end
      join webhook_events e on e.id = x.event_row_id
     where m.batch_id = v_batch;
  end if;
  return '{"batch_id":"' || v_batch || '","events":[' || v_events || ']}';
end $$;

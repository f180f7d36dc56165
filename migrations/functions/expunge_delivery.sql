-- Erases what a delivery and its attempts hold of the event and of the receiver's responses; those of a batch that it was in
-- are erased whole, as nobody knows which event they speak of. A pending or held one is cancelled; the record of a request
-- that is open now will be erased as it comes (record_attempt). `attempts`: how many were erased. No row: it was erased
-- before, or does not exist.
create or replace function expunge_delivery(p_delivery uuid, p_event_id text)
returns table (attempts bigint)
language plpgsql as $$
begin
  -- Before the delivery, like everybody who ends a batch: its batches, and before them the limiter.
  perform from webhook_limiters
    where webhook_id = (select webhook_id from webhook_deliveries where id = p_delivery) for no key update;
  -- What is recorded of a batch from now on is erased too.
  update webhook_deliveries b set expunged_at = coalesce(b.expunged_at, clock_timestamp())
   where b.id in (select m.batch_id from webhook_batch_members m where m.delivery_id = p_delivery);
  -- Locks the delivery, so that no attempt is recorded between the two updates.
  perform settle_delivery(p_delivery, 'cancelled');
  update webhook_deliveries set expunged_at = clock_timestamp(), event_id = p_event_id,
                                -- a key is as personal as the id
                                ordering_key = case when event_id = p_event_id then ordering_key end,
                                sequence = case when event_id = p_event_id then sequence end
   where id = p_delivery and expunged_at is null;
  if not found then
    return;
  end if;
  update webhook_attempts
     set request_headers = '{}', response_headers = null, response_body = null,
         error_message = case when error_message is not null then '[expunged]' end
   where delivery_id = p_delivery or delivery_id in (select m.batch_id from webhook_batch_members m where m.delivery_id = p_delivery);
  get diagnostics attempts = row_count;
  delete from webhook_bodies where delivery_id = p_delivery;
  return next;
end $$;

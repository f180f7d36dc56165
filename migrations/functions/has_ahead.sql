-- Whether a delivery that waits for a batch must wait for its turn as well: an earlier one of its ordering key to the same
-- webhook has not ended and cannot be in one batch with it, since it is sent alone, is in a batch, or waits for its turn.
create or replace function has_ahead(p_webhook integer, p_key text, p_sequence bigint) returns boolean language plpgsql as $$
begin
  return exists (
    select from webhook_deliveries b
     where b.webhook_id = p_webhook and b.ordering_key = p_key and b.sequence < p_sequence
       and b.finished_at is null and (not b.batched or b.batch_id is not null or b.waits_for_turn));
end $$;

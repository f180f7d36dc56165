-- Gives up every planned token of a webhook by beginning another epoch; holders of the old one hold nothing. The rows of
-- planned numbers stay: nobody reads beyond `reserved`, and settle_batch removes them.
create or replace function void_planned_tokens(p_webhook integer) returns void language sql as $$
  update webhook_limiters set epoch = epoch + 1, reserved = taken, told = taken where webhook_id = p_webhook
$$;

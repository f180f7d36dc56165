-- Voids every planned token of a webhook by beginning a new epoch: reservations of the old one no longer count. The
-- rows of planned numbers stay until settle_batch removes them; nobody reads beyond `reserved`.
create or replace function void_planned_tokens(p_webhook integer) returns void language sql as $$
  update webhook_limiters set epoch = epoch + 1, reserved = taken, told = taken where webhook_id = p_webhook
$$;

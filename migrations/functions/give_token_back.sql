-- Gives back the reservations of deliveries that will not send: the highest numbers, since numbers belong to no one.
create or replace function give_token_back(p_webhook integer, many bigint default 1) returns void language plpgsql as $$
declare
  k bigint;
begin
  select reserved into k from webhook_limiters where webhook_id = p_webhook for no key update;
  delete from webhook_tokens where webhook_id = p_webhook and number > k - many and number <= k;
  update webhook_limiters set reserved = k - many where webhook_id = p_webhook;
end $$;

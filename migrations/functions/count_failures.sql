-- How many deliveries of a webhook have failed, as health counts them.
create or replace function count_failures(p_webhook integer) returns bigint language plpgsql as $$
begin
  return (select coalesce(sum(failures), 0) from webhook_counters where webhook_id = p_webhook);
end $$;

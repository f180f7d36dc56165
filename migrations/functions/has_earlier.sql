-- Whether an earlier delivery of the same ordering key to the same webhook has not ended.
create or replace function has_earlier(d webhook_deliveries) returns boolean language plpgsql as $$
begin
  return exists (
    select from webhook_deliveries b
     where b.webhook_id = d.webhook_id and b.ordering_key = d.ordering_key and b.finished_at is null and b.sequence < d.sequence);
end $$;

-- How many attempts a delivery has had, by itself and in batches.
create or replace function attempts_of(d webhook_deliveries) returns integer language plpgsql stable as $$
begin
  return greatest(d.attempt_count, (
    select max(m.attempts_before + coalesce(m.attempts, b.attempt_count))
      from webhook_batch_members m join webhook_deliveries b on b.id = m.batch_id where m.delivery_id = d.id));
end $$;

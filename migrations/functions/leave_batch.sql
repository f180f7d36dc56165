-- A delivery that has ended in a batch is sent again, apart from it. Returns how many attempts it has had. One that is
-- recorded of that batch later is not the delivery's any more, so that its attempts keep their numbers.
create or replace function leave_batch(d webhook_deliveries) returns integer language plpgsql as $$
begin
  update webhook_batch_members m set attempts = b.attempt_count
    from webhook_deliveries b
   where m.delivery_id = d.id and m.batch_id = d.batch_id and b.id = m.batch_id and m.attempts is null;
  return attempts_of(d);
end $$;

-- Every webhook has its limiter from the beginning: a row that exists only sometimes cannot be locked in a fixed order.
create or replace function create_limiter() returns trigger language plpgsql as $$
begin
  insert into webhook_limiters (webhook_id) values (new.id);
  return null;
end $$;

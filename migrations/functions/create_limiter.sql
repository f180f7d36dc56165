-- Every webhook has its limiter from the beginning: a lock that is only sometimes there has no place in an order of locks.
create or replace function create_limiter() returns trigger language plpgsql as $$
begin
  insert into webhook_limiters (webhook_id) values (new.id);
  return null;
end $$;

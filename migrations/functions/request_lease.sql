-- How long only the taker of an attempt may send: the request's timeout, plus 5 s to take, wait for a permit and
-- record.
create or replace function request_lease(timeout_ms integer) returns interval language sql immutable parallel safe as $$
  select (timeout_ms + 5000) * interval '1 ms'
$$;

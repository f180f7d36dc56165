-- The lowest version 7 id of a given time: turns "since" and "until" into a range of the primary key.
create or replace function uuid_v7_floor(moment timestamptz) returns uuid language sql immutable parallel safe as $$
  select (lpad(to_hex(greatest(0, extract(epoch from moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

create or replace function milliseconds_until(moment timestamptz) returns bigint language sql volatile strict as $$
  select greatest(0, ceil(extract(epoch from moment - clock_timestamp()) * 1000))::bigint
$$;

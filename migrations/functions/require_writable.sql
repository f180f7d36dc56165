-- Fails on a standby, and on a server that was made read-only: what is not there may be on the primary. Whoever concludes
-- something from a row that is missing asks first.
create or replace function require_writable() returns void language plpgsql as $$
begin
  perform from webhooks where false for no key update;
end $$;

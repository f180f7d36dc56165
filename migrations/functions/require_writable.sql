-- Fails on a standby, and on a server that was made read-only: a row that is missing there may be on the primary. Call
-- it before concluding anything from a missing row.
create or replace function require_writable() returns void language plpgsql as $$
begin
  perform from webhooks where false for no key update;
end $$;

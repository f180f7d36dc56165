-- A time such that every event, delivery and attempt that was written before it is committed. Their times are taken by
-- statements that hold the table's lock until their transaction ends, so none can be from before the oldest transaction
-- that holds one. Readers, a backup for instance, do not count. The leeway is for a server whose clock is set
-- back. `-infinity`: a prepared transaction, or one of a role whose transactions we may not see, holds a lock.
create or replace function statistics_horizon(p_leeway interval default '5 s') returns timestamptz language plpgsql volatile as $$
declare
  -- before the locks are read: who takes one afterwards writes later times
  v_now timestamptz := clock_timestamp();
  v_holders integer[] := array(
    select coalesce(pid, 0) from pg_locks
     where locktype = 'relation' and mode = 'RowExclusiveLock' and pid is distinct from pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())
       and relation in ('webhook_events'::regclass, 'webhook_deliveries'::regclass, 'webhook_attempts'::regclass));
begin
  -- A holder that is in no transaction any more has committed meanwhile.
  return least(v_now - p_leeway, (
    select min(case when a.pid is null or a.state is not null then a.xact_start else '-infinity' end)
      from pg_stat_activity a where a.pid = any (v_holders)),
    case when 0 = any (v_holders) then '-infinity'::timestamptz end);
end $$;

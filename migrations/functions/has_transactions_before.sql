-- Whether a transaction that began before `moment` is still open: it may have read what was true before then.
create or replace function has_transactions_before(moment timestamptz) returns boolean language sql volatile as $$
  select exists (select from pg_stat_activity
                  where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
                    and xact_start < moment)
$$;

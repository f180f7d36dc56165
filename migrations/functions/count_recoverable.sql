-- How many deliveries a recovery would requeue. Stops counting after p_max_ms, since there may be any number of them:
-- then there are at least so many. Each status and type is counted by itself, a batch at a time, and so are missing
-- events: recovery_candidates reads a batch of each that it is asked for.
create or replace function count_recoverable(r webhook_recoveries, p_max_ms integer)
returns table (total bigint, is_exact boolean) language plpgsql stable as $$
declare
  v_deadline constant timestamptz := clock_timestamp() + p_max_ms * interval '1 ms';
  v_limit constant integer := 5000;
  part webhook_recoveries;
  v_rows bigint;
  v_found bigint;
  v_is_cut boolean;
begin
  total := 0;
  is_exact := true;
  for part in
    select (p).* from (
      select jsonb_populate_record(r, jsonb_build_object('statuses', array[status], 'include_missing', false,
                                     'event_types', case when event_type is not null then array[event_type] end)) as p
        from unnest(r.statuses) status cross join unnest(coalesce(r.event_types, array[null]::text[])) event_type
      union all
      select jsonb_populate_record(r, '{"statuses": []}') where r.include_missing) parts
  loop
    loop
      if clock_timestamp() > v_deadline then
        is_exact := false;
        return next;
        return;
      end if;
      select count(*), count(coalesce(c.delivery_id, c.event_row_id)),
             coalesce(bool_or(c.delivery_id is null and c.event_row_id is null), false),
             coalesce((array_agg(c.place order by c.place desc))[1], part.reached)
        into v_rows, v_found, v_is_cut, part.reached from recovery_candidates(part, v_limit, v_limit) c;
      total := total + v_found;
      exit when v_rows < v_limit and not v_is_cut;
    end loop;
  end loop;
  return next;
end $$;

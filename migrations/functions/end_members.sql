-- Ends deliveries of a batch with p_to: all that have not ended, or with p_due_only those that have expired. When the
-- batch was delivered after all, as its record came late, those that ended since the request were delivered too. The
-- caller has locked the batch.
create or replace function end_members(b webhook_deliveries, p_to text, p_now timestamptz, p_due_only boolean default false)
returns void language plpgsql as $$
declare
  v_statuses constant text[] := case when p_to = 'delivered' then array['pending', 'held', 'failed', 'cancelled', 'expired']
                                     else array['pending', 'held'] end;
  v_rows webhook_deliveries[];
  v_group webhook_deliveries[];
  v_status text;
begin
  -- all of them in the order of their ids, whatever their status
  v_rows := array(
    select d from webhook_batch_members m join webhook_deliveries d on d.id = m.delivery_id
     where m.batch_id = b.id and d.batch_id = b.id and d.status = any (v_statuses)
       and (not p_due_only or d.expires_at <= p_now)
       -- what had ended before the request was not in it
       and (d.finished_at is null or d.finished_at > b.in_flight_since)
     order by d.id for no key update of d);
  -- before the counters, which the first group locks
  perform from ordering_keys k
    where k.tenant_id = b.tenant_id and k.key in (select d.ordering_key from unnest(v_rows) d)
    order by k.key for no key update;
  foreach v_status in array v_statuses loop
    v_group := array(select d from unnest(v_rows) d where d.status = v_status);
    if v_group <> '{}' then
      perform change_status(v_group, p_to, p_now => p_now);
    end if;
  end loop;
end $$;

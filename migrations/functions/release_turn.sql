-- A delivery of this ordering key has ended: the next one that waits for its turn, if there is any, becomes due; of those
-- that wait for a batch, as many as fit into one. Whether a delivery waits is decided, and changed, only under the lock on
-- the key's row. Under this lock only deliveries that wait are locked, and nobody who has locked such a delivery waits for it.
create or replace function release_turn(p_webhook integer, p_tenant uuid, p_key text) returns void language plpgsql as $$
declare
  v_next webhook_deliveries;
  v_now timestamptz;
begin
  perform from ordering_keys where tenant_id = p_tenant and key = p_key for no key update;
  loop
    select * into v_next from webhook_deliveries
     where webhook_id = p_webhook and ordering_key = p_key and finished_at is null order by sequence limit 1;
    if not found or not v_next.waits_for_turn then
      return;
    end if;
    v_now := clock_timestamp();
    if v_next.batched then
      update webhook_deliveries d set waits_for_turn = false
       where d.waits_for_turn and d.batched and d.id in (
         select b.id from webhook_deliveries b
          where b.webhook_id = p_webhook and b.ordering_key = p_key and b.finished_at is null
          order by b.sequence limit 500);
    else
      update webhook_deliveries d
         set waits_for_turn = false, due_at = v_now, workflow_started_at = null,
             next_attempt_at = case when d.status = 'pending' then v_now end,
             pending_since = case when d.status = 'pending' then v_now end
       where id = v_next.id and d.waits_for_turn;
    end if;
    -- It ended meanwhile: the one after it is next.
    exit when found;
  end loop;
end $$;

-- Whether an earlier delivery of the same ordering key to the same webhook has not ended. If so, this one waits for its
-- turn, without a workflow: release_turn makes it due. The caller has locked it, and its webhook's limiter, and gives
-- back a token that it holds.
create or replace function await_turn(d webhook_deliveries) returns boolean language plpgsql as $$
begin
  if d.ordering_key is null then
    return false;
  elsif d.waits_for_turn then
    return true;
  elsif not has_earlier(d) then
    -- the usual case, without a lock: whatever comes later has a higher number
    return false;
  end if;
  perform from ordering_keys where tenant_id = d.tenant_id and key = d.ordering_key for no key update;
  if not has_earlier(d) then
    return false;
  end if;
  update webhook_deliveries
     set waits_for_turn = true, holds_token = false, next_attempt_at = due_at, pending_since = null, workflow_started_at = null
   where id = d.id;
  return true;
end $$;

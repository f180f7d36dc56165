-- Accepts an event: stores it and one delivery for each webhook that wants it, held where the webhook is not open. No
-- row, and nothing is stored, if the tenant triggered this type and event id before, if there is no such tenant, or if
-- the key p_api_key is deleted or expired. p_ordering_key: whose events are numbered; null: it is not. p_about: the
-- webhook that the event is about, which does not get it. p_count_later: the transaction goes on to lock other rows, and
-- counts the deliveries at its end. p_traceparent: the trace that the event belongs to; p_sends_traceparent: receivers
-- get one. `starts`: its workflow must be started. `collects`: it waits for a batch, and is the first, may make it full, or
-- is to leave sooner than others.
-- Locks: the ordering key, then counters, in one slot, webhooks in order.
create or replace function accept_event(
  p_tenant uuid, p_event_type text, p_event_id text, p_occurred_at timestamptz, p_body text, p_ordering_key text,
  p_api_key uuid, p_about integer, p_count_later boolean, p_traceparent text,
  p_sends_traceparent boolean)
returns table (event_row_id uuid, occurred_at timestamptz, delivery_id uuid, webhook_id integer, accepted_as text,
               starts boolean, collects boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  v_none constant uuid := '00000000-0000-0000-0000-000000000000';
  v_event uuid;
  v_sequence bigint;
begin
  if not exists (select from tenants where id = p_tenant and deleted_at is null)
      or p_api_key is not null
         and not exists (select from api_keys where id = p_api_key and (expires_at is null or expires_at > now())) then
    return;
  end if;
  if p_ordering_key is not null then
    insert into ordering_keys as k (tenant_id, key, last) values (p_tenant, p_ordering_key, 1)
    on conflict (tenant_id, key) do update set last = k.last + 1, used_at = now()
    returning last into v_sequence;
  end if;
  insert into webhook_events (tenant_id, event_type, event_id, occurred_at, body, ordering_key, sequence,
                              traceparent, sends_traceparent)
  values (p_tenant, p_event_type, p_event_id, p_occurred_at, p_body, p_ordering_key, v_sequence, p_traceparent,
          p_sends_traceparent)
  on conflict (tenant_id, event_type, event_id) do nothing
  returning id into v_event;
  if v_event is null then
    if p_ordering_key is not null then
      -- no event has this number, and nobody has seen it: the row is still locked
      update ordering_keys set last = last - 1 where tenant_id = p_tenant and key = p_ordering_key;
    end if;
    return;
  end if;

  -- A statement of its own, so that it sees what was committed before the ordering key was locked.
  return query
    with wanting as (
      select w.id, case when w.is_open then 'pending' else 'held' end as status,
             w.ordering = 'key' and p_ordering_key is not null as is_ordered, w.batch_max_events is not null as batched,
             -- one with a short time to live does not spend all of it waiting
             case when w.batch_max_events is null then now()
                  else now() + least(w.batch_max_wait_seconds, ttl.seconds / 2.0) * interval '1 s' end as due_at,
             w.batch_max_events, w.batch_max_wait_seconds, now() + ttl.seconds * interval '1 s' as expires_at
        from webhooks w
       cross join lateral (
         select coalesce(w.ttl_seconds ->> p_event_type, w.ttl_seconds ->> '*')::integer as seconds) ttl
       where w.tenant_id = p_tenant and w.deleted_at is null and w.events && array[p_event_type, '*']
         and w.id is distinct from p_about
         -- asked last, as it is dear; the body is read once, and only if there is a filter
         and (w.filter_path is null or passes_filter((select filterable(p_body)), w.filter_path))),
    accepted as (
      insert into webhook_deliveries as d
        (event_row_id, webhook_id, tenant_id, event_type, event_id, status, accepted_as, expires_at, ordering_key, sequence,
         waits_for_turn, batched, due_at, next_attempt_at, pending_since)
      select v_event, w.id, p_tenant, p_event_type, p_event_id, w.status, w.status, w.expires_at,
             case when w.is_ordered then p_ordering_key end, case when w.is_ordered then v_sequence end, t.waits,
             w.batched, w.due_at, case when w.status = 'pending' then w.due_at end,
             case when w.status = 'pending' and not w.batched and not t.waits then now() end
        from wanting w
       cross join lateral (
         select w.is_ordered and case when w.batched then has_ahead(w.id, p_ordering_key, v_sequence) else exists (
           select from webhook_deliveries b
            where b.webhook_id = w.id and b.ordering_key = p_ordering_key and b.finished_at is null) end as waits) t
      returning d.id, d.webhook_id, d.accepted_as, d.batched, d.status = 'pending' and not d.waits_for_turn as is_due),
    counted as (
      insert into webhook_counters as c (webhook_id, slot, pending, held)
      select a.webhook_id, (pg_backend_pid() % 8)::smallint, (a.accepted_as = 'pending')::int, (a.accepted_as = 'held')::int
        from accepted a where not p_count_later order by a.webhook_id
      on conflict (webhook_id, slot) do update
         set pending = c.pending + excluded.pending, held = c.held + excluded.held)
    select v_event, p_occurred_at, a.id, a.webhook_id, a.accepted_as, a.is_due and not a.batched,
           a.is_due and a.batched and (b.waiting = 0 or b.waiting + 1 >= b.max_events - b.unseen or b.is_hasty)
      from (select) one left join accepted a on true
      left join lateral (
        -- as many as a batch may have are counted, without this one
        select (select count(*) from (
                  select from webhook_deliveries b
                   -- by the one index that has only what waits, whatever the statistics say
                   where (b.webhook_id, b.waits_for_turn, b.id) > (a.webhook_id, false, v_none)
                     and (b.webhook_id, b.waits_for_turn, b.id) < (a.webhook_id, true, v_none)
                     and b.batched and b.batch_id is null and b.finished_at is null
                   order by b.webhook_id, b.waits_for_turn, b.id limit w.batch_max_events) waiting) as waiting,
               w.batch_max_events as max_events,
               w.due_at < now() + w.batch_max_wait_seconds * interval '1 s' as is_hasty,
               -- so many may be accepted at this moment
               20 as unseen
          from wanting w where a.batched and w.id = a.webhook_id) b on true
     order by a.webhook_id;
end $$;

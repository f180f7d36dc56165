-- Puts deliveries of a webhook that wait for a batch into one, oldest first, if there are enough of them or the oldest has
-- waited long enough. A row without an id says in how many milliseconds to ask again; no row: none waits. Two of one
-- ordering key may be in one batch, in their order; what has to wait for another delivery of its key waits for its turn.
-- Safe to repeat and to run concurrently: a delivery is in one batch, or still waits. One that is locked is left for the
-- next call, with what comes after it of its key.
create or replace function form_batch(p_webhook integer)
returns table (id uuid, tenant_id uuid, events integer, wait_ms bigint) language plpgsql as $$
#variable_conflict use_column
declare
  -- 1 MB, less what stands around the events
  v_max_bytes constant bigint := 1048576 - 100;
  v_none constant uuid := '00000000-0000-0000-0000-000000000000';
  w webhooks;
  v_now timestamptz;
  v_ids uuid[];
  v_gone webhook_deliveries[];
  v_batch uuid[];
  v_key text;
  v_is_full boolean;
  v_due_at timestamptz;
begin
  select * into w from webhooks where webhooks.id = p_webhook;
  if w.batch_max_events is null or not w.is_open then
    return;
  end if;
  v_now := clock_timestamp();
  v_ids := array(
    select d.id from webhook_deliveries d
     -- by the one index that has only what waits, whatever the statistics say
     where (d.webhook_id, d.waits_for_turn, d.id) > (p_webhook, false, v_none)
       and (d.webhook_id, d.waits_for_turn, d.id) < (p_webhook, true, v_none)
       and d.batched and d.batch_id is null and d.finished_at is null
       and d.status = 'pending' and coalesce(d.expires_at, 'infinity') > v_now
     order by d.webhook_id, d.waits_for_turn, d.id
     limit case when w.ordering = 'key' then 500 else w.batch_max_events end for no key update skip locked);
  -- As take_attempt does with one that goes alone.
  v_gone := array(
    select d from webhook_deliveries d join webhook_events e on e.id = d.event_row_id where d.id = any (v_ids) and e.body is null);
  if v_gone <> '{}' then
    perform change_status(v_gone, 'expired');
    wait_ms := 0;
    return next;
    return;
  end if;
  if w.ordering = 'key' then
    for v_key in
      select distinct d.ordering_key from webhook_deliveries d
       where d.id = any (v_ids) and d.ordering_key is not null and has_ahead(p_webhook, d.ordering_key, d.sequence) order by 1
    loop
      perform from ordering_keys k where k.tenant_id = w.tenant_id and k.key = v_key for no key update;
      update webhook_deliveries d set waits_for_turn = true
       where d.id = any (v_ids) and d.ordering_key = v_key and has_ahead(p_webhook, v_key, d.sequence);
      wait_ms := 0;
    end loop;
    if wait_ms = 0 then
      -- so that few rows are locked at a time: what comes after them is looked at in the next call
      return next;
      return;
    end if;
  end if;
  with waiting as materialized (
    select d.id, d.due_at, d.ordering_key, d.sequence, octet_length(e.body) + 1 as bytes
      from webhook_deliveries d join webhook_events e on e.id = d.event_row_id
     where d.id = any (v_ids) and e.body is not null),
  -- of each key, the first that waits too but is not among them: it goes first
  missing as (
    select k.ordering_key, b.sequence
      from (select distinct ordering_key from waiting where ordering_key is not null) k
     cross join lateral (
       select b.sequence from webhook_deliveries b
        where b.webhook_id = p_webhook and b.ordering_key = k.ordering_key and b.finished_at is null
          and b.id not in (select id from waiting)
        order by b.sequence limit 1) b),
  allowed as (
    select x.*, coalesce(x.ordering_key, x.id::text) as key
      from waiting x left join missing m using (ordering_key) where m.sequence is null or x.sequence < m.sequence),
  -- by age, but those of one key by their numbers: clocks may be set back
  places as (
    select key, row_number() over (order by id) as place, row_number() over (partition by key order by id) as turn from allowed),
  turns as (select *, row_number() over (partition by key order by sequence) as turn from allowed),
  placed as (
    select t.id, t.due_at, p.place, sum(t.bytes) over (order by p.place) as bytes from turns t join places p using (key, turn))
  select array_agg(placed.id order by place), count(*) = w.batch_max_events or max(total) > v_max_bytes, min(due_at)
    into v_batch, v_is_full, v_due_at
    from (select *, max(bytes) over () as total from placed where place <= w.batch_max_events) placed where bytes <= v_max_bytes;
  if v_batch is null then
    if v_ids <> '{}' then
      -- what goes before them is locked, or has just become pending again
      wait_ms := 1000;
      return next;
    end if;
    return;
  elsif not v_is_full and v_due_at > v_now then
    wait_ms := milliseconds_until(v_due_at);
    return next;
    return;
  end if;

  id := uuid_v7();
  tenant_id := w.tenant_id;
  events := cardinality(v_batch);
  insert into webhook_deliveries as b (id, webhook_id, tenant_id, event_type, event_id, status, batch_size, next_attempt_at)
  values (id, p_webhook, tenant_id, 'batch', id::text, 'pending', events, v_now);
  insert into webhook_batch_members (delivery_id, batch_id, place, attempts_before)
  select d.id, form_batch.id, o.place, d.attempt_count
    from unnest(v_batch) with ordinality o (delivery_id, place) join webhook_deliveries d on d.id = o.delivery_id;
  update webhook_deliveries d set batch_id = form_batch.id, next_attempt_at = v_now where d.id = any (v_batch);
  return next;
end $$;

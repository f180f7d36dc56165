-- Makes up to p_limit deliveries of a webhook fit its current settings, and returns those that it changed. Deliveries
-- of a deleted webhook are cancelled, those of a paused one held. Of an enabled one, held deliveries become pending
-- with a new schedule, those that wait for a void token plan again, and those with no attempts left fail. `wakes`: its
-- workflow must be started, or woken to plan again. Safe to repeat and to run
-- concurrently. A delivery that is locked is left for the next call.
create or replace function settle_batch(p_webhook integer, p_limit integer)
returns table (id uuid, event_row_id uuid, tenant_id uuid, webhook_id integer, event_type text, event_id text, was text, status text,
               wakes boolean, batch_size integer)
language plpgsql as $$
#variable_conflict use_column
declare
  l webhook_limiters;
  w webhooks;
  v_now timestamptz;
  v_from text;
  v_to text;
  v_rows webhook_deliveries[];
  v_changed webhook_deliveries[] := '{}';
  v_row webhook_deliveries;
begin
  select * into l from webhook_limiters where webhook_limiters.webhook_id = p_webhook for no key update;
  select * into w from webhooks where webhooks.id = p_webhook;
  v_now := clock_timestamp();
  delete from webhook_tokens t where t.webhook_id = p_webhook
     and t.number in (select number from webhook_tokens
                       where webhook_tokens.webhook_id = p_webhook and number > l.reserved order by number desc limit 5000);

  v_to := case when w.deleted_at is not null then 'cancelled' when w.is_open then 'pending' else 'held' end;
  foreach v_from in array case v_to when 'cancelled' then array['pending', 'held']
                                    when 'held' then array['pending']
                                    else array['held'] end loop
    v_rows := array(
      select d from webhook_deliveries d
       where d.webhook_id = p_webhook and d.status = v_from and (v_to <> 'held' or must_be_held(d, w))
       order by d.id limit p_limit for no key update skip locked);
    perform change_status(v_rows, v_to);
    v_changed := v_changed || v_rows;
  end loop;

  if v_to = 'pending' and v_changed = '{}' then
    return query
      with wrong as (
        select d.id from webhook_deliveries d where d.webhook_id = p_webhook and d.holds_token and d.token_epoch < l.epoch
         order by d.token_epoch, d.due_at, d.id limit p_limit for no key update skip locked)
      update webhook_deliveries d
         set holds_token = false, next_attempt_at = v_now, pending_since = v_now, workflow_started_at = null
        from wrong where d.id = wrong.id
      returning d.id, d.event_row_id, d.tenant_id, d.webhook_id, d.event_type, d.event_id, 'pending', 'pending',
                true, d.batch_size;
    if found then
      return;
    end if;
    if w.ordering = 'none' then
      -- it was 'key' until now
      return query
        with ordered as (
          select d.id, d.waits_for_turn from webhook_deliveries d
           where d.webhook_id = p_webhook and d.ordering_key is not null and d.finished_at is null
           order by d.ordering_key, d.sequence limit p_limit for no key update skip locked)
        update webhook_deliveries d
           set ordering_key = null, sequence = null, waits_for_turn = false,
               pending_since = case when o.waits_for_turn and not d.batched then v_now else d.pending_since end
          from ordered o where d.id = o.id
        returning d.id, d.event_row_id, d.tenant_id, d.webhook_id, d.event_type, d.event_id, 'pending', 'pending',
                  o.waits_for_turn and not d.batched, d.batch_size;
      if found then
        return;
      end if;
    end if;
    if w.batch_max_events is null then
      -- what waits for a batch goes by itself, in its turn
      return query
        with waiting as (
          select d.id from webhook_deliveries d
           where d.webhook_id = p_webhook and d.batched and d.batch_id is null and d.finished_at is null and d.status = 'pending'
           order by d.id limit p_limit for no key update skip locked)
        update webhook_deliveries d
           set batched = false, due_at = v_now, next_attempt_at = v_now, pending_since = case when not d.waits_for_turn then v_now end
          from waiting where d.id = waiting.id
        returning d.id, d.event_row_id, d.tenant_id, d.webhook_id, d.event_type, d.event_id, 'pending', 'pending',
                not d.waits_for_turn, d.batch_size;
      if found then
        return;
      end if;
    end if;
    -- The order was given up, and taken up again before all had left it: the first of a key may wait for nobody.
    select * into v_row from webhook_deliveries d
     where d.webhook_id = p_webhook and d.ordering_key is not null and d.finished_at is null and d.waits_for_turn
       and not has_earlier(d) limit 1;
    if found then
      perform release_turn(p_webhook, v_row.tenant_id, v_row.ordering_key);
      return query select v_row.id, v_row.event_row_id, v_row.tenant_id, p_webhook, v_row.event_type, v_row.event_id,
                          v_row.status, v_row.status, v_row.status = 'pending' and not v_row.batched, null::integer;
      return;
    end if;
    v_to := 'failed';
    v_changed := array(
      select d from webhook_deliveries d
       where d.webhook_id = p_webhook and d.status = 'pending' and d.attempt_count > d.schedule_base
         and (d.attempt_count - d.schedule_base > w.max_retries or d.fallback_from is not null)
         -- else what is left goes there (plan_attempt)
         and w.fallback_url is null
         -- while a request is open, its record gives the verdict
         and coalesce(d.in_flight_until, '-infinity') < v_now
       order by d.id limit p_limit for no key update skip locked);
    -- A batch ends alone, as its events' deliveries end with it.
    v_row := (select d from unnest(v_changed) d where d.batch_size is not null limit 1);
    if v_row.id is not null then
      v_changed := array[v_row];
    end if;
    perform change_status(v_changed, v_to);
  end if;
  return query select d.id, d.event_row_id, d.tenant_id, d.webhook_id, d.event_type, d.event_id, d.status, v_to,
                      w.is_open and not d.waits_for_turn and not d.batched, d.batch_size
                 from unnest(v_changed) d;
end $$;

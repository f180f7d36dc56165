-- What a recovery still has to requeue after r.reached, oldest first, at most p_limit rows (null: all): deliveries in
-- one of its statuses (requeue_batch leaves out those that ended after it was created) and, with include_missing,
-- events without a delivery to its webhook that pass its filter, of p_read events (null: ten times p_limit). A row without
-- either says that what comes after it was not looked at.
-- Reads indexes from r.reached on, so a batch costs the same wherever it begins. (plpgsql: an SQL function would be
-- inlined, and r be evaluated for each row.)
create or replace function recovery_candidates(r webhook_recoveries, p_limit bigint, p_read bigint default null)
returns table (place uuid, delivery_id uuid, event_row_id uuid) language plpgsql stable as $$
#variable_conflict use_column
begin
  return query with span as (
    -- an id's time is taken just before created_at
    select greatest(r.reached, uuid_v7_floor(r.since - interval '1 min')) as after_id,
           uuid_v7_floor(coalesce(r.until, r.created_at) + interval '1 min') as before_id,
           coalesce(r.since, '-infinity') as since, coalesce(r.until, r.created_at) as until),
  ended as (
    select d.id from span cross join unnest(r.statuses) s (status) cross join lateral (
      select d.id from webhook_deliveries d
       where (d.webhook_id, d.status, d.id) > (r.webhook_id, s.status, span.after_id)
         and (d.webhook_id, d.status, d.id) < (r.webhook_id, s.status, span.before_id)
         and d.created_at >= span.since and d.created_at < span.until and not d.test and d.expunged_at is null
         and d.batch_size is null
       order by d.webhook_id, d.status, d.id limit p_limit) d
     where r.event_types is null
    union all
    select d.id from span cross join unnest(r.event_types) t (event_type) cross join unnest(r.statuses) s (status) cross join lateral (
      select d.id from webhook_deliveries d
       where (d.webhook_id, d.event_type, d.status, d.id) > (r.webhook_id, t.event_type, s.status, span.after_id)
         and (d.webhook_id, d.event_type, d.status, d.id) < (r.webhook_id, t.event_type, s.status, span.before_id)
         and d.created_at >= span.since and d.created_at < span.until and not d.test and d.expunged_at is null
         and d.batch_size is null
       order by d.webhook_id, d.event_type, d.status, d.id limit p_limit) d),
  -- most events may have a delivery, so only some of them are read at a time
  events as materialized (
    select e.* from span cross join lateral (
      select e.id, e.event_type, e.created_at >= span.since and e.created_at < span.until and not e.test
           and e.body is not null
           -- nothing about a webhook goes to itself
           and not (e.event_type in ('webhook.failing', 'webhook.recovered', 'webhook.disabled')
                    and starts_with(e.event_id, format('webhook_%s_health_', r.webhook_id))) as is_wanted
        from webhook_events e
       where r.include_missing
         and (e.tenant_id, e.id) > (r.tenant_id, span.after_id) and (e.tenant_id, e.id) < (r.tenant_id, span.before_id)
       order by e.tenant_id, e.id limit coalesce(p_read, 10 * p_limit)) e),
  missing as (
    select e.id from events e join webhooks w on w.id = r.webhook_id
     where e.is_wanted and w.events && array[e.event_type, '*']
       and (r.event_types is null or e.event_type = any (r.event_types))
       -- One look-up for each event, by the event alone: if the webhook had few deliveries when last analyzed, the
       -- planner would go through all of them for each event.
       and r.webhook_id <> all (array(select d.webhook_id from webhook_deliveries d where d.event_row_id = e.id))
       and (w.filter_path is null
            or passes_filter((select filterable(x.body) from webhook_events x where x.id = e.id), w.filter_path))),
  last_read as (
    select id from events where (select count(*) from events) = coalesce(p_read, 10 * p_limit) order by id desc limit 1)
  select id, id, null::uuid from ended
  union all select id, null, id from missing
  union all select id, null, null from last_read
  order by 1, 3 nulls last
  limit p_limit;
end $$;

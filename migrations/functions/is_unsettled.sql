-- Whether any delivery of the webhook does not fit its settings: settle_batch would change it, if it were not locked.
create or replace function is_unsettled(p_webhook integer) returns boolean language sql stable as $$
  select case
    when w.deleted_at is not null then exists (
      select from webhook_deliveries d where d.webhook_id = w.id and d.status in ('pending', 'held'))
    when not w.is_open then exists (
      select from webhook_deliveries d where d.webhook_id = w.id and d.status = 'pending' and must_be_held(d, w))
    else exists (select from webhook_deliveries d where d.webhook_id = w.id and d.status = 'held')
      or exists (select from webhook_deliveries d where d.webhook_id = w.id and d.holds_token and d.token_epoch < l.epoch)
      or exists (select from webhook_deliveries d
                  where d.webhook_id = w.id and d.status = 'pending' and d.attempt_count > d.schedule_base
                    and (d.attempt_count - d.schedule_base > w.max_retries or d.fallback_from is not null) and w.fallback_url is null
                    and coalesce(d.in_flight_until, '-infinity') < clock_timestamp())
      or w.ordering = 'none' and exists (
        select from webhook_deliveries d where d.webhook_id = w.id and d.ordering_key is not null and d.finished_at is null)
      or w.batch_max_events is null and exists (
        select from webhook_deliveries d where d.webhook_id = w.id and d.batched and d.batch_id is null and d.finished_at is null)
      or exists (
        select from webhook_deliveries d
         where d.webhook_id = w.id and d.ordering_key is not null and d.finished_at is null and d.waits_for_turn and not has_earlier(d))
    end
    from webhooks w join webhook_limiters l on l.webhook_id = w.id where w.id = p_webhook
$$;

-- Up Migration

-- Metrics count what is pending and look for the oldest, however many deliveries have ended. In another form than the
-- column's own: Postgres would take an index of the column for the lists of the sweep, which are of one tenant each.
create index webhook_deliveries_pending on webhook_deliveries ((pending_since at time zone 'UTC')) include (batch_size)
  where status = 'pending';

alter table webhook_events
  -- the trace that the event belongs to (W3C Trace Context); null: none
  add column traceparent text,
  -- the trigger came with it, so receivers get one too
  add column sends_traceparent boolean not null default false;

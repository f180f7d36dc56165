-- Up Migration

-- Metrics count what is pending and look for the oldest, however many deliveries have ended.
create index webhook_deliveries_pending on webhook_deliveries (pending_since) where status = 'pending';

alter table webhook_events
  -- the trace that the event belongs to (W3C Trace Context); null: none
  add column traceparent text,
  -- the trigger came with it, so receivers get one too
  add column sends_traceparent boolean not null default false;

-- Up Migration

-- What the platform's operators look for, across tenants.

-- Receivers in trouble, longest first. The rows of healthy ones, which failures write, are not in it.
create index webhook_health_in_trouble on webhook_health (state, since, webhook_id) where state <> 'healthy';

-- An event by the id that its source gave it. Events of one call share it, and its entry here.
create index webhook_events_by_event_id on webhook_events (event_id);

-- Tenants by the beginning of their name, webhooks by the beginning of their url without https://. Byte by byte, since the
-- order of a language does not keep what begins alike together.
create index tenants_by_name on tenants (lower(name) text_pattern_ops) where deleted_at is null;
create index webhooks_by_address on webhooks (left(regexp_replace(lower(url), '^https?://', ''), 200) text_pattern_ops)
  where deleted_at is null;

-- What is held is counted.
create index webhook_deliveries_held on webhook_deliveries (id) where status = 'held';

-- Up Migration

-- A tenant's events, newest first by id, which sorts by time: all of them, and those of one type.
create index webhook_events_by_tenant on webhook_events (tenant_id, id);
create index webhook_events_by_type on webhook_events (tenant_id, event_type, id);

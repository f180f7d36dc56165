-- Up Migration

-- The sweeper serves tenants in turn: it steps from tenant to tenant in these indexes and reads a few rows of each, the
-- longest owed first. What became pending just now, and what a worker has just seen to, is not read.
drop index webhook_deliveries_unstarted;
create index webhook_deliveries_unstarted on webhook_deliveries (tenant_id, pending_since)
  where status = 'pending' and workflow_started_at is null;
drop index webhook_deliveries_overdue;
create index webhook_deliveries_overdue on webhook_deliveries (tenant_id, greatest(next_attempt_at, workflow_started_at))
  where status = 'pending' and workflow_started_at is not null;

drop index messages_unsent;
create index messages_unstarted on messages (tenant_id, created_at)
  where status in ('pending', 'unknown') and workflow_started_at is null;
create index messages_open on messages (tenant_id, workflow_started_at)
  where status in ('pending', 'unknown') and workflow_started_at is not null;

-- Up Migration

-- Erased on request: the fact that something happened and was delivered stays, its content does not.
alter table webhook_events
  -- null: expunged, or past the retention time of bodies
  alter column body drop not null,
  add column expunged_at timestamptz;
alter table webhook_deliveries add column expunged_at timestamptz;

-- What is still to be expunged. A row is deleted when all is done: it holds what was to be forgotten.
create table expunges (
  id uuid primary key default uuid_v7(),
  tenant_id uuid not null references tenants,
  event_id text,
  phone_number text,
  check (num_nonnulls(event_id, phone_number) = 1)
);
create index expunges_by_tenant on expunges (tenant_id);

-- A tenant's calls and recordings, oldest first; those without a tenant too.
create index calls_by_tenant on calls (tenant_id, created_at);
drop index calls_by_age;
create index recordings_by_tenant on recordings (tenant_id, created_at);
drop index recordings_by_age;

alter table tenants
  -- days for which each part is kept; null: as the deployment says
  add column retention_bodies integer check (retention_bodies between 1 and 3650),
  add column retention_attempts integer check (retention_attempts between 1 and 3650),
  add column retention_deliveries integer check (retention_deliveries between 1 and 3650),
  add column retention_events integer check (retention_events between 1 and 3650),
  add column retention_calls integer check (retention_calls between 1 and 3650),
  add column retention_messages integer check (retention_messages between 1 and 3650),
  -- of events with a lower id, bodies and attempts were removed, where they are kept for less time than their rows
  add column bodies_removed_until uuid,
  add column attempts_removed_until uuid,
  -- from then on it does not exist any more for the API; its rows are removed in batches
  add column deleted_at timestamptz;
create index tenants_deleted on tenants (deleted_at) where deleted_at is not null;

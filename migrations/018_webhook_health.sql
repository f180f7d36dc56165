-- Up Migration

alter table webhooks
  -- disabled when nothing has succeeded for so long; null: never
  add column disable_after_hours integer default 120 check (disable_after_hours between 1 and 8760);

-- Deliveries that failed, as health counts them; never goes down.
alter table webhook_counters add column failures bigint not null default 0;

-- What is known of a webhook's receiver. Without a row it is healthy, and has been since it was created. Written by
-- failures of a healthy webhook and by the first success after failures, not by each attempt.
create table webhook_health (
  webhook_id integer primary key references webhooks on delete cascade,
  -- disabled: by the service, not by its tenant
  state text not null check (state in ('healthy', 'failing', 'disabled')),
  since timestamptz not null,
  -- the sum of webhook_counters.failures at the last success
  failures_before bigint not null default 0,
  -- when the first delivery since then failed
  failures_began_at timestamptz,
  -- when the last ten attempts failed, since the last success, newest first; not kept up while it is failing
  failed_at timestamptz[] not null default '{}',
  -- null: no failure since the last success
  last_error text
) with (fillfactor = 50);
insert into webhook_health (webhook_id, state, since)
  select id, 'disabled', disabled_at from webhooks where disabled_reason is not null and deleted_at is null;

-- Changes of health that the tenant's other webhooks have yet to be notified of: written with the change, deleted with
-- the acceptance of the event.
create table webhook_health_changes (
  -- the event's id contains it
  id uuid primary key default uuid_v7(),
  webhook_id integer not null references webhooks on delete cascade,
  state text not null check (state in ('healthy', 'failing', 'disabled')),
  -- as they were at the change
  url text not null,
  since timestamptz not null,
  reason text not null,
  consecutive_failures integer not null
);
create index webhook_health_changes_by_webhook on webhook_health_changes (webhook_id, id);

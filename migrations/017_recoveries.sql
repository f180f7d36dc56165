-- Up Migration

-- What a tenant asked to have sent again to one webhook. The workflow recoverWebhook makes the deliveries pending, a
-- few at a time; the counts change with each of them, so nothing is counted when they are read.
create table webhook_recoveries (
  id uuid primary key default uuid_v7(),
  webhook_id integer not null references webhooks on delete cascade,
  tenant_id uuid not null,
  status text not null default 'running' check (status in ('running', 'completed', 'cancelled')),
  -- only deliveries that had ended in one of these statuses when the recovery was created
  statuses text[] not null,
  -- null: all
  event_types text[],
  since timestamptz,
  until timestamptz,
  -- also events that have no delivery to this webhook
  include_missing boolean not null,
  -- what was found when the recovery was created
  total bigint not null,
  requeued bigint not null default 0,
  -- of those requeued; failed: ended otherwise than delivered
  delivered bigint not null default 0,
  failed bigint not null default 0,
  -- deliveries and events with ids up to this one have been seen to; both sort by time, so one id serves both
  reached uuid not null default '00000000-0000-0000-0000-000000000000',
  -- when its workflow last asked what is left; the sweeper starts one that has not asked for long
  checked_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  check (delivered + failed <= requeued),
  check ((finished_at is null) = (status = 'running'))
  -- changes with every delivery, in place
) with (fillfactor = 20);
-- One at a time. The sweeper reads this index too.
create unique index webhook_recoveries_running on webhook_recoveries (webhook_id) where status = 'running';
create index webhook_recoveries_by_webhook on webhook_recoveries (webhook_id, id);

alter table webhook_deliveries
  -- while it is pending or held because of a recovery; no foreign key: its recovery is kept at least that long
  add column recovery_id uuid,
  -- null: made by a recovery, so no trigger answered it
  alter column accepted_as drop not null;

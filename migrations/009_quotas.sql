-- Up Migration

-- What one tenant may have of the platform; null: no limit. Set by the platform's admin.
alter table tenants
  -- webhooks that are not deleted: every event may become a delivery for each of them
  add column quota_webhooks integer default 100 check (quota_webhooks between 0 and 1000000),
  -- what POST /v1/events takes for the tenant
  add column quota_events_per_minute integer check (quota_events_per_minute between 0 and 1000000),
  -- requests to receivers, of all the tenant's webhooks together
  add column quota_requests_per_minute integer check (quota_requests_per_minute between 1 and 1000000),
  -- when a quota was last set: what processes have in mind is brought up to date by it
  add column quotas_set_at timestamptz;
create index tenants_by_quotas_set_at on tenants (quotas_set_at) where quotas_set_at is not null;

-- Triggers counted against a quota: one row for each tenant that has one, written anew with each trigger.
create table tenant_event_counts (
  tenant_id uuid primary key references tenants,
  -- a minute begins with the first trigger after the one before is over
  minute_began_at timestamptz not null,
  triggers integer not null check (triggers >= 0)
) with (fillfactor = 50);

-- Retries asked for by hand, in the minute that the first of them began; null: none yet.
alter table webhook_deliveries
  add column retry_minute_began_at timestamptz,
  add column retries_in_minute smallint not null default 0 check (retries_in_minute >= 0);

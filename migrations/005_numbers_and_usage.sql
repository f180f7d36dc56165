-- Up Migration

-- How the rest of the platform names the tenant: in a call's channel variable, for example.
alter table tenants add column external_id text unique check (length(external_id) between 1 and 100);

-- Who has which number, and who had it: one row per assignment, never changed but by its release.
create table phone_numbers (
  id uuid primary key default uuid_v7(),
  tenant_id uuid not null references tenants,
  -- E.164, or a short code: exactly as the networks show it
  phone_number text not null check (phone_number ~ '^(\+[1-9][0-9]{1,14}|[0-9]{3,8})$'),
  assigned_at timestamptz not null default clock_timestamp(),
  released_at timestamptz check (released_at >= assigned_at)
);
create unique index phone_numbers_assigned on phone_numbers (phone_number) where released_at is null;
create index phone_numbers_history on phone_numbers (phone_number, assigned_at);
create index phone_numbers_by_tenant on phone_numbers (tenant_id, id);

-- No row: no limit.
create table tenant_limits (
  tenant_id uuid not null references tenants,
  resource text not null check (resource in ('call_minutes', 'sms_segments')),
  -- what a month allows, in the parts in which usage is counted
  allowed bigint not null check (allowed >= 0),
  primary key (tenant_id, resource)
);

-- Whoever counts or changes a limit locks the tenant's row first.
create table tenant_usage (
  tenant_id uuid not null references tenants,
  -- in UTC
  month text not null check (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
  resource text not null check (resource in ('call_minutes', 'sms_segments')),
  -- whole parts, so that sums are exact: milliseconds of calls, segments of messages
  used bigint not null check (used >= 0),
  -- the highest limit for which each alert was sent; null: not sent
  warned_for bigint,
  reached_for bigint,
  primary key (tenant_id, month, resource)
);

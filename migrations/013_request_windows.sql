-- Up Migration

-- Requests of a tenant with a quota, in windows of a minute that begin with the first request after the one before.
create table tenant_request_windows (
  tenant_id uuid primary key references tenants,
  began_at timestamptz not null,
  sent integer not null check (sent >= 0),
  -- how many were told to come back in a later window: each window has its share, so they do not all come to the next one
  promised bigint not null default 0 check (promised >= 0)
) with (fillfactor = 50);

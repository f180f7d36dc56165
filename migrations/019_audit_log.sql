-- Up Migration

-- Who did what when to which thing: written in the transaction of the change. No foreign keys: an entry outlives the key
-- that made the change and the thing that was changed.
create table audit_entries (
  id uuid primary key default uuid_v7(),
  -- whose thing it is; null: the platform's own
  tenant_id uuid,
  created_at timestamptz not null default clock_timestamp(),
  actor_type text not null check (actor_type in ('api_key', 'portal', 'system')),
  -- null: the key of IRISX_ADMIN_KEY, or the service itself
  actor_id uuid,
  actor_name text not null,
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  subject_type text not null generated always as (split_part(action, '.', 1)) stored,
  subject_id text not null,
  -- {"field": {"old": …, "new": …}}; secrets are masked before they are stored
  changes jsonb not null
);
-- A page of each list is a range of one of these.
create index audit_entries_by_tenant on audit_entries (tenant_id, id);
create index audit_entries_by_action on audit_entries (tenant_id, action, id);
create index audit_entries_by_subject_type on audit_entries (tenant_id, subject_type, id);
create index audit_entries_by_subject on audit_entries (subject_id, id);

-- Whether the entry about its expiry has been written.
alter table api_keys add column expiry_audited boolean not null default false;
create index api_keys_by_expiry on api_keys (expires_at) where expires_at is not null and not expiry_audited;

-- Up Migration

-- RFC 9562 version 7: 48 bits of unix milliseconds, then random bits. Sorts by time, needs no sequence:
-- after a restore from backup no number is used twice.
create function uuid_v7() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
              placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
              from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid
$$;

-- The lowest version 7 id of a moment: turns "since" and "until" into a range of the primary key.
create function uuid_v7_floor(moment timestamptz) returns uuid language sql immutable parallel safe as $$
  select (lpad(to_hex(greatest(0, extract(epoch from moment) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

create table tenants (
  id uuid primary key default uuid_v7(),
  name text not null check (length(name) between 1 and 200),
  created_at timestamptz not null default now()
);

create table api_keys (
  id uuid primary key default uuid_v7(),
  -- null: one of the platform's own keys
  tenant_id uuid references tenants,
  name text not null check (length(name) between 1 and 200),
  scopes text[] not null check (cardinality(scopes) > 0),
  prefix text not null,
  -- SHA-256 of a key of 256 random bits: nothing to guess, so no salt and no slow hash
  key_hash bytea not null unique,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  check (case when tenant_id is null then scopes <@ array['events:write', 'admin']
              else scopes <@ array['webhooks:read', 'webhooks:write', 'messages:write'] end)
);
create index api_keys_by_tenant on api_keys (tenant_id, id desc);

create table webhooks (
  -- integers, as the integration guide shows them
  id integer primary key generated always as identity,
  tenant_id uuid not null references tenants,
  url text not null,
  events text[] not null check (cardinality(events) > 0),
  description text,
  -- sealed (AES-256-GCM): custom headers often carry a credential
  headers_sealed bytea,
  secret_sealed bytea not null,
  previous_secret_sealed bytea,
  previous_secret_expires_at timestamptz,
  -- null: no limit
  rate_limit_per_minute integer default 60 check (rate_limit_per_minute between 1 and 100000),
  rate_limit_per_hour integer default 1000 check (rate_limit_per_hour between 1 and 1000000),
  max_retries integer not null default 5 check (max_retries between 0 and 20),
  timeout_ms integer not null default 10000 check (timeout_ms between 1000 and 30000),
  enabled boolean not null default true,
  -- set when the service disabled the webhook (410 Gone), null when its tenant paused it
  disabled_reason text,
  disabled_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- a deleted webhook stays as a row for the retention time: its history stays readable
  deleted_at timestamptz,
  check ((previous_secret_sealed is null) = (previous_secret_expires_at is null)),
  check (disabled_reason is null or not enabled)
);
create index webhooks_by_tenant on webhooks (tenant_id, id desc);

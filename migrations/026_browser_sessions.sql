-- Up Migration

-- A tenant's key may manage the tenant's keys.
alter table api_keys drop constraint api_keys_check, add constraint api_keys_check
  check (case when tenant_id is null then scopes <@ array['events:write', 'admin']
              else scopes <@ array['webhooks:read', 'webhooks:write', 'messages:write', 'api_keys:write'] end);

-- What a browser may do, in the portal of a tenant or in the console of the operators.
create table browser_sessions (
  id uuid primary key default uuid_v7(),
  -- null: an operator's
  tenant_id uuid references tenants,
  -- the operator's key, with which the session ends; null: IRISX_ADMIN_KEY, or a tenant's session
  api_key_id uuid references api_keys on delete cascade check (tenant_id is null or api_key_id is null),
  -- SHA-256 of the cookie's 256 random bits; for IRISX_ADMIN_KEY of both together, so that another key ends the session
  token_hash bytea not null unique,
  -- for a tenant, who it is for; for an operator, the name of the key
  name text not null,
  scopes text[] not null check (cardinality(scopes) > 0),
  return_url text,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz not null,
  check (case when tenant_id is null then scopes <@ array['events:write', 'admin']
              else scopes <@ array['webhooks:read', 'webhooks:write', 'messages:write', 'api_keys:write'] end)
);
create index browser_sessions_by_tenant on browser_sessions (tenant_id, id);
create index browser_sessions_by_key on browser_sessions (api_key_id) where api_key_id is not null;
create index browser_sessions_by_expiry on browser_sessions (expires_at);

-- Each becomes one session, in the browser that opens it first.
create table portal_links (
  id uuid primary key default uuid_v7(),
  tenant_id uuid not null references tenants,
  -- SHA-256 of 256 random bits
  token_hash bytea not null unique,
  name text not null,
  scopes text[] not null,
  return_url text,
  session_seconds integer not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- null: not used yet. It goes with its session.
  session_id uuid references browser_sessions on delete cascade
);
-- All unused links of a tenant are withdrawn in batches: each must not read the used ones again.
create index portal_links_by_tenant on portal_links (tenant_id, session_id);
create index portal_links_by_session on portal_links (session_id) where session_id is not null;
create index portal_links_by_expiry on portal_links (expires_at) where session_id is null;

-- Up Migration

-- SMS and MMS, one row each. What was typed outside is held as text, with NUL replaced: the event has it as it came.
create table messages (
  id uuid primary key default uuid_v7(),
  tenant_id uuid not null references tenants,
  direction text not null check (direction in ('inbound', 'outbound')),
  -- Twilio's account, and its name for the message: null until it is known that Twilio has it. The key makes every
  -- callback, whenever it is repeated, one message.
  account_sid text not null check (length(account_sid) between 1 and 100),
  message_sid text unique check (length(message_sid) between 1 and 255),
  messaging_service_sid text,
  -- as the network shows it: not always a number. null: a Messaging Service chooses
  from_number text,
  to_number text not null,
  -- null: media only, or another program sent it
  body text,
  media_urls text[] not null default '{}',
  media_count integer not null default 0 check (media_count >= 0),
  status text not null check (status in
    ('received', 'pending', 'unknown', 'accepted', 'scheduled', 'queued', 'sending', 'sent',
     'delivered', 'read', 'undelivered', 'failed', 'canceled')),
  -- Twilio's number, as text; once known it stays
  error_code text check (length(error_code) between 1 and 100),
  -- as they were counted in the tenant's usage; null: not counted
  segments integer check (segments >= 0),
  idempotency_key text check (length(idempotency_key) between 1 and 255),
  created_at timestamptz not null default now(),
  workflow_started_at timestamptz,
  -- when the only request that may have reached Twilio began
  send_began_at timestamptz,
  accepted_at timestamptz,
  ended_at timestamptz,
  unique (tenant_id, idempotency_key),
  check ((direction = 'inbound') = (status = 'received')),
  check (message_sid is not null or status in ('pending', 'unknown', 'failed')),
  check (message_sid is null or status not in ('pending', 'unknown')),
  check (status <> 'unknown' or send_began_at is not null),
  check (status <> 'pending' or send_began_at is null),
  check ((ended_at is not null) = (status in ('delivered', 'read', 'undelivered', 'failed', 'canceled')))
);
create index messages_by_tenant on messages (tenant_id, id desc);
create index messages_unsent on messages (id) where status in ('pending', 'unknown');

-- Whose Messaging Service it is: the first tenant's that sent by it. Its sid cannot be guessed, and is told to no other.
create table messaging_services (
  service_sid text primary key check (service_sid ~ '^MG[0-9a-fA-F]{32}$'),
  tenant_id uuid not null references tenants,
  created_at timestamptz not null default now()
);

-- Up to when Twilio's own list was compared with ours.
create table message_reconciliations (
  account_sid text primary key,
  reconciled_until timestamptz not null
);

-- Up Migration

-- Calls of the switches, one row per call (its first leg), made by whatever event of it came first. Whoever handles an
-- event of the call locks this row: any number of listeners may.
create table calls (
  -- the uuid as the switch named it; by origination_uuid it may be any text
  call_sid text primary key check (length(call_sid) between 1 and 100),
  -- null: not known yet, and nobody has been told of the call
  tenant_id uuid references tenants,
  -- host:port by which we reach the switch, and which run of it: a switch that was restarted has lost its calls
  switch text not null,
  core_uuid text not null,
  direction text not null check (direction in ('inbound', 'outbound')),
  -- as the network shows them at the call's beginning: not always numbers
  from_number text not null,
  to_number text not null,
  -- false: the listener came when the call was under way
  beginning_seen boolean not null default false,
  started_at timestamptz not null,
  answered_at timestamptz,
  -- whether call.answered was triggered: an answer that nobody heard is told at the end
  answer_told boolean not null default false,
  ended_at timestamptz,
  status text check (status in ('completed', 'no-answer', 'busy', 'failed', 'canceled')),
  hangup_cause text,
  -- from answer to end
  duration_ms bigint check (duration_ms >= 0),
  -- when the call's tenant was last looked for in vain
  tenant_sought_at timestamptz,
  -- when the call had ended and no event of it had named a tenant: said once
  tenant_missed_at timestamptz,
  created_at timestamptz not null default now(),
  check ((status is null) = (ended_at is null)),
  check ((hangup_cause is null) = (ended_at is null)),
  check ((duration_ms is null) = (ended_at is null)),
  check (status <> 'completed' or answered_at is not null),
  check (not answer_told or answered_at is not null)
);
create index calls_open on calls (switch) where ended_at is null and tenant_missed_at is null;
create index calls_by_age on calls (created_at);

create table recordings (
  call_sid text not null,
  -- the file at the switch, or what an uploader tells its recordings apart by
  path text not null check (length(path) between 1 and 2000),
  tenant_id uuid not null references tenants,
  started_at timestamptz,
  completed_at timestamptz,
  duration_ms bigint check (duration_ms >= 0),
  size_bytes bigint check (size_bytes >= 0),
  format text,
  url text,
  created_at timestamptz not null default now(),
  -- not the path itself: an index takes no text of any length
  path_hash text generated always as (md5(path)) stored,
  primary key (call_sid, path_hash)
);
create index recordings_by_age on recordings (created_at);

-- Every event that is needed, kept before it is handled. Several listeners hear the same one, and a switch may repeat
-- itself: the key makes it one.
create table call_events (
  -- the sequence starts anew with each run of a switch
  core_uuid text not null,
  event_sequence bigint not null check (event_sequence >= 0),
  switch text not null,
  call_sid text not null,
  kind text not null check (kind in
    ('created', 'progressed', 'answered', 'ended', 'key-pressed', 'recording-started', 'recording-stopped')),
  -- JSON as text: named facts, never a channel's variables, which hold whatever a caller has typed
  facts text not null,
  kept_at timestamptz not null default now(),
  handled_at timestamptz,
  primary key (core_uuid, event_sequence)
);
create index call_events_unhandled on call_events (call_sid, core_uuid, event_sequence) where handled_at is null;
create index call_events_by_age on call_events (kept_at);

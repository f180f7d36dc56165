-- Up Migration

create table webhook_events (
  id uuid primary key default uuid_v7(),
  tenant_id uuid not null references tenants,
  event_type text not null,
  event_id text not null,
  occurred_at timestamptz not null,
  -- the exact bytes of every attempt and signature; text, because jsonb reorders keys, rounds numbers and refuses \u0000
  body text not null,
  test boolean not null default false,
  created_at timestamptz not null default now(),
  unique (tenant_id, event_type, event_id)
);

create table webhook_deliveries (
  -- also the id of its workflow
  id uuid primary key default uuid_v7(),
  event_row_id uuid not null references webhook_events on delete cascade,
  webhook_id integer not null references webhooks,
  tenant_id uuid not null,
  -- copied from the event: lists filter by them, and starting a workflow needs them
  event_type text not null,
  event_id text not null,
  test boolean not null default false,
  status text not null check (status in ('pending', 'delivered', 'failed', 'held', 'cancelled', 'expired')),
  -- what the trigger answered; a repeat of the trigger answers the same
  accepted_as text not null check (accepted_as in ('pending', 'held')),
  attempt_count integer not null default 0 check (attempt_count >= 0),
  -- attempts made before the present schedule began: a manual retry of an ended delivery starts a new one
  schedule_base integer not null default 0 check (schedule_base between 0 and attempt_count),
  -- the backoff: not before this; a token may be free later
  due_at timestamptz not null default now(),
  -- what tenants are shown: due_at, or the time planned for its token
  next_attempt_at timestamptz,
  -- true while one planned token is this delivery's, see 003
  holds_token boolean not null default false,
  -- a request may be open until then: nobody else may send
  in_flight_until timestamptz,
  -- a manual retry asked for while a request was open is honoured when that request fails
  retry_requested_at timestamptz,
  -- since when its workflow has been owed, and when it was seen to run; the sweeper starts what is owed for long
  pending_since timestamptz default now(),
  workflow_started_at timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (event_row_id, webhook_id),
  check ((finished_at is not null) = (status in ('delivered', 'failed', 'cancelled', 'expired'))),
  check ((next_attempt_at is not null) = (status = 'pending')),
  check (not holds_token or status = 'pending')
) with (fillfactor = 80);

-- Lists: newest first by id, which sorts by time.
create index webhook_deliveries_by_webhook on webhook_deliveries (webhook_id, id);
create index webhook_deliveries_by_status on webhook_deliveries (webhook_id, status, id);
create index webhook_deliveries_by_type on webhook_deliveries (webhook_id, event_type, id);
create index webhook_deliveries_by_type_and_status on webhook_deliveries (webhook_id, event_type, status, id);
create index webhook_deliveries_by_event_id on webhook_deliveries (webhook_id, event_id, id);
-- The sweeper's two questions: what was never started, and what is long overdue.
create index webhook_deliveries_unstarted on webhook_deliveries (id) where status = 'pending' and workflow_started_at is null;
create index webhook_deliveries_overdue on webhook_deliveries (next_attempt_at) where status = 'pending';
create index webhook_deliveries_holding on webhook_deliveries (webhook_id) where holds_token;

create table webhook_attempts (
  delivery_id uuid not null references webhook_deliveries on delete cascade,
  number integer not null check (number >= 1),
  -- made by whoever sent the request: recording the same request twice changes nothing
  request_id uuid not null,
  started_at timestamptz not null,
  duration_ms integer not null check (duration_ms >= 0),
  status_code integer,
  -- JSON as text: header values may hold what jsonb refuses
  request_headers text not null,
  response_headers text,
  response_body text,
  response_truncated boolean not null default false,
  error_class text check (error_class in
    ('http_status', 'timeout', 'dns', 'connection', 'tls', 'blocked_address', 'invalid_response')),
  error_message text,
  primary key (delivery_id, number),
  unique (delivery_id, request_id),
  check ((error_class is null) = (error_message is null)),
  check (error_class is not null or status_code is not null)
);

-- Counters in eight slots a webhook, summed when read: concurrent deliveries of one webhook then seldom wait for one row.
-- A single slot may be negative; the sums are exact. Test deliveries are not counted.
create table webhook_counters (
  webhook_id integer not null references webhooks,
  slot smallint not null check (slot between 0 and 7),
  pending bigint not null default 0,
  held bigint not null default 0,
  delivered bigint not null default 0,
  failed bigint not null default 0,
  attempts bigint not null default 0,
  duration_ms bigint not null default 0,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  -- the last failed or slow attempt, tests included: decides the lane
  last_trouble_at timestamptz,
  primary key (webhook_id, slot)
) with (fillfactor = 50);

-- Moves `many` deliveries of a webhook from one status to another in the counters; null: from or to nowhere.
create function count_deliveries(p_webhook integer, p_from text, p_to text, many bigint) returns void language sql as $$
  insert into webhook_counters as c (webhook_id, slot, pending, held, delivered, failed)
  select p_webhook, floor(random() * 8)::smallint,
         many * ((p_to is not distinct from 'pending')::int - (p_from is not distinct from 'pending')::int),
         many * ((p_to is not distinct from 'held')::int - (p_from is not distinct from 'held')::int),
         many * ((p_to is not distinct from 'delivered')::int - (p_from is not distinct from 'delivered')::int),
         many * ((p_to is not distinct from 'failed')::int - (p_from is not distinct from 'failed')::int)
   where many > 0
  on conflict (webhook_id, slot) do update
     set pending = c.pending + excluded.pending, held = c.held + excluded.held,
         delivered = c.delivered + excluded.delivered, failed = c.failed + excluded.failed
$$;

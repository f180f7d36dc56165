-- Up Migration

-- How a tenant shapes what a webhook gets. A webhook that sets none of these is sent what it was sent before.
alter table webhooks
  -- key: the next event of an ordering key is not sent before the one before it has ended
  add column ordering text not null default 'none' check (ordering in ('none', 'key')),
  -- seconds before the second, third … attempt; beyond its end the last one repeats; null: 1, 2, 4, 8, 16
  add column retry_schedule integer[] check (cardinality(retry_schedule) between 1 and 20),
  -- by event type, or '*': after so many seconds a delivery that was not sent expires
  add column ttl_seconds jsonb,
  -- as its tenant wrote it, and as accept_event evaluates it; null: every event of its types
  add column filter jsonb,
  add column filter_path jsonpath,
  -- JSONata; its value is the body; null: the event's own body
  add column transform text,
  -- the template that it was made from
  add column template text,
  -- three more attempts go there when all at `url` failed
  add column fallback_url text,
  -- pending: nothing is sent until the receivers have echoed a challenge; every new url must then be verified
  add column verification text not null default 'none' check (verification in ('none', 'pending', 'verified')),
  add column verified_at timestamptz,
  -- what was wrong with the answer of a receiver; null while they are to be asked
  add column verification_error text,
  -- when the workflow last asked what is to be done; the sweeper starts one that has not asked for long
  add column verification_checked_at timestamptz not null default now(),
  -- whether its deliveries may be sent; if not, they are held
  add column is_open boolean not null generated always as (enabled and verification <> 'pending') stored,
  add check ((filter is null) = (filter_path is null)),
  add check ((verified_at is null) = (verification <> 'verified')),
  add check (verification_error is null or verification = 'pending');
create index webhooks_to_verify on webhooks (verification_checked_at)
  where verification = 'pending' and verification_error is null and deleted_at is null;
-- Five seconds later for each request that asks a receiver of the tenant, see verification_free_at.
alter table tenants add column verifications_until timestamptz;

-- Events of one tenant with one ordering key are numbered 1, 2, 3 … in the order of their commits: this row is locked
-- from when a number is given until then.
create table ordering_keys (
  tenant_id uuid not null references tenants,
  key text not null,
  last bigint not null,
  used_at timestamptz not null default now(),
  primary key (tenant_id, key)
) with (fillfactor = 80);

alter table webhook_events
  add column ordering_key text,
  add column sequence bigint,
  -- not valid: no old row has either, so none need be read
  add check ((ordering_key is null) = (sequence is null)) not valid;
create index webhook_events_by_ordering_key on webhook_events (tenant_id, ordering_key, id) where ordering_key is not null;

alter table webhook_deliveries
  -- its event's, if the webhook keeps the order; null: it takes no part in it
  add column ordering_key text,
  add column sequence bigint,
  -- an earlier event of its key has not ended: it has no workflow until then
  add column waits_for_turn boolean not null default false,
  -- not sent after this
  add column expires_at timestamptz,
  -- attempts made before those to the fallback url; null: it is sent to the webhook's url
  add column fallback_from integer,
  add check ((ordering_key is null) = (sequence is null)) not valid,
  add check (not waits_for_turn or status in ('pending', 'held') and ordering_key is not null) not valid;
-- Who comes next of a key.
create index webhook_deliveries_in_turn on webhook_deliveries (webhook_id, ordering_key, sequence)
  where ordering_key is not null and finished_at is null;
create index webhook_deliveries_expiring on webhook_deliveries (expires_at)
  where expires_at is not null and finished_at is null;

-- What is sent in place of the event's body: made by a transform, before the first request, so that all attempts of a
-- delivery send the same bytes.
create table webhook_bodies (
  delivery_id uuid primary key references webhook_deliveries on delete cascade,
  body text not null
);

alter table webhook_attempts
  -- where it was sent; null: to the webhook's url
  add column target text check (target = 'fallback'),
  drop constraint webhook_attempts_error_class_check,
  add constraint webhook_attempts_error_class_check check (error_class in
    ('http_status', 'timeout', 'dns', 'connection', 'tls', 'blocked_address', 'invalid_response', 'transform')) not valid;

alter table webhook_counters add column expired bigint not null default 0;

-- False: total is how many there are at least, since counting them would have taken too long.
alter table webhook_recoveries add column is_total_exact boolean not null default true;

-- The last success of the webhook's url. What had failed by then is over if it is not the one that the last failure saw. So
-- a success of a healthy webhook need not write the row in webhook_health, for whose lock all that send to it would wait.
alter table webhook_counters add column healthy_at timestamptz;
alter table webhook_health add column success_seen_at timestamptz;

-- Up Migration

-- A change of a webhook's settings takes effect with its row; its deliveries follow in batches ("settling", docs/architecture.md).
alter table webhooks
  -- since when deliveries still follow a change; null: every delivery fits the settings
  add column settling_since timestamptz,
  -- goes up with each change that deliveries follow: who settles knows whether another change came meanwhile
  add column settings_version bigint not null default 0,
  -- goes up when the url changes and when the webhook is enabled: a receiver's 410 counts only for the target that gave it
  add column target_version integer not null default 0;
create index webhooks_settling on webhooks (settling_since) where settling_since is not null;

-- Planned tokens of an earlier epoch are void: all plans of a webhook are given up by changing one row.
alter table webhook_limiters add column epoch integer not null default 0;
drop function forget_planned_tokens(integer);

alter table webhook_deliveries
  -- holds_token counts only while this is the limiter's epoch
  add column token_epoch integer not null default 0,
  -- a manual retry was asked for while a request was open; the next request honours it. No clock is compared.
  add column retry_requested boolean not null default false,
  -- the open request, and the process that sends it
  add column in_flight_request uuid,
  add column in_flight_by uuid,
  -- attempts of this schedule that used none of it up: a kept connection broke under the request
  add column free_attempts smallint not null default 0,
  drop column retry_requested_at;

-- Rate-limited deliveries in the order in which they became due.
drop index webhook_deliveries_holding;
create index webhook_deliveries_holding on webhook_deliveries (webhook_id, token_epoch, due_at, id) where holds_token;
-- Lowering max_retries ends some of these.
create index webhook_deliveries_retrying on webhook_deliveries (webhook_id, id)
  where status = 'pending' and attempt_count > schedule_base;

-- Processes that send. A process beats every two seconds, after recording every outcome that it still holds: so a beat
-- proves that nothing which ended before it is unrecorded.
create table sender_processes (
  id uuid primary key,
  beat_at timestamptz not null,
  -- since when it has beaten without a gap; an outage of Postgres interrupts everybody's
  continuous_since timestamptz not null
);

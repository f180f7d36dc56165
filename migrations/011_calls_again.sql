-- Up Migration

-- A switch's uuid names one call at a time, not one for ever: a platform that names its calls itself may dial again with
-- the uuid of a call that has ended. And one call may be heard in several runs of switches, each taking it over from the
-- last one. (src/sources/calls/which-call.ts has the rule.)
alter table calls
  -- the call's own id is call_sid and this: '' for the first call of a uuid, else `_` and when it began
  add column id_suffix text not null default '' check (length(id_suffix) <= 40),
  -- in which runs it was heard, by Core-UUID; null: before this migration, in core_uuid alone
  add column runs jsonb,
  -- the channel variable as it was heard last, whether or not it decided
  add column tenant_reference text,
  -- nobody heard the end: if it comes after all, the minutes are made good
  add column end_estimated boolean not null default false,
  add check (not end_estimated or ended_at is not null);
update calls set end_estimated = true where hangup_cause in ('ENDED_UNSEEN', 'SWITCH_RESTARTED');
alter table calls drop constraint calls_pkey, add primary key (call_sid, id_suffix);
-- A switch is what its Core-UUID says, whatever name leads to it.
create index calls_open_by_run on calls (core_uuid) where ended_at is null and tenant_missed_at is null;

alter table recordings
  add column id_suffix text not null default '' check (length(id_suffix) <= 40),
  drop constraint recordings_pkey,
  add primary key (call_sid, id_suffix, path_hash);

alter table call_events
  -- when it was left to wait for what a later event says; only that event brings it up again
  add column looked_at timestamptz,
  -- when it was given up because its handling failed in a way that no repeat mends
  add column set_aside_at timestamptz;
create index call_events_leftover on call_events (kept_at) where handled_at is null and looked_at is null;

-- Which runs of switches were reached, and under which name last: whose calls may still be up.
create table switch_runs (
  core_uuid text primary key,
  switch text not null,
  seen_at timestamptz not null default now()
);

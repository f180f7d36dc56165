-- Up Migration

-- Statistics over time are rolled up from what deliveries write anyway (roll_up_statistics). A roll-up goes on from the
-- last one's end, in the order in which rows were written: new events and deliveries by their ids, attempts by this time.
alter table webhook_attempts
  -- When it was recorded, by Postgres' clock; null: before there were statistics over time. Whole seconds: the index then
  -- keeps the attempts of one second under one key.
  add column recorded_at timestamptz,
  -- the delivery ended with it
  add column ended_as text,
  -- not valid: no old row has it, so none need be read
  add check (ended_as in ('delivered', 'failed')) not valid;
alter table webhook_attempts alter column recorded_at set default date_trunc('second', clock_timestamp());
create index webhook_attempts_by_record on webhook_attempts (recorded_at);

-- What neither an attempt nor an accepted event tells: deliveries that ended without an attempt of their own, and those
-- that a recovery added. The roll-up deletes what it has counted.
create table uncounted_changes (
  webhook_id integer not null references webhooks on delete cascade,
  id uuid not null default uuid_v7(),
  at timestamptz not null,
  events integer not null default 0,
  delivered integer not null default 0,
  failed integer not null default 0,
  expired integer not null default 0,
  primary key (webhook_id, id)
);

-- One row: everything that was written before this time is counted.
create table statistics_progress (
  is_only boolean primary key default true check (is_only),
  rolled_up_until timestamptz not null
);
insert into statistics_progress (rolled_up_until) values (date_trunc('second', now()));

-- The 50th, 95th and 99th percentile of a histogram of milliseconds (histogram_place): at most 5 percent off, since each
-- is the middle of its place. Null without values.
create function histogram_percentiles(p_histogram integer[]) returns integer[]
language plpgsql immutable strict parallel safe as $$
declare
  v_total bigint := 0;
  v_passed bigint := 0;
  v_place integer := 0;
  v_share double precision;
  v_found integer[] := '{}';
begin
  for i in 1 .. cardinality(p_histogram) loop
    v_total := v_total + p_histogram[i];
  end loop;
  foreach v_share in array array[0.5, 0.95, 0.99] loop
    while v_passed < v_share * v_total loop
      v_place := v_place + 1;
      v_passed := v_passed + p_histogram[v_place];
    end loop;
    v_found := v_found || round(2 / 2.1 * 1.1 ^ (v_place - 1))::integer;
  end loop;
  return v_found;
end $$;

-- A row of webhook_statistics as it is read. This and histogram_percentiles are in a generated column, so they are changed
-- only by a migration.
create function statistics_as_json(p_start timestamptz, p_events integer, p_delivered integer, p_failed integer, p_expired integer,
                                   p_outcomes integer[], p_durations integer[], p_delays integer[])
returns text language plpgsql immutable parallel safe as $$
begin
  return format('[%s,%s,%s,%s,%s,[%s],[%s],[%s]]', extract(epoch from p_start)::bigint, p_events, p_delivered, p_failed, p_expired,
                array_to_string(p_outcomes, ','), array_to_string(histogram_percentiles(p_durations), ','),
                array_to_string(histogram_percentiles(p_delays), ','));
end $$;

-- What happened in each minute, hour and day in UTC; without a row: nothing.
create table webhook_statistics (
  tenant_id uuid not null references tenants,
  -- null: the whole tenant
  webhook_id integer references webhooks,
  unit text not null check (unit in ('minute', 'hour', 'day')),
  start timestamptz not null,
  -- made when the row is written, since thousands of rows are read at a time
  as_json text not null generated always as (
    statistics_as_json(start, events, delivered, failed, expired, outcomes, durations, delays)) stored,
  -- accepted for it
  events integer not null,
  -- deliveries that ended so
  delivered integer not null,
  failed integer not null,
  expired integer not null,
  -- how many attempts had each outcome; its numbers are in roll_up_statistics
  outcomes integer[],
  -- histograms, see histogram_place: of requests, and from the acceptance to the first attempt; null: there was none
  durations integer[],
  delays integer[],
  unique nulls not distinct (tenant_id, webhook_id, unit, start)
  -- A roll-up changes the rows of the current minute, hour and day: within their pages, without touching the indexes.
) with (fillfactor = 70);
create index webhook_statistics_by_webhook on webhook_statistics (webhook_id, unit, start);
create index webhook_statistics_by_age on webhook_statistics (unit, start);

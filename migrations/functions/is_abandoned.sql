-- Whether a request that should have ended by now, but has no record, may be given up: its process is alive and had
-- nothing to record, or is gone. A process is gone when it has had no heartbeat for 15 s while p_process had one all
-- that time. So after an outage of Postgres every live process has 15 s to record the responses that came meanwhile.
create or replace function is_abandoned(d webhook_deliveries, p_process uuid) returns boolean language sql stable as $$
  select d.in_flight_by is null or d.in_flight_by = p_process
    or not exists (select from sender_processes where id = d.in_flight_by and beat_at < d.in_flight_until)
    or exists (select from sender_processes theirs, sender_processes mine
                where theirs.id = d.in_flight_by and theirs.beat_at < clock_timestamp() - interval '15 s'
                  and mine.id = p_process and mine.continuous_since < clock_timestamp() - interval '15 s'
                  and mine.beat_at > clock_timestamp() - interval '6 s')
$$;

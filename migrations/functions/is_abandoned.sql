-- Whether a request that should have ended by now, and of which no record came, may be given up: its process lived on and
-- had nothing to record, or it is gone. Gone is who has not beaten for 15 s while the asker beat all that time: after an
-- outage of Postgres everybody who lives has as long to record what was answered meanwhile.
create or replace function is_abandoned(d webhook_deliveries, p_process uuid) returns boolean language sql stable as $$
  select d.in_flight_by is null or d.in_flight_by = p_process
    or not exists (select from sender_processes where id = d.in_flight_by and beat_at < d.in_flight_until)
    or exists (select from sender_processes theirs, sender_processes mine
                where theirs.id = d.in_flight_by and theirs.beat_at < clock_timestamp() - interval '15 s'
                  and mine.id = p_process and mine.continuous_since < clock_timestamp() - interval '15 s'
                  and mine.beat_at > clock_timestamp() - interval '6 s')
$$;

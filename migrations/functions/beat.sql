-- Notes that a sending process was alive at p_at and has recorded every outcome that it had by then.
create or replace function beat(p_process uuid, p_at timestamptz) returns void language sql as $$
  insert into sender_processes as p (id, beat_at, continuous_since) values (p_process, p_at, p_at)
  on conflict (id) do update
     set beat_at = excluded.beat_at,
         continuous_since = case when p.beat_at < excluded.beat_at - interval '6 s' then excluded.beat_at
                                 else p.continuous_since end
$$;

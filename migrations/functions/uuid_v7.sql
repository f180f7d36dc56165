-- RFC 9562 version 7: 48 bits of Unix milliseconds, then random bits. Sorts by time and needs no sequence, so no id is
-- used twice after a restore from a backup.
create or replace function uuid_v7() returns uuid language sql volatile parallel safe as $$
  select encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
              placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
              from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid
$$;

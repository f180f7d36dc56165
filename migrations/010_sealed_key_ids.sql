-- Up Migration

-- The key that a sealed value asks for (src/encryption/seal.ts, `sealedKeyId`): version 2 is a byte 2, the length of the id, the id in
-- ASCII, then what is encrypted. Null: version 1, which names no key, or no sealed value at all. Never fails, whatever the
-- bytes are; damaged ones may give an id that no key has. No regular expression: that would cost ten times as much.
-- Here and not in functions/: indexes hold its results, so another body needs a migration that builds them anew.
create function sealed_key_id(sealed bytea) returns text
language sql immutable parallel safe
return case
  -- substring, not get_byte: that fails for bytes that are not there
  when substring(sealed from 1 for 1) = '\x02'::bytea and length(sealed) >= 2
      and get_byte(sealed, 1) between 1 and 32 and length(sealed) >= 2 + get_byte(sealed, 1)
    -- `escape` leaves ASCII as it is, and never fails
    then encode(substring(sealed from 3 for get_byte(sealed, 1)), 'escape')
end;

-- Which keys are in use, and a few values of each: asked at every start and once a minute, so not every row may be read.
create index webhooks_by_secret_key on webhooks (sealed_key_id(secret_sealed), id) where deleted_at is null;
create index webhooks_by_headers_key on webhooks (sealed_key_id(headers_sealed), id)
  where headers_sealed is not null and deleted_at is null;
create index webhooks_by_previous_secret_key on webhooks (sealed_key_id(previous_secret_sealed), id)
  where previous_secret_sealed is not null and deleted_at is null;

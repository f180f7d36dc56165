-- Gives the right to ask the receivers of an unverified webhook for its challenge. `answer`:
--   send    with everything the requests need
--   ended   nothing is to be asked: it is verified or deleted, or a receiver gave a wrong answer
--   wait    its tenant had too many receivers asked lately: try again in `wait_ms`
--   sealed  the caller lacks the key with which the webhook's secret or headers are sealed
-- p_keys: the ids of the keys that the caller has.
create or replace function take_verification(p_webhook integer, p_keys text[])
returns table (answer text, wait_ms bigint, target_version integer, taken_at timestamptz, url text, fallback_url text,
               timeout_ms integer, headers_sealed bytea, secret_sealed bytea, previous_secret_sealed bytea)
language plpgsql as $$
#variable_conflict use_column
declare
  w webhooks;
  v_now timestamptz;
  v_free_at timestamptz;
begin
  select * into w from webhooks where id = p_webhook;
  if not found then
    perform require_writable();
    answer := 'ended';
    return next;
    return;
  end if;
  -- The tenant's row is locked before the webhook's, as where a tenant is deleted.
  perform from tenants where id = w.tenant_id for no key update;
  select * into w from webhooks where id = p_webhook;
  v_now := clock_timestamp();
  if w.deleted_at is not null or w.verification <> 'pending' or w.verification_error is not null then
    answer := 'ended';
    return next;
    return;
  end if;
  v_free_at := verification_free_at(w);
  if sealed_key_id(w.secret_sealed) <> all(p_keys) or sealed_key_id(w.headers_sealed) <> all(p_keys) then
    answer := 'sealed';
  elsif v_free_at > v_now then
    answer := 'wait';
    wait_ms := milliseconds_until(v_free_at);
  else
    update tenants set verifications_until = v_free_at + interval '5 min' where id = w.tenant_id;
    answer := 'send';
    target_version := w.target_version;
    taken_at := v_now;
    url := w.url;
    fallback_url := w.fallback_url;
    timeout_ms := w.timeout_ms;
    headers_sealed := w.headers_sealed;
    secret_sealed := w.secret_sealed;
    previous_secret_sealed := case when w.previous_secret_expires_at > v_now then w.previous_secret_sealed end;
  end if;
  update webhooks set verification_checked_at = v_now where id = p_webhook;
  return next;
end $$;

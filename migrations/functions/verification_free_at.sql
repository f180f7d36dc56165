-- When the receivers of a webhook may be asked for a challenge. Nobody has agreed to these requests yet, so a tenant may
-- have 60 sent at once, and then one every five seconds, however many webhooks it makes and changes: each request moves
-- `verifications_until` five seconds on, and that is never more than five minutes from now.
create or replace function verification_free_at(w webhooks) returns timestamptz language sql volatile as $$
  select greatest(t.verifications_until, clock_timestamp())
           + (1 + (w.fallback_url is not null)::int) * interval '5 s' - interval '5 min'
    from tenants t where t.id = w.tenant_id
$$;

-- Whether the settings of a webhook do not let this delivery be sent now. A pause does not hold tests: a tenant sends one to find out
-- whether to resume. (SQL in one expression, which Postgres puts in the caller's place.)
create or replace function must_be_held(d webhook_deliveries, w webhooks) returns boolean language sql immutable as $$
  select w.verification = 'pending' or not w.enabled and not d.test
$$;

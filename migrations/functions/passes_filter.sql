-- Whether an event (as filterable returns it) matches a webhook's filter. One that Postgres cannot read, or for which it
-- cannot evaluate the filter, does: none is lost. Dear, so that it is asked after all other conditions.
create or replace function passes_filter(p_event jsonb, p_filter jsonpath) returns boolean
language plpgsql immutable cost 10000 as $$
begin
  return coalesce(jsonb_path_match(p_event, p_filter, '{}', true), true);
end $$;

-- Whether a webhook with this filter (null: none) gets an event (as filterable returns it). An event that Postgres cannot
-- read, and one for which it cannot evaluate the filter, passes: none is lost. Inlined: without a filter nothing is read.
create or replace function passes_filter(p_event jsonb, p_filter jsonpath) returns boolean language sql immutable as $$
  select p_filter is null or coalesce(jsonb_path_match(p_event, p_filter, '{}', true), true)
$$;

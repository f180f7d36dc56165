-- The body of an event as a webhook's filter reads it: what text may hold and jsonb may not (\u0000, unpaired surrogates)
-- is replaced by U+FFFD. Null if Postgres cannot read it all the same. Dear, so that it is evaluated last.
create or replace function filterable(p_body text) returns jsonb language plpgsql stable strict cost 10000 as $$
begin
  if not pg_input_is_valid(p_body, 'jsonb') then
    -- an escape whose backslash is not itself escaped
    p_body := regexp_replace(p_body, '(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})', '\1\\ufffd', 'gi');
  end if;
  return case when pg_input_is_valid(p_body, 'jsonb') then p_body::jsonb end;
end $$;

-- The body of an event as a webhook's filter reads it. What text may hold and jsonb may not is replaced: \u0000 by U+FFFD,
-- an unpaired surrogate by a character for private use (U+D800 by U+E800). Null if Postgres cannot read it all the same.
-- Dear, so that it is evaluated after all other conditions.
create or replace function filterable(p_body text) returns jsonb language plpgsql stable strict cost 10000 as $$
begin
  if strpos(p_body, '\u0000') > 0 or strpos(p_body, '\ud') > 0 then
    -- An escaped backslash comes first: what follows it is no escape. Only unpaired surrogates are escaped in a body.
    p_body := replace(replace(replace(p_body, '\\', '\u005c'), '\u0000', '\ufffd'), '\ud', '\ue');
  end if;
  return p_body::jsonb;
exception when others then
  return null;
end $$;

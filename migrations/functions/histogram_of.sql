-- How often each number, from 1 on, is in the list. Null without any.
create or replace function histogram_of(p_places integer[]) returns integer[]
language plpgsql immutable strict parallel safe as $$
declare
  v_counts integer[] := array_fill(0, array[(select max(place) from unnest(p_places) place)]);
  v_place integer;
begin
  foreach v_place in array p_places loop
    v_counts[v_place] := v_counts[v_place] + 1;
  end loop;
  return v_counts;
end $$;

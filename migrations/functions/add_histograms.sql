-- The sum of two histograms of any length; null counts as an empty one.
create or replace function add_histograms(a integer[], b integer[]) returns integer[]
language plpgsql immutable parallel safe as $$
begin
  if a is null or b is null then
    return coalesce(a, b);
  elsif cardinality(b) > cardinality(a) then
    return add_histograms(b, a);
  end if;
  for i in 1 .. cardinality(b) loop
    a[i] := a[i] + b[i];
  end loop;
  return a;
end $$;

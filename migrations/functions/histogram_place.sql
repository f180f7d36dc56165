-- The place of a number of milliseconds in a histogram, an array of counts. Each place ends at 1.1 times the end of the one
-- before it, always the same ones, so that histograms can be added up; place 1 ends at 1 ms.
create or replace function histogram_place(p_ms double precision) returns integer language sql immutable strict parallel safe as $$
  select 1 + ceil(ln(greatest(1, least(p_ms, 1e10::double precision))) / ln(1.1::double precision))::integer
$$;

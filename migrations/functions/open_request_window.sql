-- The tenant's request window as of p_now, locked.
create or replace function open_request_window(p_tenant uuid, p_quota integer, p_now timestamptz)
returns tenant_request_windows language plpgsql as $$
declare
  t tenant_request_windows;
  v_over integer;
begin
  insert into tenant_request_windows values (p_tenant, p_now, 0, 0) on conflict do nothing;
  select * into t from tenant_request_windows where tenant_id = p_tenant for no key update;
  v_over := floor(extract(epoch from p_now - t.began_at) / 60);
  if v_over > 0 then
    t.began_at := case when v_over = 1 then t.began_at + interval '60 s' else p_now end;
    t.sent := 0;
    t.promised := greatest(0, t.promised - v_over::bigint * p_quota);
  end if;
  return t;
end $$;

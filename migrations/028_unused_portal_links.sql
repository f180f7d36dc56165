-- Up Migration

-- All unused links of a tenant are withdrawn in batches: each must not read the used ones again.
drop index portal_links_by_tenant;
create index portal_links_by_tenant on portal_links (tenant_id, session_id);

-- Up Migration

-- Rows of one hour lie together, so a year of a webhook's hours is spread over as many pages as it has hours. In the index
-- they lie together, with what is shown of them. The price: a row that changes gets a new entry in every index, where it
-- was changed within its page before.
create unique index webhook_statistics_shown on webhook_statistics (tenant_id, webhook_id, unit, start) include (as_json)
  nulls not distinct;
alter table webhook_statistics drop constraint webhook_statistics_tenant_id_webhook_id_unit_start_key;

-- The index alone is read where a vacuum has passed since. With Postgres' default that would be when a fifth of the table is
-- new, which are the hours of the last ten weeks.
alter table webhook_statistics set (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.02);

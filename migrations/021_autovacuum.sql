-- Up Migration

-- Retention deletes a day at a time, some three percent of a month's rows. With Postgres' default a table is vacuumed
-- when a fifth of it is dead; the rows of a week would lie about before their space is used again.
alter table webhook_events set (autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02);
alter table webhook_deliveries set (autovacuum_vacuum_scale_factor = 0.02);
alter table webhook_attempts set (autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02);

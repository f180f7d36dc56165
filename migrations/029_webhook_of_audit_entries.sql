-- Up Migration

-- Where a delivery or a recovery is read: at its webhook. Null: the subject is something else, or was gone when this column
-- came.
alter table audit_entries add column webhook_id integer;
update audit_entries set webhook_id = d.webhook_id from webhook_deliveries d
 where subject_type = 'delivery' and d.id = subject_id::uuid;
update audit_entries set webhook_id = r.webhook_id from webhook_recoveries r
 where subject_type = 'recovery' and r.id = subject_id::uuid;

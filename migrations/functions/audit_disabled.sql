-- Writes that the service disables a webhook by itself. p_before: its row before the change. Call it in the same
-- transaction.
create or replace function audit_disabled(p_before webhooks, p_reason text) returns void language sql as $$
  insert into audit_entries (tenant_id, actor_type, actor_name, action, subject_id, changes)
  values (p_before.tenant_id, 'system', 'service', 'webhook.disabled', p_before.id,
          jsonb_build_object('disabled_reason', jsonb_build_object('old', p_before.disabled_reason, 'new', p_reason))
          || case when p_before.enabled then '{"enabled": {"old": true, "new": false}}' else '{}' end::jsonb)
$$;

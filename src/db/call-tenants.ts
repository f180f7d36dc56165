import type { CallKey } from './calls.js';
import type { Queryable } from './database.js';

/**
 * From now on all events of the call are this tenant's. If its end was estimated (no event was sent for that), it is
 * open again.
 */
export async function assignCall(db: Queryable, key: CallKey, tenantId: string): Promise<void> {
  await db.query(
    `update calls set tenant_id = $3, end_estimated = false,
                      ended_at = case when not end_estimated then ended_at end,
                      status = case when not end_estimated then status end,
                      hangup_cause = case when not end_estimated then hangup_cause end,
                      duration_ms = case when not end_estimated then duration_ms end
      where call_sid = $1 and id_suffix = $2`,
    [key.callSid, key.idSuffix, tenantId],
  );
}

/** The last known value of the channel variable. */
export async function recordTenantReference(db: Queryable, key: CallKey, tenantReference: string): Promise<void> {
  await db.query('update calls set tenant_reference = $3 where call_sid = $1 and id_suffix = $2', [
    key.callSid,
    key.idSuffix,
    tenantReference,
  ]);
}

/**
 * `isOver`: the call has ended, so most likely no later event names its tenant. Resolves to true the first time it is
 * called with `isOver`.
 */
export async function markTenantSought(db: Queryable, key: CallKey, isOver: boolean): Promise<boolean> {
  const { rows } = await db.query<{ is_first: boolean }>(
    `update calls c set tenant_sought_at = clock_timestamp(),
                        tenant_missed_at = coalesce(c.tenant_missed_at, case when $3 then now() end)
       from (select call_sid, id_suffix, tenant_missed_at from calls where call_sid = $1 and id_suffix = $2) before
      where c.call_sid = before.call_sid and c.id_suffix = before.id_suffix
     returning $3 and before.tenant_missed_at is null as is_first`,
    [key.callSid, key.idSuffix, isOver],
  );
  return rows[0]?.is_first ?? false;
}

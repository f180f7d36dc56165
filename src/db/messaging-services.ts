import type { Queryable } from './database.js';

/** A Messaging Service belongs to the tenant that uses it first. False: it is another tenant's. */
export async function claimService(db: Queryable, tenantId: string, serviceSid: string): Promise<boolean> {
  await db.query(
    'insert into messaging_services (service_sid, tenant_id) values ($1, $2) on conflict (service_sid) do nothing',
    [serviceSid, tenantId],
  );
  const { rows } = await db.query<{ tenant_id: string }>(
    'select tenant_id from messaging_services where service_sid = $1',
    [serviceSid],
  );
  return rows[0]?.tenant_id === tenantId;
}

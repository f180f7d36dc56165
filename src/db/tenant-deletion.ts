import { sqlState, sqlStateOf, type Queryable } from './database.js';
import { deleteWebhooks } from './webhooks.js';

/** `confirm` is not the tenant's name: nothing was deleted. */
export class NameMismatchError extends Error {
  override readonly name = 'NameMismatchError';
}

/**
 * Deletes a tenant; call it in a transaction. From the commit on its keys, sessions and links are unknown, its numbers are free, nothing is
 * sent, and it is not found. Its data follows (removeTenantData). False: there is no such tenant. Throws
 * NameMismatchError unless `confirm` is its name.
 */
export async function deleteTenant(db: Queryable, tenantId: string, confirm: string): Promise<boolean> {
  // In the strongest mode at once: it is needed to free the external id.
  const { rows } = await db.query<{ name: string }>(
    'select name from tenants where id = $1 and deleted_at is null for update',
    [tenantId],
  );
  if (!rows[0]) return false;
  if (rows[0].name !== confirm) throw new NameMismatchError();
  await db.query('update tenants set deleted_at = clock_timestamp(), external_id = null where id = $1', [tenantId]);
  await db.query('delete from api_keys where tenant_id = $1', [tenantId]);
  await db.query(
    'update phone_numbers set released_at = greatest(now(), assigned_at) where tenant_id = $1 and released_at is null',
    [tenantId],
  );
  await deleteWebhooks(db, tenantId);
  return true;
}

/** Deleted tenants of which data is left, longest deleted first. */
export async function deletedTenants(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'select id from tenants where deleted_at is not null order by deleted_at limit $1',
    [limit],
  );
  return rows.map((row) => row.id);
}

const batchSize = 500;

/** Rows that belong to a tenant's webhook, in the order of their foreign keys; each with an index that begins with it. */
const tablesOfWebhooks = [
  'webhook_recoveries',
  'webhook_deliveries',
  'uncounted_changes',
  'webhook_tokens',
  'webhook_counters',
  'webhook_limiters',
  'webhook_health_changes',
  'webhook_health',
];

/** The other tables with rows of tenants, in the order of their foreign keys. */
export const tablesOfTenants = [
  'expunges',
  'webhook_events',
  'ordering_keys',
  'webhook_statistics',
  'webhooks',
  'messages',
  'recordings',
  'calls',
  'phone_numbers',
  'messaging_services',
  'tenant_limits',
  'tenant_usage',
  'tenant_event_counts',
  'tenant_request_windows',
  'portal_links',
  'browser_sessions',
  'api_keys',
];

/**
 * Removes the rows of a deleted tenant and then the tenant, in batches; `goesOn` is asked after each of them whether
 * there is time for more. False: some are left for the next time. Safe to repeat and to run concurrently.
 */
export async function removeTenantData(
  db: Queryable,
  tenantId: string,
  goesOn: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const untilNone = async (removeBatch: () => Promise<number>) => {
    while ((await removeBatch()) > 0) if (!(await goesOn())) return false;
    return true;
  };
  try {
    for (const table of tablesOfWebhooks)
      if (!(await untilNone(() => removeOfWebhooks(db, table, tenantId)))) return false;
    if (!(await removeCallEvents(db, tenantId, goesOn))) return false;
    for (const table of tablesOfTenants) if (!(await untilNone(() => removeRows(db, table, tenantId)))) return false;
    await db.query('delete from tenants where id = $1 and deleted_at is not null', [tenantId]);
    return true;
  } catch (error) {
    // What was under way at the deletion has added something meanwhile.
    if (sqlStateOf(error) !== sqlState.foreignKeyViolation) throw error;
    return false;
  }
}

async function removeRows(db: Queryable, table: string, tenantId: string): Promise<number> {
  const { rowCount } = await db.query(
    `delete from ${table} where ctid = any(array(select ctid from ${table} where tenant_id = $1 limit ${batchSize}))`,
    [tenantId],
  );
  return rowCount ?? 0;
}

async function removeOfWebhooks(db: Queryable, table: string, tenantId: string): Promise<number> {
  const { rowCount } = await db.query(
    `delete from ${table} where ctid = any(array(
       select r.ctid from webhooks w
        cross join lateral (select ctid from ${table} where webhook_id = w.id limit ${batchSize}) r
        where w.tenant_id = $1 limit ${batchSize}))`,
    [tenantId],
  );
  return rowCount ?? 0;
}

/** What switches reported of the tenant's calls. It names no tenant, so all of it is looked through, page by page. */
async function removeCallEvents(
  db: Queryable,
  tenantId: string,
  goesOn: () => boolean | Promise<boolean>,
): Promise<boolean> {
  for (let after: [string, number] | undefined = ['', -1]; after;) {
    const { rows }: { rows: { core_uuid: string; event_sequence: number }[] } = await db.query(
      `with page as (
         select core_uuid, event_sequence from call_events where (core_uuid, event_sequence) > ($2, $3)
          order by core_uuid, event_sequence limit ${batchSize}),
       removed as (
         delete from call_events k using page p
          where k.core_uuid = p.core_uuid and k.event_sequence = p.event_sequence
            and exists (select from calls c where c.call_sid = k.call_sid and c.tenant_id = $1))
       select core_uuid, event_sequence from page order by core_uuid desc, event_sequence desc limit 1`,
      [tenantId, ...after],
    );
    after = rows[0] && [rows[0].core_uuid, rows[0].event_sequence];
    if (!(await goesOn())) return false;
  }
  return true;
}

import { NotFoundError } from '../errors.js';
import { oneRow, type Queryable } from './database.js';

// Quantities are whole numbers of a resource's smallest unit (src/sources/usage/resources.ts).

export interface UsageKey {
  tenantId: string;
  /** `YYYY-MM`, in UTC. */
  month: string;
  resource: string;
}

/** The highest limit for which each alert was sent in the month; null: not sent. */
export interface AlertedFor {
  warnedFor: number | null;
  reachedFor: number | null;
}

export interface Usage extends AlertedFor {
  used: number;
  /** The current limit; null: no limit. */
  allowed: number | null;
}

interface UsageRow {
  used: number;
  warned_for: number | null;
  reached_for: number | null;
  allowed: number | null;
}

const toUsage = (row: UsageRow): Usage => ({
  used: row.used,
  warnedFor: row.warned_for,
  reachedFor: row.reached_for,
  allowed: row.allowed,
});

const usageColumns = `used, warned_for, reached_for,
       (select l.allowed from tenant_limits l where l.tenant_id = u.tenant_id and l.resource = u.resource) as allowed`;

/**
 * Nobody else counts usage of this tenant or changes its limits until the transaction ends; mere inserts of the
 * tenant's rows do not wait. Throws NotFoundError when there is no such tenant.
 */
export async function lockTenantUsage(db: Queryable, tenantId: string): Promise<void> {
  // A separate statement: what is read after waiting for the lock must include what the others committed.
  const { rows } = await db.query('select id from tenants where id = $1 for no key update', [tenantId]);
  if (rows.length === 0) throw new NotFoundError(`There is no tenant ${tenantId}.`);
}

/** Needs lockTenantUsage. Returns the usage including the addition. */
export async function addUsage(db: Queryable, { tenantId, month, resource }: UsageKey, parts: number): Promise<Usage> {
  const { rows } = await db.query<UsageRow>(
    `insert into tenant_usage as u (tenant_id, month, resource, used) values ($1, $2, $3, $4)
     on conflict (tenant_id, month, resource) do update set used = u.used + excluded.used
     returning ${usageColumns}`,
    [tenantId, month, resource, parts],
  );
  return toUsage(oneRow(rows));
}

/** Needs lockTenantUsage. For usage that was counted but did not happen; alerts that were sent stay sent. */
export async function takeBackUsage(
  db: Queryable,
  { tenantId, month, resource }: UsageKey,
  parts: number,
): Promise<void> {
  await db.query(
    `update tenant_usage set used = greatest(0, used - $4) where tenant_id = $1 and month = $2 and resource = $3`,
    [tenantId, month, resource, parts],
  );
}

/** Null: nothing was used in that month. */
export async function findUsage(db: Queryable, { tenantId, month, resource }: UsageKey): Promise<Usage | null> {
  const { rows } = await db.query<UsageRow>(
    `select ${usageColumns} from tenant_usage u where tenant_id = $1 and month = $2 and resource = $3`,
    [tenantId, month, resource],
  );
  return rows[0] ? toUsage(rows[0]) : null;
}

/** Needs lockTenantUsage. */
export async function markAlerted(
  db: Queryable,
  { tenantId, month, resource }: UsageKey,
  { warnedFor, reachedFor }: AlertedFor,
): Promise<void> {
  await db.query(
    `update tenant_usage set warned_for = $4, reached_for = $5
      where tenant_id = $1 and month = $2 and resource = $3`,
    [tenantId, month, resource, warnedFor, reachedFor],
  );
}

/** Needs lockTenantUsage. Null: no limit. */
export async function setLimit(
  db: Queryable,
  tenantId: string,
  resource: string,
  allowed: number | null,
): Promise<void> {
  if (allowed === null) {
    await db.query('delete from tenant_limits where tenant_id = $1 and resource = $2', [tenantId, resource]);
    return;
  }
  await db.query(
    `insert into tenant_limits (tenant_id, resource, allowed) values ($1, $2, $3)
     on conflict (tenant_id, resource) do update set allowed = excluded.allowed`,
    [tenantId, resource, allowed],
  );
}

export interface Quantity {
  resource: string;
  parts: number;
}

/** The limits that are set. */
export async function listLimits(db: Queryable, tenantId: string): Promise<Quantity[]> {
  const { rows } = await db.query<Quantity>(
    'select resource, allowed as parts from tenant_limits where tenant_id = $1',
    [tenantId],
  );
  return rows;
}

/** The resources that were used in the month. */
export async function listUsage(db: Queryable, tenantId: string, month: string): Promise<Quantity[]> {
  const { rows } = await db.query<Quantity>(
    'select resource, used as parts from tenant_usage where tenant_id = $1 and month = $2',
    [tenantId, month],
  );
  return rows;
}

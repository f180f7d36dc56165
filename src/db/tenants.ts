import { uuidForm } from '../uuid-form.js';
import type { Queryable } from './database.js';
import { quotaColumns, toQuotas, type QuotaRow, type Quotas } from './quotas.js';

export interface Tenant {
  id: string;
  name: string;
  /** The platform's own name for it; null: it has none. */
  externalId: string | null;
  quotas: Quotas;
  createdAt: Date;
}

interface TenantRow extends QuotaRow {
  id: string;
  name: string;
  external_id: string | null;
  created_at: Date;
}

const columns = `id, name, external_id, ${quotaColumns}, created_at`;

const toTenant = (row: TenantRow): Tenant => ({
  id: row.id,
  name: row.name,
  externalId: row.external_id,
  quotas: toQuotas(row),
  createdAt: row.created_at,
});

/** Null: another tenant has that external id. */
export async function insertTenant(
  db: Queryable,
  { name, externalId = null }: { name: string; externalId?: string | null },
): Promise<Tenant | null> {
  const { rows } = await db.query<TenantRow>(
    `insert into tenants (name, external_id) values ($1, $2) on conflict (external_id) do nothing returning ${columns}`,
    [name, externalId],
  );
  return rows[0] ? toTenant(rows[0]) : null;
}

/** `lock`: nobody else changes the tenant until the transaction ends. */
export async function findTenant(
  db: Queryable,
  tenantId: string,
  { lock = false }: { lock?: boolean } = {},
): Promise<Tenant | null> {
  const { rows } = await db.query<TenantRow>(
    `select ${columns} from tenants where id = $1 and deleted_at is null ${lock ? 'for no key update' : ''}`,
    [tenantId],
  );
  return rows[0] ? toTenant(rows[0]) : null;
}

/** Null: no tenant has that external id. */
export async function findTenantByExternalId(db: Queryable, externalId: string): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>('select id from tenants where external_id = $1', [externalId]);
  return rows[0]?.id ?? null;
}

/** The tenant that another system names, by its external id or else by our own id; null: no tenant has it. */
export async function resolveTenant(db: Queryable, reference: string): Promise<string | null> {
  // Postgres accepts no NUL, so no tenant's id has one.
  if (reference.includes('\0')) return null;
  const { rows } = await db.query<{ id: string }>(
    `select id from tenants where (external_id = $1 or id = $2::uuid) and deleted_at is null
      order by external_id is not distinct from $1 desc limit 1`,
    [reference, uuidForm.test(reference) ? reference : null],
  );
  return rows[0]?.id ?? null;
}

/** Newest first; `externalId` null: all of them. */
export async function listTenants(
  db: Queryable,
  filter: { externalId: string | null },
  page: { limit: number; beforeId: string | null },
): Promise<Tenant[]> {
  const { rows } = await db.query<TenantRow>(
    `select ${columns} from tenants
      where deleted_at is null and ($2::uuid is null or id < $2) and ($3::text is null or external_id = $3) order by id desc limit $1`,
    [page.limit, page.beforeId, filter.externalId],
  );
  return rows.map(toTenant);
}

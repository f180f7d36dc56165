import { oneRow, type Queryable } from './database.js';

export interface Tenant {
  id: string;
  name: string;
  createdAt: Date;
}

interface TenantRow {
  id: string;
  name: string;
  created_at: Date;
}

const toTenant = (row: TenantRow): Tenant => ({ id: row.id, name: row.name, createdAt: row.created_at });

export async function insertTenant(db: Queryable, name: string): Promise<Tenant> {
  const { rows } = await db.query<TenantRow>('insert into tenants (name) values ($1) returning id, name, created_at', [
    name,
  ]);
  return toTenant(oneRow(rows));
}

export async function findTenant(db: Queryable, tenantId: string): Promise<Tenant | null> {
  const { rows } = await db.query<TenantRow>('select id, name, created_at from tenants where id = $1', [tenantId]);
  return rows[0] ? toTenant(rows[0]) : null;
}

/** Newest first. */
export async function listTenants(db: Queryable, page: { limit: number; beforeId: string | null }): Promise<Tenant[]> {
  const { rows } = await db.query<TenantRow>(
    `select id, name, created_at from tenants where ($2::uuid is null or id < $2) order by id desc limit $1`,
    [page.limit, page.beforeId],
  );
  return rows.map(toTenant);
}

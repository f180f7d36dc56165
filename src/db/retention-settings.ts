import type { Queryable } from './database.js';

/** What is kept, each for its own number of days. `bodies`: of events, and of the receivers' responses. */
export const retentionParts = ['bodies', 'attempts', 'deliveries', 'events', 'calls', 'messages'] as const;
export type RetentionPart = (typeof retentionParts)[number];

/** In days. */
export type Retention = Record<RetentionPart, number>;

/** What was set for one tenant; null: the deployment's default. */
export type TenantRetention = Record<RetentionPart, number | null>;

const columns = retentionParts.map((part) => `retention_${part} as ${part}`).join(', ');

/** Null: there is no such tenant. */
export async function findRetention(db: Queryable, tenantId: string): Promise<TenantRetention | null> {
  const { rows } = await db.query<TenantRetention>(
    `select ${columns} from tenants where id = $1 and deleted_at is null`,
    [tenantId],
  );
  return rows[0] ?? null;
}

/** Sets the given parts, keeps the others, and returns all. Null: there is no such tenant. */
export async function setRetention(
  db: Queryable,
  tenantId: string,
  days: Partial<TenantRetention>,
): Promise<TenantRetention | null> {
  const set = retentionParts.map(
    (part, i) => `retention_${part} = case when $${i + 2} then $${i + 8} else retention_${part} end`,
  );
  const { rows } = await db.query<TenantRetention>(
    `update tenants set ${set.join(', ')} where id = $1 and deleted_at is null returning ${columns}`,
    [tenantId, ...retentionParts.map((part) => days[part] !== undefined), ...retentionParts.map((part) => days[part])],
  );
  return rows[0] ?? null;
}

/** A tenant and how long its things are kept, as it works out. */
export interface KeptTenant {
  tenantId: string;
  /** After these days pending and held deliveries expire: without its body nothing can be sent. */
  unsent: number;
  /** A delivery's attempts go with it, and an event stays as long as its deliveries. */
  days: Retention;
}

/** A page of all tenants by id, `after` the given one. */
export async function listKeptTenants(
  db: Queryable,
  defaults: Retention,
  after: string | null,
  limit: number,
): Promise<KeptTenant[]> {
  const { rows } = await db.query<TenantRetention & { id: string }>(
    `select id, ${columns} from tenants where deleted_at is null and ($1::uuid is null or id > $1) order by id limit $2`,
    [after, limit],
  );
  return rows.map(({ id, ...own }) => ({ tenantId: id, ...keptDays(own, defaults) }));
}

function keptDays(own: TenantRetention, defaults: Retention): Omit<KeptTenant, 'tenantId'> {
  const of = (part: RetentionPart) => own[part] ?? defaults[part];
  const deliveries = of('deliveries');
  const bodies = Math.min(of('bodies'), of('events'));
  return {
    unsent: Math.min(bodies, deliveries),
    days: {
      bodies,
      attempts: Math.min(of('attempts'), deliveries),
      deliveries,
      events: Math.max(of('events'), deliveries),
      calls: of('calls'),
      messages: of('messages'),
    },
  };
}

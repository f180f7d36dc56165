import { uuidForm } from '../uuid-form.js';
import type { Queryable } from './database.js';
import { maxListedWebhooks } from './delivery-lists.js';
import { highestUuid } from './key-range.js';
import { searchPage, type SearchRow } from './search-page.js';

/** A tenant as the platform's operators see it. */
export interface TenantOverview {
  id: string;
  name: string;
  externalId: string | null;
  createdAt: Date;
  /** Of the newest 1,000, those that are not deleted; the same holds for the five numbers that follow. */
  webhooks: number;
  failingWebhooks: number;
  disabledWebhooks: number;
  pendingDeliveries: number;
  /** Since when the delivery has been pending that was accepted first; null: none is. */
  oldestPendingAt: Date | null;
  last24Hours: { events: number; delivered: number; failed: number; expired: number; attempts: number };
}

export interface FoundTenant {
  id: string;
  name: string;
  external_id: string | null;
  created_at: Date;
}

/** Names that one call compares. */
export const maxNamesRead = 50_000;

/**
 * Tenants whose name contains `part` (null: all), newest first. `readTo`: where the next page begins; null: there is
 * none. Looks at no more than `maxRead`, so a page may be shorter than `limit`.
 */
export async function findTenants(
  db: Queryable,
  part: string | null,
  { limit, beforeId }: { limit: number; beforeId: string | null },
  maxRead = maxNamesRead,
): Promise<{ tenants: FoundTenant[]; readTo: string | null }> {
  const { rows } = await db.query<FoundTenant & SearchRow & Record<string, unknown>>(
    `with looked_at as materialized (
       select id, name, external_id, created_at, $1::text is null or position(lower($1) in lower(name)) > 0 as is_found
         from tenants where deleted_at is null and id < $2 order by id desc limit $3)
     select *, (select count(*) from looked_at) as looked_at from looked_at
      where is_found or id = (select id from looked_at order by id limit 1)
      order by id desc limit $4`,
    [part, beforeId ?? highestUuid, part === null ? limit + 1 : maxRead, limit + 1],
  );
  const { found, readTo } = searchPage(rows, { limit, maxRead });
  return { tenants: found, readTo: readTo?.id ?? null };
}

/** The tenant with this id or external id. */
export async function findNamedTenant(db: Queryable, name: string): Promise<FoundTenant | null> {
  const { rows } = await db.query<FoundTenant>(
    `select id, name, external_id, created_at from tenants where (id = $1 or external_id = $2) and deleted_at is null
      order by external_id is not distinct from $2 desc limit 1`,
    [uuidForm.test(name) ? name : null, name],
  );
  return rows[0] ?? null;
}

/** In the order of `tenants`. Sums counters and rolled-up statistics, however many deliveries there are. */
export async function overviewsOf(db: Queryable, tenants: FoundTenant[]): Promise<TenantOverview[]> {
  const { rows } = await db.query<{
    id: string;
    webhooks: number;
    failing: number;
    disabled: number;
    pending: number;
    oldest_pending_at: Date | null;
    events: number;
    delivered: number;
    failed: number;
    expired: number;
    attempts: number;
  }>(
    `select t.id, w.*, s.*
       from unnest($1::uuid[]) t (id)
       cross join lateral (
         select count(*) as webhooks, count(*) filter (where h.state = 'failing') as failing,
                count(*) filter (where h.state = 'disabled') as disabled,
                coalesce(sum(c.pending), 0)::bigint as pending, min(oldest.pending_since) as oldest_pending_at
           from (select id, deleted_at from webhooks where tenant_id = t.id order by id desc limit ${maxListedWebhooks}) w
           left join webhook_health h on h.webhook_id = w.id
           cross join lateral (select sum(pending) as pending from webhook_counters where webhook_id = w.id) c
           left join lateral (
             select pending_since from webhook_deliveries where webhook_id = w.id and status = 'pending' order by id limit 1
           ) oldest on c.pending > 0
          where w.deleted_at is null) w
       cross join lateral (
         select coalesce(sum(events), 0)::bigint as events, coalesce(sum(delivered), 0)::bigint as delivered,
                coalesce(sum(failed), 0)::bigint as failed, coalesce(sum(expired), 0)::bigint as expired,
                coalesce(sum((select sum(many) from unnest(outcomes) o (many))), 0)::bigint as attempts
           from webhook_statistics
          where tenant_id = t.id and webhook_id is null and unit = 'hour' and start > now() - interval '24 hours') s`,
    [tenants.map(({ id }) => id)],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return tenants.flatMap((tenant) => {
    const row = found.get(tenant.id);
    if (!row) return [];
    const { events, delivered, failed, expired, attempts } = row;
    return {
      id: tenant.id,
      name: tenant.name,
      externalId: tenant.external_id,
      createdAt: tenant.created_at,
      webhooks: row.webhooks,
      failingWebhooks: row.failing,
      disabledWebhooks: row.disabled,
      pendingDeliveries: row.pending,
      oldestPendingAt: row.oldest_pending_at,
      last24Hours: { events, delivered, failed, expired, attempts },
    };
  });
}

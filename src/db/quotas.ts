import { oneRow, type Queryable } from './database.js';
import { ConflictError, NotFoundError } from '../errors.js';

/** What one tenant may use of the platform; null: no limit. */
export interface Quotas {
  /** Deleted webhooks do not count. */
  webhooks: number | null;
  /** Triggers by `POST /v1/events`. */
  eventsPerMinute: number | null;
  /** To receivers, over all of the tenant's webhooks. */
  requestsPerMinute: number | null;
}

export const quotaColumns = 'quota_webhooks, quota_events_per_minute, quota_requests_per_minute';

export interface QuotaRow {
  quota_webhooks: number | null;
  quota_events_per_minute: number | null;
  quota_requests_per_minute: number | null;
}

export const toQuotas = (row: QuotaRow): Quotas => ({
  webhooks: row.quota_webhooks,
  eventsPerMinute: row.quota_events_per_minute,
  requestsPerMinute: row.quota_requests_per_minute,
});

const columnOf: Record<keyof Quotas, string> = {
  webhooks: 'quota_webhooks',
  eventsPerMinute: 'quota_events_per_minute',
  requestsPerMinute: 'quota_requests_per_minute',
};

/** Sets the given quotas, keeps the others, and returns all. Null: there is no such tenant. */
export async function setQuotas(db: Queryable, tenantId: string, quotas: Partial<Quotas>): Promise<Quotas | null> {
  const named = (Object.keys(columnOf) as (keyof Quotas)[]).filter((name) => quotas[name] !== undefined);
  const set = named.map((name, i) => `${columnOf[name]} = $${i + 2}`);
  const { rows } = await db.query<QuotaRow>(
    `update tenants set ${[...set, 'quotas_set_at = clock_timestamp()'].join(', ')} where id = $1 and deleted_at is null returning ${quotaColumns}`,
    [tenantId, ...named.map((name) => quotas[name])],
  );
  return rows[0] ? toQuotas(rows[0]) : null;
}

/**
 * Call it in the transaction that inserts a webhook, before the insert. Throws ConflictError when the tenant's quota is
 * used up. The tenant's row stays locked until the commit, so that two inserts cannot both take the last place.
 */
export async function requireRoomForWebhook(db: Queryable, tenantId: string): Promise<void> {
  const { rows } = await db.query<{ quota: number | null }>(
    'select quota_webhooks as quota from tenants where id = $1 for no key update',
    [tenantId],
  );
  if (!rows[0]) throw new NotFoundError(`There is no tenant ${tenantId}.`);
  const { quota } = rows[0];
  if (quota === null) return;
  // A separate statement: it must see what was committed while this one waited for the lock.
  const { rows: counted } = await db.query<{ webhooks: number }>(
    'select count(*)::integer as webhooks from webhooks where tenant_id = $1 and deleted_at is null',
    [tenantId],
  );
  const { webhooks } = oneRow(counted);
  if (webhooks < quota) return;
  throw new ConflictError(
    `This tenant has ${webhooks} webhooks, and its quota is ${quota}; delete one, or have the platform raise the quota.`,
  );
}

export interface EventQuota {
  tenantId: string;
  /** Null: no limit any more. */
  eventsPerMinute: number | null;
  /** Pass it as `since` in the next call. */
  setAt: string;
}

/**
 * Event quotas that were set since then (null: all), in the order in which they were set. Quotas of the minute before
 * `since` are listed again, since one that was set earlier may have been committed later.
 */
export async function listEventQuotas(db: Queryable, since: string | null): Promise<EventQuota[]> {
  const { rows } = await db.query<{ id: string; quota_events_per_minute: number | null; set_at: string }>(
    `select id, quota_events_per_minute, quotas_set_at::text as set_at from tenants
      where quotas_set_at >= coalesce($1::timestamptz - interval '1 min', '-infinity')
        and ($1::timestamptz is not null or quota_events_per_minute is not null)
      order by quotas_set_at`,
    [since],
  );
  return rows.map((row) => ({ tenantId: row.id, eventsPerMinute: row.quota_events_per_minute, setAt: row.set_at }));
}

/**
 * Counts a trigger against a quota. Null: it is within the quota; otherwise the seconds until the next minute begins.
 * Counted in one row per tenant, by Postgres' clock: exact across all processes.
 */
export async function countTrigger(db: Queryable, tenantId: string, perMinute: number): Promise<number | null> {
  const { rows } = await db.query<{ counted: boolean; seconds: number }>(
    {
      name: 'count_trigger',
      text: `
        with counted as (
          insert into tenant_event_counts as c (tenant_id, minute_began_at, triggers)
          select $1, clock_timestamp(), 1 where $2 > 0
          on conflict (tenant_id) do update
             set triggers = case when c.minute_began_at > clock_timestamp() - interval '1 min' then c.triggers + 1 else 1 end,
                 minute_began_at = case when c.minute_began_at > clock_timestamp() - interval '1 min'
                                        then c.minute_began_at else clock_timestamp() end
           where c.triggers < $2 or c.minute_began_at <= clock_timestamp() - interval '1 min'
          returning 1)
        select exists(select from counted) as counted,
               coalesce((select greatest(1, ceil(extract(epoch from minute_began_at + interval '1 min' - clock_timestamp())))
                           from tenant_event_counts where tenant_id = $1), 60)::integer as seconds`,
    },
    [tenantId, perMinute],
  );
  const { counted, seconds } = oneRow(rows);
  return counted ? null : seconds;
}

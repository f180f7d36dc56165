import type { Queryable } from './database.js';
import { searchPage, type SearchRow } from './search-page.js';

export const troubles = ['failing', 'disabled'] as const;
export type Trouble = (typeof troubles)[number];

/** A webhook whose receiver fails, or that the service disabled for that. */
export interface ReceiverInTrouble {
  webhookId: number;
  url: string;
  tenant: { id: string; name: string };
  state: Trouble;
  since: Date;
}

/** Where a receiver is in the list: by the time, in microseconds since 1970, then by the webhook. */
export interface TroublePlace {
  sinceMicroseconds: number;
  webhookId: number;
}

/** Deleted webhooks are looked at and left out. */
export const maxReceiversRead = 2_000;

/**
 * Receivers in trouble, longest first, after a place (null: from the first). `readTo`: where the next page begins; null:
 * there is none. Looks at no more than `maxRead`, so a page may be shorter than `limit`.
 */
export async function listReceiversInTrouble(
  db: Queryable,
  states: readonly Trouble[],
  { limit, after }: { limit: number; after: TroublePlace | null },
  maxRead = maxReceiversRead,
): Promise<{ receivers: ReceiverInTrouble[]; readTo: TroublePlace | null }> {
  interface Row extends SearchRow {
    webhook_id: number;
    state: Trouble;
    since: Date;
    since_microseconds: number;
    url: string;
    tenant_id: string;
    tenant_name: string;
  }
  const { rows } = await db.query<Row & Record<string, unknown>>(
    // Each state is a range of the index.
    `with looked_at as materialized (
       select h.* from unnest($1::text[]) s (state) cross join lateral (
         select state, since, webhook_id from webhook_health
          where state <> 'healthy' and (state, since, webhook_id) > (s.state, 'epoch'::timestamptz + $2 * interval '1 microsecond', $3)
            and (state, since, webhook_id) <= (s.state, 'infinity', 2147483647)
          order by state, since, webhook_id limit $4) h
        order by since, webhook_id limit $4)
     select h.*, (extract(epoch from h.since) * 1000000)::bigint as since_microseconds, w.url, t.id as tenant_id, t.name as tenant_name,
            w.id is not null as is_found, (select count(*) from looked_at) as looked_at
       from looked_at h
       left join webhooks w on w.id = h.webhook_id and w.deleted_at is null
       left join tenants t on t.id = w.tenant_id
      where w.id is not null or h.webhook_id = (select webhook_id from looked_at order by since desc, webhook_id desc limit 1)
      order by h.since, h.webhook_id limit $5`,
    [states, after?.sinceMicroseconds ?? 0, after?.webhookId ?? 0, maxRead, limit + 1],
  );
  const { found, readTo } = searchPage(rows, { limit, maxRead });
  return {
    receivers: found.map((row) => ({
      webhookId: row.webhook_id,
      url: row.url,
      tenant: { id: row.tenant_id, name: row.tenant_name },
      state: row.state,
      since: row.since,
    })),
    readTo: readTo && { sinceMicroseconds: readTo.since_microseconds, webhookId: readTo.webhook_id },
  };
}

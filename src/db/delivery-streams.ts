import { oneRow, type Queryable } from './database.js';
import { highestUuid } from './key-range.js';

// What the streams of a process need. Ids of deliveries sort by time, but transactions commit in another order: a stream
// goes no further than the horizon, so that no delivery appears behind it later.

/** An open stream, as far as Postgres knows about it. */
export interface StreamPosition {
  /** Null: the key of `IRISX_ADMIN_KEY`, or a tenant's session. */
  keyId: string | null;
  /** Null: no session. */
  sessionId: string | null;
  webhookId: number;
  /** It has everything up to this id. Null: it takes no more just now. */
  afterId: string | null;
}

export interface StreamState {
  /** Its key and its session are neither deleted nor expired. */
  hasCaller: boolean;
  /** Its webhook is not deleted. */
  hasWebhook: boolean;
  /** There are deliveries beyond its position. */
  hasMore: boolean;
}

/** In the order of the streams. One statement, which reads at most one index entry of each stream's deliveries. */
export async function readStreams(db: Queryable, streams: readonly StreamPosition[]): Promise<StreamState[]> {
  const { rows } = await db.query<{ has_caller: boolean; has_webhook: boolean; has_more: boolean }>(
    `select (s.key_id is null or exists (
              select from api_keys k where k.id = s.key_id and (k.expires_at is null or k.expires_at > now())))
            and (s.session_id is null or exists (
              select from browser_sessions b where b.id = s.session_id and b.expires_at > now())) as has_caller,
            exists (select from webhooks w where w.id = s.webhook_id and w.deleted_at is null) as has_webhook,
            -- as a range of an index's whole key, see key-range.ts
            (select true from webhook_deliveries d
              where (d.webhook_id, d.id) > (s.webhook_id, s.after_id) and (d.webhook_id, d.id) <= (s.webhook_id, '${highestUuid}')
              order by d.webhook_id, d.id limit 1) is not null as has_more
       from unnest($1::uuid[], $2::int[], $3::uuid[], $4::uuid[])
              with ordinality as s (key_id, webhook_id, after_id, session_id, place)
      order by s.place`,
    [
      streams.map(({ keyId }) => keyId),
      streams.map(({ webhookId }) => webhookId),
      streams.map(({ afterId }) => afterId),
      streams.map(({ sessionId }) => sessionId),
    ],
  );
  return rows.map((row) => ({ hasCaller: row.has_caller, hasWebhook: row.has_webhook, hasMore: row.has_more }));
}

/**
 * An id below which all deliveries are committed: later statements see all of them, and none is added there any more,
 * except by a recovery. It lags behind the present only while a transaction that has written deliveries is open.
 */
export async function streamHorizon(db: Queryable): Promise<string> {
  // Who inserts a delivery locks the table first, makes the id after that, and unlocks when the row is visible. now() is
  // the time before the locks are read, so whoever locks later makes ids above it.
  const { rows } = await db.query<{ horizon: string }>(
    `select uuid_v7_floor(least(now(), (
       select min(a.xact_start) from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'relation' and l.relation = 'webhook_deliveries'::regclass
          and l.database = (select oid from pg_database where datname = current_database())
          and l.mode = 'RowExclusiveLock' and l.granted))) as horizon`,
  );
  return oneRow(rows).horizon;
}

/** A delivery as a stream shows it. */
export interface StreamedDelivery {
  id: string;
  eventRowId: string;
  eventType: string;
  eventId: string;
  ordering: { key: string; sequence: number } | null;
  /** Null: its content is not kept any more. */
  body: string | null;
  /** The body was made by a transform already. */
  isTransformed: boolean;
}

/** Rows and bytes of a page: what a stream holds in memory at most, but for one larger body. */
const pageRows = 100;
const pageBytes = 65_536;

/**
 * The webhook's deliveries between two ids, both excluded, in the order of their ids; a page of them. Batches, which have
 * no event, are left out.
 */
export async function listStreamedDeliveries(
  db: Queryable,
  webhookId: number,
  { afterId, beforeId }: { afterId: string; beforeId: string },
): Promise<StreamedDelivery[]> {
  const { rows } = await db.query<{
    id: string;
    event_row_id: string;
    event_type: string;
    event_id: string;
    ordering_key: string | null;
    sequence: number;
    body: string | null;
    is_transformed: boolean;
  }>(
    `select * from (
       select *, sum(coalesce(octet_length(body), 0)) over (order by id) - coalesce(octet_length(body), 0) as bytes_before from (
         select d.id, d.event_row_id, d.event_type, d.event_id, e.ordering_key, e.sequence, coalesce(b.body, e.body) as body,
                b.body is not null as is_transformed
           from webhook_deliveries d join webhook_events e on e.id = d.event_row_id
           left join webhook_bodies b on b.delivery_id = d.id
          where (d.webhook_id, d.id) > ($1, $2::uuid) and (d.webhook_id, d.id) < ($1, $3::uuid)
          order by d.webhook_id, d.id limit ${pageRows}) page) measured
      where bytes_before < ${pageBytes} order by id`,
    [webhookId, afterId, beforeId],
  );
  return rows.map((row) => ({
    id: row.id,
    eventRowId: row.event_row_id,
    eventType: row.event_type,
    eventId: row.event_id,
    ordering: row.ordering_key === null ? null : { key: row.ordering_key, sequence: row.sequence },
    body: row.body,
    isTransformed: row.is_transformed,
  }));
}

/** What a webhook's requests are made with now. */
export interface StreamedWebhook {
  tenantId: string;
  transform: string | null;
  sealedHeaders: Buffer | null;
  sealedSecret: Buffer;
  /** Null outside the overlap of a rotation. */
  sealedPreviousSecret: Buffer | null;
  /** By Postgres' clock. */
  now: Date;
}

/** Null: it was deleted. */
export async function findStreamedWebhook(db: Queryable, webhookId: number): Promise<StreamedWebhook | null> {
  const { rows } = await db.query<{
    tenant_id: string;
    transform: string | null;
    headers_sealed: Buffer | null;
    secret_sealed: Buffer;
    previous_secret_sealed: Buffer | null;
    now: Date;
  }>(
    `select tenant_id, transform, headers_sealed, secret_sealed, clock_timestamp() as now,
            case when previous_secret_expires_at > now() then previous_secret_sealed end as previous_secret_sealed
       from webhooks where id = $1 and deleted_at is null`,
    [webhookId],
  );
  const row = rows[0];
  if (!row) return null;
  return {
    tenantId: row.tenant_id,
    transform: row.transform,
    sealedHeaders: row.headers_sealed,
    sealedSecret: row.secret_sealed,
    sealedPreviousSecret: row.previous_secret_sealed,
    now: row.now,
  };
}

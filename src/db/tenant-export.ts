import type { Queryable } from './database.js';

/** A row with the columns that may leave the database, under their names. */
export type ExportedRow = Record<string, unknown>;

export interface ExportedLine {
  type: string;
  row: ExportedRow;
}

/** Where rows of one kind are, and which of their columns are exported: never a secret, sealed or hashed. */
interface Source {
  type: string;
  table: string;
  columns: string;
  /** Its order; pages continue after the last one's. */
  key: readonly string[];
  /** The column with what `ofOwner` is given; default: the tenant. */
  owner?: string;
  /** Rows of a page, fewer where they may be large. */
  limit?: number;
}

const tenant: Source = {
  type: 'tenant',
  table: 'tenants',
  columns: `id, name, external_id, quota_webhooks, quota_events_per_minute, quota_requests_per_minute, retention_bodies,
    retention_attempts, retention_deliveries, retention_events, retention_calls, retention_messages, created_at`,
  key: ['id'],
  owner: 'id',
};
/** Where an attempt's outcome or a time has its place: src/db/statistics-over-time.ts and histogram_place. */
const statistics: Source = {
  type: 'statistics',
  table: 'webhook_statistics',
  columns: 'webhook_id, unit, start, events, delivered, failed, expired, outcomes, durations, delays',
  key: ['unit', 'start'],
  owner: 'webhook_id',
};
const statisticsOfTenant: Source = {
  ...statistics,
  table: '(select * from webhook_statistics where webhook_id is null) s',
  owner: 'tenant_id',
};
const rest: Source[] = [
  {
    type: 'api_key',
    table: 'api_keys',
    columns: 'id, name, scopes, prefix, created_at, last_used_at, expires_at',
    key: ['id'],
  },
  {
    type: 'portal_link',
    table: 'portal_links',
    columns: 'id, name, scopes, return_url, session_seconds, created_at, expires_at, session_id',
    key: ['id'],
  },
  {
    type: 'portal_session',
    table: 'browser_sessions',
    columns: 'id, name, scopes, return_url, created_at, last_used_at, expires_at',
    key: ['id'],
  },
  {
    type: 'phone_number',
    table: 'phone_numbers',
    columns: 'id, phone_number, account_sid, assigned_at, released_at',
    key: ['id'],
  },
  { type: 'limit', table: 'tenant_limits', columns: 'resource, allowed', key: ['resource'] },
  { type: 'usage', table: 'tenant_usage', columns: 'month, resource, used', key: ['month', 'resource'] },
  {
    type: 'message',
    table: 'messages',
    columns: `id, direction, account_sid, message_sid, messaging_service_sid, from_number, to_number, body, media_urls, media_count,
      status, error_code, segments, created_at, accepted_at, ended_at`,
    key: ['id'],
  },
  {
    type: 'call',
    table: 'calls',
    columns: `call_sid, id_suffix, switch, direction, from_number, to_number, started_at, answered_at, ended_at, end_estimated,
      status, hangup_cause, duration_ms, created_at`,
    key: ['created_at', 'call_sid', 'id_suffix'],
  },
  {
    type: 'recording',
    table: 'recordings',
    columns: `call_sid, id_suffix, path, started_at, completed_at, duration_ms, size_bytes, format, url, created_at`,
    key: ['created_at', 'call_sid', 'id_suffix', 'path_hash'],
  },
  {
    type: 'event',
    table: 'webhook_events',
    columns: 'id, event_type, event_id, occurred_at, body, test, created_at, expunged_at, ordering_key, sequence',
    key: ['id'],
    limit: 50,
  },
  {
    type: 'audit_entry',
    table: 'audit_entries',
    columns: 'id, created_at, actor_type, actor_id, actor_name, action, subject_type, subject_id, webhook_id, changes',
    key: ['id'],
  },
];
const webhooks: Source = {
  type: 'webhook',
  table: 'webhooks',
  columns: `id, url, events, description, rate_limit_per_minute, rate_limit_per_hour, max_retries, timeout_ms, disable_after_hours,
    ordering, retry_schedule, ttl_seconds, filter, transform, template, fallback_url, batch_max_events,
    batch_max_wait_seconds, verification, enabled, disabled_reason, disabled_at, created_at, updated_at, deleted_at`,
  key: ['id'],
};
/** Batches too, as their attempts are those of the deliveries in them. */
const deliveries: Source = {
  type: 'delivery',
  table: 'webhook_deliveries',
  columns: `id, event_row_id, webhook_id, event_type, event_id, test, status, attempt_count, next_attempt_at, created_at, finished_at,
    expunged_at, ordering_key, sequence, expires_at, batch_id, batch_size`,
  key: ['id'],
  owner: 'webhook_id',
};
const recoveries: Source = {
  type: 'recovery',
  table: 'webhook_recoveries',
  columns: `id, webhook_id, status, statuses, event_types, since, until, include_missing, total, requeued, delivered, failed, created_at,
    finished_at`,
  key: ['id'],
  owner: 'webhook_id',
};
/** What transforms made. */
const bodies: Source = {
  type: 'delivery_body',
  table: 'webhook_bodies',
  columns: 'delivery_id, body',
  key: ['delivery_id'],
  owner: 'delivery_id',
  limit: 50,
};
/** Only of deliveries that have some: most have one, and its page is the only one. */
const attempts: Source = {
  type: 'attempt',
  table: 'webhook_attempts',
  columns: `delivery_id, number, coalesce(target, 'primary') as target, started_at, duration_ms, status_code, request_headers, response_headers, response_body,
    response_truncated, error_class, error_message`,
  key: ['delivery_id', 'number'],
  owner: 'delivery_id',
  limit: 100,
};

/**
 * Everything of a tenant, a page at a time, in statements of their own: no connection is held between two pages. What
 * is added meanwhile may be missing. Deliveries and attempts follow their webhook.
 */
export async function* exportTenant(db: Queryable, tenantId: string): AsyncGenerator<ExportedLine[]> {
  for (const source of [tenant, ...rest, statisticsOfTenant]) yield* pagesOf(db, source, tenantId);
  for await (const page of pagesOf(db, webhooks, tenantId))
    for (const webhook of page) {
      yield [webhook];
      yield* pagesOf(db, recoveries, webhook.row['id']);
      yield* pagesOf(db, statistics, webhook.row['id']);
      for await (const ofWebhook of pagesOf(db, deliveries, webhook.row['id'])) {
        yield ofWebhook;
        const ids = ofWebhook.filter(({ row }) => row['attempt_count'] !== 0).map(({ row }) => row['id']);
        yield* pagesOf(db, attempts, ids);
        yield* pagesOf(
          db,
          bodies,
          ofWebhook.map(({ row }) => row['id']),
        );
      }
    }
}

/** `owner`: whose rows; a list stands for several. */
async function* pagesOf(db: Queryable, source: Source, owner: unknown): AsyncGenerator<ExportedLine[]> {
  const { type, table, columns, key, owner: column = 'tenant_id', limit = 200 } = source;
  const whose = `${column} = ${Array.isArray(owner) ? 'any($1)' : '$1'}`;
  const after = key.map((_, i) => `$${i + 2}`).join(', ');
  const select = (more: string) =>
    // As text, since a time has more digits than a Date.
    `select ${columns}, array[${key.map((name) => `${name}::text`).join(', ')}] as exported_key from ${table}
      where ${whose} ${more} order by ${key.join(', ')} limit ${limit}`;
  for (let last: string[] | undefined; ;) {
    const { rows } = await db.query<ExportedRow & { exported_key: string[] }>(
      select(last ? `and (${key.join(', ')}) > (${after})` : ''),
      [owner, ...(last ?? [])],
    );
    if (rows.length > 0) yield rows.map(({ exported_key: _, ...row }) => ({ type, row }));
    last = rows.at(-1)?.exported_key;
    if (rows.length < limit) return;
  }
}

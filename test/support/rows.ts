import type { Pool } from 'pg';

/** Rows that tests need; each test states only what matters to it. */

export async function insertTenant(pool: Pool, name = 'Acme'): Promise<string> {
  const { rows } = await pool.query<{ id: string }>('insert into tenants (name) values ($1) returning id', [name]);
  return rows[0]!.id;
}

export interface WebhookRow {
  url: string;
  rateLimitPerMinute: number | null;
  rateLimitPerHour: number | null;
  maxRetries: number;
  timeoutMs: number;
  enabled: boolean;
  events: string[];
  /** Default: bytes that no key opens, and that name none. */
  sealedSecret: Buffer;
}

export async function insertWebhook(pool: Pool, tenantId: string, row: Partial<WebhookRow> = {}): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `insert into webhooks (tenant_id, url, events, secret_sealed, rate_limit_per_minute, rate_limit_per_hour, max_retries, timeout_ms, enabled)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id`,
    [
      tenantId,
      row.url ?? 'http://127.0.0.1:9/',
      row.events ?? ['*'],
      row.sealedSecret ?? Buffer.alloc(40, 1),
      row.rateLimitPerMinute === undefined ? 60 : row.rateLimitPerMinute,
      row.rateLimitPerHour === undefined ? 1000 : row.rateLimitPerHour,
      row.maxRetries ?? 5,
      row.timeoutMs ?? 10_000,
      row.enabled ?? true,
    ],
  );
  return rows[0]!.id;
}

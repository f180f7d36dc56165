/** A webhook as stored; headers and secrets are sealed. */
export interface Webhook {
  id: number;
  tenantId: string;
  url: string;
  events: string[];
  description: string | null;
  sealedHeaders: Buffer | null;
  sealedSecret: Buffer;
  previousSecretExpiresAt: Date | null;
  /** Null: no limit. */
  rateLimitPerMinute: number | null;
  rateLimitPerHour: number | null;
  maxRetries: number;
  timeoutMs: number;
  /** Null: never. */
  disableAfterHours: number | null;
  ordering: 'none' | 'key';
  /** Seconds before the second, third … attempt; null: the guide's schedule. */
  retrySchedule: number[] | null;
  /** By event type, or `*`. */
  ttlSeconds: Record<string, number> | null;
  /** As its tenant wrote it. */
  filter: Record<string, unknown> | null;
  /** JSONata. */
  transform: string | null;
  /** The template that it was made from. */
  template: string | null;
  fallbackUrl: string | null;
  /** Both null: each event goes by itself. */
  batchMaxEvents: number | null;
  batchMaxWaitSeconds: number | null;
  /** `pending`: nothing is sent until its receivers have echoed a challenge. */
  verification: 'none' | 'pending' | 'verified';
  verifiedAt: Date | null;
  /** What was wrong with their answer; null while they are to be asked. */
  verificationError: string | null;
  enabled: boolean;
  /** Set when the service disabled it; null when its tenant paused it. */
  disabledReason: string | null;
  disabledAt: Date | null;
  /** When its deliveries began to be settled after a change of settings; null: they all fit. */
  settlingSince: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface WebhookRow {
  id: number;
  tenant_id: string;
  url: string;
  events: string[];
  description: string | null;
  headers_sealed: Buffer | null;
  secret_sealed: Buffer;
  previous_secret_expires_at: Date | null;
  rate_limit_per_minute: number | null;
  rate_limit_per_hour: number | null;
  max_retries: number;
  timeout_ms: number;
  disable_after_hours: number | null;
  ordering: 'none' | 'key';
  retry_schedule: number[] | null;
  ttl_seconds: Record<string, number> | null;
  filter: Record<string, unknown> | null;
  transform: string | null;
  template: string | null;
  fallback_url: string | null;
  batch_max_events: number | null;
  batch_max_wait_seconds: number | null;
  verification: Webhook['verification'];
  verified_at: Date | null;
  verification_error: string | null;
  enabled: boolean;
  disabled_reason: string | null;
  disabled_at: Date | null;
  settling_since: Date | null;
  created_at: Date;
  updated_at: Date;
}

/** What `toWebhook` needs. */
export const columns = `id, tenant_id, url, events, description, headers_sealed, secret_sealed, previous_secret_expires_at,
  rate_limit_per_minute, rate_limit_per_hour, max_retries, timeout_ms, disable_after_hours, ordering, retry_schedule,
  ttl_seconds, filter, transform, template, fallback_url, batch_max_events, batch_max_wait_seconds,
  verification, verified_at, verification_error, enabled,
  disabled_reason, disabled_at, settling_since, created_at, updated_at`;

export const toWebhook = (row: WebhookRow): Webhook => ({
  id: row.id,
  tenantId: row.tenant_id,
  url: row.url,
  events: row.events,
  description: row.description,
  sealedHeaders: row.headers_sealed,
  sealedSecret: row.secret_sealed,
  previousSecretExpiresAt: row.previous_secret_expires_at,
  rateLimitPerMinute: row.rate_limit_per_minute,
  rateLimitPerHour: row.rate_limit_per_hour,
  maxRetries: row.max_retries,
  timeoutMs: row.timeout_ms,
  disableAfterHours: row.disable_after_hours,
  ordering: row.ordering,
  retrySchedule: row.retry_schedule,
  ttlSeconds: row.ttl_seconds,
  filter: row.filter,
  transform: row.transform,
  template: row.template,
  fallbackUrl: row.fallback_url,
  batchMaxEvents: row.batch_max_events,
  batchMaxWaitSeconds: row.batch_max_wait_seconds,
  verification: row.verification,
  verifiedAt: row.verified_at,
  verificationError: row.verification_error,
  enabled: row.enabled,
  disabledReason: row.disabled_reason,
  disabledAt: row.disabled_at,
  settlingSince: row.settling_since,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

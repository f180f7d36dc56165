import type { z } from 'zod';
import type { WebhookStatistics } from '../db/statistics.js';
import type { Webhook } from '../db/webhooks.js';
import { maskHeaders } from '../delivery/mask-headers.js';
import { sealContext } from '../encryption/seal-context.js';
import { openIfReadable, type Sealer } from '../encryption/seal.js';
import { namedSchedules } from '../../workflows/contract/retry-policy.js';
import { renderTime, renderTimeOrNull } from './http/schemas.js';
import type { verificationSchema } from './shaping-schemas.js';
import type { statisticsSchema, webhookSchema } from './webhook-schemas.js';

/** A webhook as the API shows it: no secret, and no header value that looks like one. */
export const renderWebhook = (
  webhook: Webhook,
  statistics: WebhookStatistics,
  sealer: Sealer,
): z.input<typeof webhookSchema> => ({
  id: webhook.id,
  url: webhook.url,
  events: webhook.events,
  description: webhook.description,
  ...openHeaders(webhook, sealer),
  rate_limit_per_minute: webhook.rateLimitPerMinute,
  rate_limit_per_hour: webhook.rateLimitPerHour,
  max_retries: webhook.maxRetries,
  timeout_ms: webhook.timeoutMs,
  disable_after_hours: webhook.disableAfterHours,
  ...renderShaping(webhook),
  enabled: webhook.enabled,
  disabled_reason: webhook.disabledReason,
  disabled_at: renderTimeOrNull(webhook.disabledAt),
  settling_since: renderTimeOrNull(webhook.settlingSince),
  previous_secret_expires_at: renderTimeOrNull(futureOrNull(webhook.previousSecretExpiresAt)),
  created_at: renderTime(webhook.createdAt),
  updated_at: renderTime(webhook.updatedAt),
  total_deliveries: statistics.delivered + statistics.failed,
  successful_deliveries: statistics.delivered,
  failed_deliveries: statistics.failed,
  expired_deliveries: statistics.expired,
  last_success_at: renderTimeOrNull(statistics.lastSuccessAt),
  last_failure_at: renderTimeOrNull(statistics.lastFailureAt),
  health: {
    state: statistics.health?.state ?? 'healthy',
    since: renderTime(statistics.health?.since ?? webhook.createdAt),
    consecutive_failures: statistics.health?.consecutiveFailures ?? 0,
    last_error: statistics.health?.lastError ?? null,
  },
});

const renderShaping = (webhook: Webhook) => ({
  ...shapingOf(webhook),
  template: webhook.template,
  verification: renderVerification(webhook),
});

export const renderVerification = (webhook: Webhook): z.input<typeof verificationSchema> => ({
  status: webhook.verification,
  verified_at: renderTimeOrNull(webhook.verifiedAt),
  last_error: webhook.verificationError,
});

const batchOf = ({ batchMaxEvents, batchMaxWaitSeconds }: Webhook) =>
  batchMaxEvents === null || batchMaxWaitSeconds === null
    ? null
    : { max_events: batchMaxEvents, max_wait_seconds: batchMaxWaitSeconds };

/** What a tenant may change of it. */
const shapingOf = (webhook: Webhook) => ({
  ordering: webhook.ordering,
  retry_schedule: webhook.retrySchedule ?? [...namedSchedules.guide],
  ttl_seconds: webhook.ttlSeconds,
  filter: webhook.filter,
  transform: webhook.transform,
  batch: batchOf(webhook),
  fallback_url: webhook.fallbackUrl,
});

export const renderStatistics = (statistics: WebhookStatistics): z.input<typeof statisticsSchema> => ({
  successful_deliveries: String(statistics.delivered),
  failed_deliveries: String(statistics.failed),
  expired_deliveries: String(statistics.expired),
  attempts: String(statistics.attempts),
  pending_deliveries: String(statistics.pending),
  held_deliveries: String(statistics.held),
  avg_duration_ms: String(statistics.averageDurationMs),
});

/** A webhook's settings as `audit` compares them: with the values of its headers, which it masks. */
export const auditedWebhook = (webhook: Webhook, sealer: Sealer) => ({
  url: webhook.url,
  events: webhook.events,
  description: webhook.description,
  headers: headersOf(webhook, sealer) ?? null,
  rate_limit_per_minute: webhook.rateLimitPerMinute,
  rate_limit_per_hour: webhook.rateLimitPerHour,
  max_retries: webhook.maxRetries,
  timeout_ms: webhook.timeoutMs,
  disable_after_hours: webhook.disableAfterHours,
  ...shapingOf(webhook),
});

/** What pausing, resuming and disabling change. */
export const auditedState = ({ enabled, disabledReason }: Webhook) => ({ enabled, disabled_reason: disabledReason });

/** What a rotation changes. */
export const auditedSecret = ({ sealedSecret, previousSecretExpiresAt }: Webhook) => ({
  secret: sealedSecret,
  previous_secret_expires_at: previousSecretExpiresAt,
});

/** Null if there are none. */
export function sealHeaders(headers: Record<string, string> | null, tenantId: string, sealer: Sealer): Buffer | null {
  if (headers === null || Object.keys(headers).length === 0) return null;
  return sealer.seal(JSON.stringify(headers), sealContext.headers(tenantId));
}

/** A tenant must be able to see the rest of a webhook, and to replace what cannot be decrypted. */
function openHeaders(webhook: Webhook, sealer: Sealer): Pick<z.input<typeof webhookSchema>, 'headers' | 'unreadable'> {
  const secret = openIfReadable(sealer, webhook.sealedSecret, sealContext.secret(webhook.tenantId));
  const headers = headersOf(webhook, sealer);
  return {
    headers: headers === undefined ? null : maskHeaders(headers),
    unreadable: [
      ...(secret === undefined ? (['secret'] as const) : []),
      ...(headers === undefined ? (['headers'] as const) : []),
    ],
  };
}

/** Undefined: the service cannot decrypt them. */
function headersOf({ sealedHeaders, tenantId }: Webhook, sealer: Sealer): Record<string, string> | undefined {
  if (!sealedHeaders) return {};
  const text = openIfReadable(sealer, sealedHeaders, sealContext.headers(tenantId));
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, string>);
}

/** The row keeps the end of an overlap that is over, though its secret is no longer used. */
const futureOrNull = (moment: Date | null): Date | null => (moment && moment > new Date() ? moment : null);

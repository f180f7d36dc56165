import type { z } from 'zod';
import type { WebhookStatistics } from '../db/statistics.js';
import type { Webhook } from '../db/webhooks.js';
import { maskHeaders } from '../delivery/mask-headers.js';
import { sealContext } from '../encryption/seal-context.js';
import { openIfReadable, type Sealer } from '../encryption/seal.js';
import { renderTime, renderTimeOrNull } from './http/schemas.js';
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
  last_success_at: renderTimeOrNull(statistics.lastSuccessAt),
  last_failure_at: renderTimeOrNull(statistics.lastFailureAt),
  health: {
    state: statistics.health?.state ?? 'healthy',
    since: renderTime(statistics.health?.since ?? webhook.createdAt),
    consecutive_failures: statistics.health?.consecutiveFailures ?? 0,
    last_error: statistics.health?.lastError ?? null,
  },
});

export const renderStatistics = (statistics: WebhookStatistics): z.input<typeof statisticsSchema> => ({
  successful_deliveries: String(statistics.delivered),
  failed_deliveries: String(statistics.failed),
  pending_deliveries: String(statistics.pending),
  held_deliveries: String(statistics.held),
  avg_duration_ms: String(statistics.averageDurationMs),
});

/** Null if there are none. */
export function sealHeaders(headers: Record<string, string> | null, tenantId: string, sealer: Sealer): Buffer | null {
  if (headers === null || Object.keys(headers).length === 0) return null;
  return sealer.seal(JSON.stringify(headers), sealContext.headers(tenantId));
}

/** A tenant must be able to see the rest of a webhook, and to replace what cannot be decrypted. */
function openHeaders(
  { sealedHeaders, sealedSecret, tenantId }: Webhook,
  sealer: Sealer,
): Pick<z.input<typeof webhookSchema>, 'headers' | 'unreadable'> {
  const secret = openIfReadable(sealer, sealedSecret, sealContext.secret(tenantId));
  const headers = sealedHeaders ? openIfReadable(sealer, sealedHeaders, sealContext.headers(tenantId)) : '{}';
  return {
    headers: headers === undefined ? null : maskHeaders(JSON.parse(headers) as Record<string, string>),
    unreadable: [
      ...(secret === undefined ? (['secret'] as const) : []),
      ...(headers === undefined ? (['headers'] as const) : []),
    ],
  };
}

/** The row keeps the end of an overlap that is over, though its secret is no longer used. */
const futureOrNull = (moment: Date | null): Date | null => (moment && moment > new Date() ? moment : null);

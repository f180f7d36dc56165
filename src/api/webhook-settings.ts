import type { WebhookSettings } from '../db/webhooks.js';
import { InvalidInputError } from '../errors.js';
import { compileFilter } from '../filter/compile-filter.js';
import { namedSchedules } from '../events/retry-schedule.js';
import type { AppDeps } from './http/endpoint.js';
import { sealHeaders } from './webhook-json.js';
import type { NewWebhook, WebhookChange } from './webhook-schemas.js';

/** Settings as they are stored; throws InvalidInputError for a url that no request may go to. */
export function toSettings(change: WebhookChange, tenantId: string, deps: AppDeps): WebhookSettings {
  return {
    ...(change.url !== undefined && { url: checkedUrl(change.url, 'url', deps) }),
    ...(change.events !== undefined && { events: change.events }),
    ...(change.description !== undefined && { description: change.description }),
    ...(change.headers !== undefined && { sealedHeaders: sealHeaders(change.headers, tenantId, deps.sealer) }),
    ...(change.rate_limit_per_minute !== undefined && { rateLimitPerMinute: change.rate_limit_per_minute }),
    ...(change.rate_limit_per_hour !== undefined && { rateLimitPerHour: change.rate_limit_per_hour }),
    ...(change.retry_schedule !== undefined && scheduleOf(change.retry_schedule)),
    ...(change.max_retries !== undefined && { maxRetries: change.max_retries }),
    ...(change.timeout_ms !== undefined && { timeoutMs: change.timeout_ms }),
    ...(change.disable_after_hours !== undefined && { disableAfterHours: change.disable_after_hours }),
    ...(change.ordering !== undefined && { ordering: change.ordering }),
    ...(change.ttl_seconds !== undefined && { ttlSeconds: change.ttl_seconds }),
    ...(change.fallback_url !== undefined && {
      fallbackUrl: change.fallback_url === null ? null : checkedUrl(change.fallback_url, 'fallback_url', deps),
    }),
    ...(change.filter !== undefined && {
      filter: change.filter && change.filter.written,
      filterPath: change.filter && compileFilter(change.filter.filter),
    }),
    ...(change.enabled !== undefined && { enabled: change.enabled }),
  };
}

/** The same for a new webhook, which has a url and events. */
export function toNewSettings(body: NewWebhook, tenantId: string, deps: AppDeps) {
  const { url, events, ...settings } = body;
  return { ...toSettings(settings, tenantId, deps), url: checkedUrl(url, 'url', deps), events };
}

/** A schedule is used up by as many retries as it has delays. */
function scheduleOf(schedule: NonNullable<WebhookChange['retry_schedule']>): WebhookSettings {
  const seconds = Array.isArray(schedule) ? schedule : [...namedSchedules[schedule]];
  return { retrySchedule: schedule === 'guide' ? null : seconds, maxRetries: seconds.length };
}

/** The url in its normal form, so that the url that is stored is the one that was checked. */
function checkedUrl(text: string, field: 'url' | 'fallback_url', { guard, allowHttp }: AppDeps): string {
  const checked = guard.checkUrl(text, { allowHttp });
  if (!checked.ok) {
    throw new InvalidInputError(`The body is not valid: ${field}.`, [{ path: field, message: checked.reason }]);
  }
  return checked.url;
}

import type { Webhook, WebhookSettings } from '../db/webhooks.js';
import { InvalidInputError } from '../errors.js';
import { compileFilter } from '../filter/compile-filter.js';
import type { WebhookTemplate } from '../webhook-templates/template.js';
import { findWebhookTemplate, fitTemplate, refillable } from '../webhook-templates/webhook-templates.js';
import { namedSchedules } from '../../workflows/contract/retry-policy.js';
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
    ...(change.transform !== undefined && { transform: change.transform }),
    ...(change.fallback_url !== undefined && {
      fallbackUrl: change.fallback_url === null ? null : checkedUrl(change.fallback_url, 'fallback_url', deps),
    }),
    ...(change.batch !== undefined && {
      batchMaxEvents: change.batch && change.batch.max_events,
      batchMaxWaitSeconds: change.batch && change.batch.max_wait_seconds,
    }),
    ...(change.filter !== undefined && {
      filter: change.filter && change.filter.written,
      filterPath: change.filter && compileFilter(change.filter.filter),
    }),
    ...(change.enabled !== undefined && { enabled: change.enabled }),
  };
}

/** The same for a new webhook, which has a url and events, and may be made from a template. */
export function toNewSettings(body: NewWebhook, tenantId: string, deps: AppDeps) {
  const { url, template, verify, ...given } = body;
  const found = template === undefined ? undefined : findWebhookTemplate(template);
  const { events, transform = null, ...settings } = { ...(found && settingsOf(found)), ...given };
  if (!events) {
    const message = 'expected a list of event types, like ["call.completed"]; only a template may set them instead';
    throw new InvalidInputError('The body is not valid: events.', [{ path: 'events', message }]);
  }
  const target = { url: checkedUrl(url, 'url', deps), transform };
  return {
    ...toSettings(settings, tenantId, deps),
    ...(found
      ? (fitTemplate(found, target) ?? refuseUrl(`${doesNotFit(found)}. For another url, leave the template out`))
      : target),
    events,
    template: found?.name ?? null,
    verify: verify || deps.requireVerification,
  };
}

/** Throws InvalidInputError if it would be sent both what a transform makes of one event, and batches. */
export function refuseBatchesOfTransforms({ batchMaxEvents, transform }: WebhookSettings): void {
  if (typeof batchMaxEvents !== 'number' || typeof transform !== 'string') return;
  const message = 'cannot be combined with a transform, which makes the body of one event; set one of them to null';
  throw new InvalidInputError('The body is not valid: batch.', [{ path: 'batch', message }]);
}

/** What a template sets, by the names of the API. */
const settingsOf = (template: WebhookTemplate) => ({
  events: [...template.events],
  description: template.title,
  transform: template.transform,
  rate_limit_per_minute: template.rateLimitPerMinute,
  rate_limit_per_hour: template.rateLimitPerHour,
});

/**
 * A change of a webhook that may have been made from a template. A new url must fit the template as the first one did,
 * unless the call sets a transform too: then its body may be for another service.
 */
export function fitChange(before: Webhook, change: WebhookSettings): WebhookSettings {
  const template = before.template === null ? undefined : findWebhookTemplate(before.template);
  const { url } = change;
  if (!template || url === undefined || url === before.url) return change;
  if (change.transform !== undefined)
    return { ...change, ...fitTemplate(template, { url, transform: change.transform }) };
  const transform = refillable(template, before.transform);
  const fitted = fitTemplate(template, { url, transform });
  if (!fitted) refuseUrl(`${doesNotFit(template)}. For another service, set "transform" in the same call`);
  if (fitted.url !== url && fitted.transform === transform)
    refuseUrl(
      'has a parameter that belongs in the transform, which has no place for it: set "transform" in the same call',
    );
  return { ...change, ...fitted };
}

const doesNotFit = ({ name, urlForm }: WebhookTemplate) => `does not fit the template "${name}": expected ${urlForm}`;

function refuseUrl(message: string): never {
  throw new InvalidInputError('The body is not valid: url.', [{ path: 'url', message }]);
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

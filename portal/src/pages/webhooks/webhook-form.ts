import type { paths, Webhook, WebhookTemplate } from '../../../../src/client/api-types.js';
import { namedSchedules } from '../../../../workflows/contract/retry-policy.js';

export type NewWebhookBody = paths['/v1/webhooks']['post']['requestBody']['content']['application/json'];
export type WebhookChange = paths['/v1/webhooks/{webhook_id}']['patch']['requestBody']['content']['application/json'];

/** What a person types: texts, as inputs have them. An empty number means that there is no limit. */
export interface WebhookForm {
  url: string;
  description: string;
  /** `*`: all. */
  events: string[];
  ratePerMinute: string;
  ratePerHour: string;
  timeoutMs: string;
  disableAfterHours: string;
  schedule: 'guide' | 'patient' | 'own';
  /** Seconds, with commas between them. */
  delays: string;
  maxRetries: string;
  isOrdered: boolean;
  ttl: { type: string; seconds: string }[];
  /** JSON. */
  filter: string;
  transform: string;
  isBatched: boolean;
  batchMaxEvents: string;
  batchMaxWaitSeconds: string;
  fallbackUrl: string;
  headers: { name: string; value: string }[];
}

export type Change = (part: Partial<WebhookForm>) => void;

/** What the API shows in place of a secret header value. */
export const maskedValue = '[masked]';

/** What the API takes where nothing is given. */
export const emptyForm: WebhookForm = {
  url: '',
  description: '',
  events: [],
  ratePerMinute: '60',
  ratePerHour: '1000',
  timeoutMs: '10000',
  disableAfterHours: '120',
  ...scheduleFields(namedSchedules.guide),
  maxRetries: String(namedSchedules.guide.length),
  isOrdered: false,
  ttl: [],
  filter: '',
  transform: '',
  isBatched: false,
  batchMaxEvents: '100',
  batchMaxWaitSeconds: '10',
  fallbackUrl: '',
  headers: [],
};

export const formOfTemplate = (template: WebhookTemplate): WebhookForm => ({
  ...emptyForm,
  description: template.title,
  events: [...template.events],
  transform: template.transform ?? '',
  ratePerMinute: textOf(template.rate_limit_per_minute),
  ratePerHour: textOf(template.rate_limit_per_hour),
});

export const formOfWebhook = (webhook: Webhook): WebhookForm => ({
  url: webhook.url,
  description: webhook.description ?? '',
  events: [...webhook.events],
  ratePerMinute: textOf(webhook.rate_limit_per_minute),
  ratePerHour: textOf(webhook.rate_limit_per_hour),
  timeoutMs: String(webhook.timeout_ms),
  disableAfterHours: textOf(webhook.disable_after_hours),
  ...scheduleFields(webhook.retry_schedule),
  maxRetries: String(webhook.max_retries),
  isOrdered: webhook.ordering === 'key',
  ttl: Object.entries(webhook.ttl_seconds ?? {}).map(([type, seconds]) => ({ type, seconds: String(seconds) })),
  filter: webhook.filter ? JSON.stringify(webhook.filter, null, 2) : '',
  transform: webhook.transform ?? '',
  isBatched: webhook.batch !== null,
  batchMaxEvents: String(webhook.batch?.max_events ?? emptyForm.batchMaxEvents),
  batchMaxWaitSeconds: String(webhook.batch?.max_wait_seconds ?? emptyForm.batchMaxWaitSeconds),
  fallbackUrl: webhook.fallback_url ?? '',
  headers: Object.entries(webhook.headers ?? {}).map(([name, value]) => ({ name, value })),
});

const textOf = (value: number | null): string => (value === null ? '' : String(value));

function scheduleFields(seconds: readonly number[]): Pick<WebhookForm, 'schedule' | 'delays'> {
  const delays = seconds.join(', ');
  if (delays === namedSchedules.guide.join(', ')) return { schedule: 'guide', delays };
  return { schedule: delays === namedSchedules.patient.join(', ') ? 'patient' : 'own', delays };
}

/** Another schedule, with as many retries as it has delays. */
export function withSchedule(schedule: WebhookForm['schedule'], delays: string): Partial<WebhookForm> {
  if (schedule !== 'own') delays = namedSchedules[schedule].join(', ');
  return { schedule, delays, maxRetries: String(Math.max(1, numbersOf(delays).length)) };
}

/** What is no number stays text, so that the API can say so. */
const numbersOf = (text: string): (number | string)[] =>
  text
    .split(/[\s,;]+/)
    .filter((part) => part !== '')
    .map(numberOf);

const numberOf = (text: string): number | string => (Number.isFinite(Number(text)) ? Number(text) : text);

const numberOrNull = (text: string) => (text.trim() === '' ? null : numberOf(text.trim()));

/** The JSON of a filter; null: none. Throws SyntaxError. */
export const parseFilterText = (text: string): Record<string, unknown> | null =>
  text.trim() === '' ? null : (JSON.parse(text) as Record<string, unknown>);

/**
 * The settings as the API takes them. It does the checking, so values may be wrong. Throws SyntaxError if the filter is
 * not JSON.
 */
export const settingsOf = (form: WebhookForm) => ({
  url: form.url.trim(),
  description: form.description.trim() || null,
  events: form.events,
  rate_limit_per_minute: numberOrNull(form.ratePerMinute),
  rate_limit_per_hour: numberOrNull(form.ratePerHour),
  timeout_ms: numberOrNull(form.timeoutMs),
  disable_after_hours: numberOrNull(form.disableAfterHours),
  retry_schedule: form.schedule === 'own' ? numbersOf(form.delays) : form.schedule,
  max_retries: numberOrNull(form.maxRetries),
  ordering: form.isOrdered ? 'key' : 'none',
  ttl_seconds:
    form.ttl.length === 0
      ? null
      : Object.fromEntries(form.ttl.map(({ type, seconds }) => [type, numberOrNull(seconds)])),
  filter: parseFilterText(form.filter),
  transform: form.transform.trim() === '' ? null : form.transform,
  batch: form.isBatched
    ? { max_events: numberOrNull(form.batchMaxEvents), max_wait_seconds: numberOrNull(form.batchMaxWaitSeconds) }
    : null,
  fallback_url: form.fallbackUrl.trim() || null,
  headers: Object.fromEntries(
    form.headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
  ),
});

/** The settings, with the text of the filter: it may be no JSON. */
export const typedSettings = (form: WebhookForm): Record<string, unknown> => ({
  ...settingsOf({ ...form, filter: '' }),
  filter: form.filter,
});

/** The settings that differ from `before` in both, and from each other: to save one takes back the other. */
export function changedInBoth(before: WebhookForm, here: WebhookForm, elsewhere: WebhookForm): string[] {
  const [old, mine, others] = [before, here, elsewhere].map(typedSettings);
  const differs = (name: string, a: Record<string, unknown>, b: Record<string, unknown>) =>
    JSON.stringify(a[name]) !== JSON.stringify(b[name]);
  return Object.keys(old!).filter(
    (name) => differs(name, old!, mine!) && differs(name, old!, others!) && differs(name, mine!, others!),
  );
}

/** All of a new webhook, but the transform of a template that was left alone: the service has it. */
export function newWebhookBody(
  form: WebhookForm,
  { template, verify }: { template: WebhookTemplate | null; verify: boolean },
): NewWebhookBody {
  const { transform, ...settings } = settingsOf(form);
  const isTemplates = template !== null && transform === template.transform;
  return {
    ...settings,
    ...(!isTemplates && { transform }),
    ...(template && { template: template.name }),
    verify,
  } as NewWebhookBody;
}

/**
 * What the API must be told so that the settings of `before` become those of `after`; null: nothing. Headers are one
 * setting, so masked values are sent only with another change of them, which the API refuses.
 */
export function changeOf(before: WebhookForm, after: WebhookForm): WebhookChange | null {
  const [old, all] = [settingsOf(before), settingsOf(after)];
  const changed = Object.entries(all).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name as keyof typeof old]),
  );
  if (changed.length === 0) return null;
  const change: Record<string, unknown> = Object.fromEntries(changed);
  // A schedule sets the number of retries, unless the same call does.
  if ('retry_schedule' in change) change['max_retries'] = all.max_retries;
  return change;
}

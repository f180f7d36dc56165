import { z } from 'zod';
import { checkHeaders } from '../delivery/custom-headers.js';
import { maxFieldErrors } from '../errors.js';
import { eventTypeNames } from '../events/event-types.js';
import { boolean, integer, isObject, listOf, text, time } from './http/schemas.js';
import { shapingSettings, shownShaping, templateInput } from './shaping-schemas.js';

/** What the API shows in place of a secret-looking header value. */
const maskedValue = '[masked]';

const eventsMessage = `expected an event type or "*", which stands for all; known types are ${eventTypeNames.join(', ')}`;

/** Marks a message as complete, so that no value is added to it. */
const complete = { complete: true };

const headersInput = z
  .custom<Record<string, string>>(isObject, 'expected an object of header names and values')
  .superRefine((headers, context) => {
    const masked = Object.keys(headers).filter((name) => headers[name] === maskedValue);
    for (const name of masked.slice(0, maxFieldErrors)) {
      const message = `${maskedValue} is shown in place of a secret; send the real value, or leave headers out to keep what is set`;
      context.addIssue({ code: 'custom', path: [name], message, params: complete });
    }
    for (const { path, message } of checkHeaders(headers)) {
      // Paths of issues are already relative to `headers`.
      const name = path.startsWith('headers.') ? [path.slice('headers.'.length)] : [];
      context.addIssue({ code: 'custom', path: name, message, params: complete });
    }
  });

/** What a tenant may set, without the defaults: a change leaves alone what it does not name. */
const settings = {
  url: z.string('expected text: an https:// url').meta({
    description:
      'Where deliveries are posted to: `https://`, on the public internet, without user name, password or fragment',
    examples: ['https://example.com/webhooks'],
    maxLength: 2048,
  }),
  events: listOf(z.enum([...eventTypeNames, '*'], eventsMessage), 1, 100, 'event types, like ["call.completed"]')
    .transform((events) => [...new Set(events)])
    .meta({
      description: 'The event types to deliver; `*`: all, future ones too',
      examples: [['call.completed']],
    }),
  description: text(0, 500)
    .nullable()
    .meta({ description: 'For people', examples: ['Billing'] }),
  headers: headersInput.nullable().meta({
    type: ['object', 'null'],
    additionalProperties: { type: 'string' },
    maxProperties: 20,
    description:
      'Sent with every request; null or {}: none. Kept encrypted; secret-looking values are shown as `[masked]`. A change replaces all of them',
    examples: [{ 'X-Team': 'billing' }],
  }),
  rate_limit_per_minute: integer(1, 100_000, ', or null for no limit')
    .nullable()
    .meta({
      description: 'Most requests in any 60 seconds, retries and tests included; null: no limit',
      examples: [60],
    }),
  rate_limit_per_hour: integer(1, 1_000_000, ', or null for no limit')
    .nullable()
    .meta({
      description: 'Most requests in any 3600 seconds, retries and tests included; null: no limit',
      examples: [1000],
    }),
  max_retries: integer(0, 20).meta({ description: 'Attempts after the first, before a delivery fails', examples: [5] }),
  timeout_ms: integer(1000, 30_000).meta({
    description: 'The longest that a request may take, from the DNS lookup to the last byte of the response',
    examples: [10_000],
  }),
  disable_after_hours: integer(1, 8760, ', or null for never')
    .nullable()
    .meta({
      description:
        'The service disables the webhook when nothing has succeeded for so many hours and 20 or more deliveries failed in a row; null: never',
      examples: [120],
    }),
  ...shapingSettings,
  enabled: boolean().meta({
    description:
      '`false` pauses the webhook: deliveries are held, none is lost. `true` resumes it: held deliveries are sent',
    examples: [true],
  }),
};

export const newWebhookSchema = z.strictObject({
  url: settings.url,
  events: settings.events
    .optional()
    .meta({ description: 'The event types to deliver; `*`: all, future ones too. Must be given without `template`' }),
  template: templateInput.optional(),
  description: settings.description.optional(),
  headers: settings.headers.optional(),
  rate_limit_per_minute: settings.rate_limit_per_minute.optional().meta({ default: 60 }),
  rate_limit_per_hour: settings.rate_limit_per_hour.optional().meta({ default: 1000 }),
  max_retries: settings.max_retries.optional().meta({ default: 5 }),
  timeout_ms: settings.timeout_ms.optional().meta({ default: 10_000 }),
  disable_after_hours: settings.disable_after_hours.optional().meta({ default: 120 }),
  ordering: settings.ordering.optional().meta({ default: 'none' }),
  retry_schedule: settings.retry_schedule.optional().meta({ default: 'guide' }),
  ttl_seconds: settings.ttl_seconds.optional(),
  filter: settings.filter.optional(),
  transform: settings.transform.optional(),
  batch: settings.batch.optional(),
  fallback_url: settings.fallback_url.optional(),
  verify: boolean().default(false).meta({
    description:
      'Ask the receiver for a challenge, now and whenever the url changes, and send nothing before it has echoed it. The operator may require it',
    default: false,
  }),
  enabled: settings.enabled.optional().meta({ default: true }),
});
export type NewWebhook = z.output<typeof newWebhookSchema>;

export const webhookChangeSchema = z
  .strictObject(settings)
  .partial()
  .refine(
    (change) => Object.values(change).some((value) => value !== undefined),
    `expected at least one of ${Object.keys(settings).join(', ')}`,
  )
  .meta({ minProperties: 1 });

/** What a new webhook and a change have in common after the checks. */
export type WebhookChange = z.output<typeof webhookChangeSchema>;

const counter = (description: string) => z.int().meta({ description, examples: [0] });

const healthSchema = z
  .object({
    state: z.enum(['healthy', 'failing', 'disabled']).meta({
      description:
        '`failing`: the last 5 deliveries failed, or all attempts of the last 10 minutes and at least 10; `healthy` again after the first success. `disabled`: by the service, see `disabled_reason`',
      examples: ['healthy'],
    }),
    since: time('Since when it has been in this state'),
    consecutive_failures: z.int().meta({ description: 'Deliveries that failed since the last success', examples: [0] }),
    last_error: z
      .string()
      .nullable()
      .meta({ description: 'Why the last attempt failed; null: it succeeded', examples: [null] }),
  })
  .meta({
    id: 'WebhookHealth',
    description: 'What attempts say of the receiver; tests do not count. Stays as it is while the webhook is paused',
  });

export const webhookSchema = z
  .object({
    id: z.int().meta({ examples: [1] }),
    url: settings.url,
    events: z.array(z.string()).meta({ examples: [['call.completed']] }),
    description: z
      .string()
      .nullable()
      .meta({ examples: [null] }),
    headers: z
      .record(z.string(), z.string())
      .nullable()
      .meta({
        description: 'Secret-looking values are shown as `[masked]`; null: they cannot be decrypted, see `unreadable`',
        examples: [{ Authorization: maskedValue }],
      }),
    unreadable: z.array(z.enum(['secret', 'headers'])).meta({
      description:
        'What the service cannot decrypt at present; its operator has been alerted. Nothing is sent until it can. To go on without waiting, replace the secret with `rotate-secret`, or set new `headers`. Usually empty',
      examples: [[]],
    }),
    rate_limit_per_minute: settings.rate_limit_per_minute,
    rate_limit_per_hour: settings.rate_limit_per_hour,
    max_retries: settings.max_retries,
    timeout_ms: settings.timeout_ms,
    disable_after_hours: settings.disable_after_hours,
    ...shownShaping,
    enabled: z
      .boolean()
      .meta({ description: 'Whether deliveries are sent, unless `verification` is pending', examples: [true] }),
    disabled_reason: z
      .string()
      .nullable()
      .meta({
        description:
          'Why the service disabled it: 410 Gone, or failures for too long; null when it is enabled or its tenant paused it',
        examples: [null],
      }),
    disabled_at: time('When the service disabled it').nullable(),
    settling_since: time(
      'Since when its deliveries are being updated in the background, after a change of settings; null: all are up to date',
    ).nullable(),
    previous_secret_expires_at: time(
      'Until when deliveries are also signed with the previous secret; null: only with the current one',
    ).nullable(),
    created_at: time('When it was registered'),
    updated_at: time('When a setting or the secret was last changed'),
    total_deliveries: counter('Successful and failed deliveries; not pending, held, cancelled, expired or test ones'),
    successful_deliveries: counter('Deliveries answered with 2xx'),
    failed_deliveries: counter('Deliveries that used up their attempts or were refused for good'),
    expired_deliveries: counter('Deliveries that were not sent in the time that `ttl_seconds` gave them'),
    last_success_at: time('The last successful attempt').nullable(),
    last_failure_at: time('The last failed attempt').nullable(),
    health: healthSchema,
  })
  .meta({ id: 'Webhook', description: "A tenant's endpoint, its settings, and its counters as numbers" });

const decimal = (description: string) =>
  z
    .string()
    .regex(/^[0-9]+$/)
    .meta({ description, examples: ['0'] });

export const statisticsSchema = z
  .object({
    successful_deliveries: decimal("The same as the webhook's"),
    failed_deliveries: decimal("The same as the webhook's"),
    pending_deliveries: decimal('Deliveries that are on their way or wait for an attempt'),
    expired_deliveries: decimal("The same as the webhook's"),
    attempts: decimal('Requests; a batch is one, however many deliveries are in it'),
    held_deliveries: decimal('Deliveries that wait for the webhook to be enabled or verified'),
    avg_duration_ms: decimal('Mean duration of an attempt, rounded to milliseconds; "0" before the first'),
  })
  .meta({
    id: 'WebhookStatistics',
    description: 'Counters as decimal strings, in the shape of the integration guide; test deliveries are left out',
  });

export const secretSchema = z.string().meta({
  description: 'Signs the deliveries; shown now and never again',
  examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='],
});

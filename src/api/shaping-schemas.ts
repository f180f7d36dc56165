import { z } from 'zod';
import { isStorable } from '../db/database.js';
import { eventTypeNames } from '../events/event-types.js';
import { filterInput } from './filter-input.js';
import { webhookTemplateNames } from '../webhook-templates/webhook-templates.js';
import { namedSchedules } from '../../workflows/contract/retry-policy.js';
import { integer, isObject, listOf, notStorable, time } from './http/schemas.js';

// The settings by which a tenant shapes what a webhook gets.

const scheduleMessage =
  'expected "guide", "patient", or a list of 1 to 20 whole numbers of seconds, each from 1 to 86400, like [10, 60, 600]';
const ttlMessage = 'expected an object of event types (or "*") and seconds, like {"call.dtmf": 30}, or null';

const maxTransformBytes = 8_192;

const seconds = (max: number) => integer(1, max);

const ttlInput = z
  .custom<Record<string, number>>(isObject, ttlMessage)
  .superRefine((ttl, context) => {
    for (const [type, value] of Object.entries(ttl)) {
      if (type !== '*' && !(eventTypeNames as readonly string[]).includes(type)) {
        const message = `expected an event type or "*"; known types are ${eventTypeNames.join(', ')}`;
        context.addIssue({ code: 'custom', path: [type], message, input: type });
        continue;
      }
      const issue = seconds(604_800).safeParse(value).error?.issues[0];
      if (issue) context.addIssue({ code: 'custom', path: [type], message: issue.message, input: value });
    }
  })
  .transform((ttl) => (Object.keys(ttl).length > 0 ? ttl : null));

export const shapingSettings = {
  ordering: z.enum(['none', 'key'], 'expected "none" or "key"').meta({
    description:
      '`key`: the next event of a call, a message or a number is not sent before the one before it has ended. Counts for events accepted from now on',
    examples: ['none'],
  }),
  retry_schedule: z
    .union([z.enum(['guide', 'patient']), listOf(seconds(86_400), 1, 20, 'numbers')], scheduleMessage)
    .meta({
      description: `Seconds before the second, third … attempt; beyond its end the last one repeats. \`guide\`: ${namedSchedules.guide.join(', ')}. \`patient\`: ${namedSchedules.patient.join(', ')}. Without \`max_retries\`, sets that to its length`,
      examples: ['guide'],
    }),
  ttl_seconds: ttlInput.nullable().meta({
    type: ['object', 'null'],
    additionalProperties: { type: 'integer', minimum: 1, maximum: 604_800 },
    description:
      'By event type, or `*` for all others: what has not been sent so many seconds after its event was accepted expires. Counts for events accepted from now on; null or {}: nothing expires',
    examples: [{ 'call.dtmf': 30 }],
  }),
  filter: filterInput,
  transform: z
    .string('expected JSONata, as text, or null')
    .refine(isStorable, notStorable)
    .refine((text) => text.trim() !== '', 'expected JSONata; null: the body is the event')
    .refine((text) => Buffer.byteLength(text) <= maxTransformBytes, `must be at most ${maxTransformBytes} bytes`)
    .nullable()
    .meta({
      description: `JSONata over the envelope \`{event, event_id, timestamp, data}\`; its value, as JSON, is the body. At most ${maxTransformBytes} bytes. Counts for deliveries that have not been sent yet; null: the body is the event`,
      examples: ['{"text": "Call from " & data.from}'],
      maxLength: maxTransformBytes,
    }),
  batch: z
    .strictObject(
      { max_events: integer(2, 500), max_wait_seconds: integer(1, 300) },
      'expected an object like {"max_events": 100, "max_wait_seconds": 10}, or null',
    )
    .nullable()
    .meta({
      description:
        'Several events in one request, `{"batch_id", "events": [envelope, …]}`, oldest first: as soon as there are `max_events` of them, or the oldest has waited for `max_wait_seconds`; at most 1 MB. Not with `transform`. Counts for events accepted from now on; null: each event by itself',
      examples: [{ max_events: 100, max_wait_seconds: 10 }],
    }),
  fallback_url: z
    .string('expected text: an https:// url, or null')
    .nullable()
    .meta({
      description:
        'Where three more attempts go (at once, after 1 s, after 2 s) when all at `url` have failed; null: nowhere',
      examples: ['https://standby.example.com/webhooks'],
      maxLength: 2048,
    }),
};

/** Only for a new webhook. */
export const templateInput = z
  .enum(webhookTemplateNames, `expected a template; known are ${webhookTemplateNames.join(', ')}`)
  .meta({
    description:
      'A template of `GET /v1/webhook-templates`: sets `events`, `description`, `transform` and the rate limits where they are not given, and checks `url`',
    examples: ['slack'],
  });

export const verificationSchema = z
  .object({
    status: z.enum(['none', 'pending', 'verified']).meta({
      description: '`pending`: nothing is sent until the receiver has echoed a challenge. `none`: not asked for',
      examples: ['none'],
    }),
    verified_at: time('When the receiver echoed the challenge').nullable(),
    last_error: z
      .string()
      .nullable()
      .meta({
        description:
          'What was wrong with the answer, and what to do; null: the receiver is being asked, or has answered',
        examples: [null],
      }),
  })
  .meta({ id: 'WebhookVerification', description: 'Whether the receiver agreed to get webhooks at its urls' });

/** The same as they are shown, and those that only the service sets. */
export const shownShaping = {
  ordering: shapingSettings.ordering,
  retry_schedule: z.array(z.int()).meta({
    description: 'Seconds before the second, third … attempt; beyond its end the last one repeats',
    examples: [[1, 2, 4, 8, 16]],
  }),
  ttl_seconds: z
    .record(z.string(), z.int())
    .nullable()
    .meta({ examples: [null] }),
  filter: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'Only events that match are delivered; null: all', examples: [null] }),
  transform: z
    .string()
    .nullable()
    .meta({ description: 'JSONata that makes the body; null: the body is the event', examples: [null] }),
  template: z
    .string()
    .nullable()
    .meta({ description: 'The template that it was created from', examples: [null] }),
  batch: shapingSettings.batch.meta({
    description: 'Several events in one request; null: each event by itself',
    examples: [null],
  }),
  fallback_url: shapingSettings.fallback_url,
  verification: verificationSchema,
};

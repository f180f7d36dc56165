import { z } from 'zod';
import { eventTypeNames } from '../events/event-types.js';
import { isEventId, type TriggerOutcome } from '../events/trigger.js';
import { isObject, listOf, problemSchema, renderTime, text, time, timeInput, uuid } from './http/schemas.js';

export const eventIdMessage = 'expected text of 1 to 255 characters, none of them a control character';

/** The two ways to name the tenant; `refineTenant` sees to it that one of them is used. */
export const tenantFields = {
  tenant_id: uuid()
    .optional()
    .meta({ description: 'The tenant whose event it is; or give `tenant_external_id`', format: 'uuid' }),
  tenant_external_id: text(1, 100)
    .optional()
    .meta({ description: "Instead of `tenant_id`: the platform's own name for the tenant", examples: ['42'] }),
};

export const eventIdInput = z.string(eventIdMessage).refine(isEventId, eventIdMessage);

const newEventFields = z.strictObject({
  ...tenantFields,
  event_type: z.enum(eventTypeNames, `expected one of ${eventTypeNames.join(', ')}`),
  event_id: eventIdInput.meta({
    description:
      'Identifies what happened. Tenant, type and id together identify an event: the same three again are a repeat, not a new event',
    minLength: 1,
    maxLength: 255,
    examples: ['4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4'],
  }),
  payload: z.custom<Record<string, unknown>>(isObject, { message: 'expected an object', abort: false }).meta({
    type: 'object',
    additionalProperties: true,
    description: 'The fields of the event type, and more if you like; delivered as `data`, with nothing left out',
  }),
  occurred_at: timeInput().optional().meta({ description: 'When it happened; default: now. Delivered as `timestamp`' }),
});

/** An issue of one field with a complete message, so that no value of another field is quoted. */
const tenantIssue = (message: string) => ({
  path: ['tenant_id'],
  message,
  params: { complete: true },
  // Reported together with whatever else is wrong.
  when: ({ value }: { value: unknown }) => isObject(value),
});

/** Exactly one of `tenant_id` and `tenant_external_id`. */
export const refineTenant = <Schema extends z.ZodType<{ tenant_id?: unknown; tenant_external_id?: unknown }>>(
  schema: Schema,
) =>
  schema
    .refine(
      (body) => body.tenant_id !== undefined || body.tenant_external_id !== undefined,
      tenantIssue('missing; give tenant_id (a UUID), or tenant_external_id instead'),
    )
    .refine(
      (body) => body.tenant_id === undefined || body.tenant_external_id === undefined,
      tenantIssue('is given together with tenant_external_id; leave one of them out'),
    );

export const newEventSchema = refineTenant(newEventFields).meta({
  id: 'NewEvent',
  description: 'An event of one tenant: `tenant_id` or `tenant_external_id`, exactly one of them',
});

export type NewEventBody = z.output<typeof newEventSchema>;

/** What every response says of an event. */
export const eventFields = {
  id: uuid(),
  event_type: z.string().meta({ examples: ['call.answered'] }),
  event_id: z.string().meta({ examples: ['4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4'] }),
  timestamp: time('When it happened'),
};

export const acceptedEventSchema = z.object({
  event: z.object(eventFields),
  deliveries: z
    .array(
      z.object({
        id: uuid(),
        webhook_id: z.int().meta({ examples: [1] }),
        status: z
          .enum(['pending', 'held'])
          .meta({ description: 'Its status when it was accepted; `held`: its webhook is paused, or not verified yet' }),
      }),
    )
    .meta({ description: 'One for each webhook that subscribes to the event type' }),
});

export const renderAccepted = (body: NewEventBody, accepted: TriggerOutcome): z.input<typeof acceptedEventSchema> => ({
  event: {
    id: accepted.id,
    event_type: body.event_type,
    event_id: body.event_id,
    timestamp: renderTime(accepted.occurredAt),
  },
  deliveries: accepted.deliveries.map(({ id, webhookId, status }) => ({ id, webhook_id: webhookId, status })),
});

export const maxBatchEvents = 100;

export const eventBatchSchema = z.strictObject({
  // Checked one by one, so that a bad one does not stop the others.
  events: listOf(z.unknown().meta({ $ref: '#/components/schemas/NewEvent' }), 1, maxBatchEvents, 'events').meta({
    description: 'Each as `POST /v1/events` takes it',
  }),
});

export const batchResultSchema = acceptedEventSchema.partial().extend({
  status: z.int().meta({
    description: 'The status code that `POST /v1/events` would have returned for this event',
    examples: [201],
  }),
  error: problemSchema.optional().meta({ description: 'Why the event was refused; absent for one that was accepted' }),
  retry_after: z.int().optional().meta({ description: 'With 429 and 503: seconds to wait before sending it again' }),
});

export type BatchResult = z.input<typeof batchResultSchema>;

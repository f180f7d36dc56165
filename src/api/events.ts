import { z } from 'zod';
import type { RecentKey } from '../db/api-keys.js';
import { InvalidInputError, maxFieldErrors, PayloadTooLargeError } from '../errors.js';
import { eventTypeNames, findEventType } from '../events/event-types.js';
import { showPath } from '../events/show-value.js';
import { isEventId, triggerUnchecked, type TriggerAnswer, type UncheckedEvent } from '../events/trigger.js';
import { TooLargeError } from './http/api-errors.js';
import { defineEndpoint, type EndpointDeps } from './http/endpoint.js';
import type { InexactNumber } from './http/json-text.js';
import { isObject, renderTime, time, timeInput, uuid } from './http/schemas.js';

const newEventSchema = z.strictObject({
  tenant_id: uuid().meta({ description: 'Whose event it is', format: 'uuid' }),
  event_type: z.enum(eventTypeNames, `expected one of ${eventTypeNames.join(', ')}`),
  event_id: z
    .string('expected 1 to 255 characters')
    .refine(isEventId, 'expected 1 to 255 characters, none of them a control character')
    .meta({
      description:
        'Names what happened. An event is one tenant, type and id: the same three again are a repeat, not a new event',
      minLength: 1,
      maxLength: 255,
      examples: ['4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4'],
    }),
  payload: z.custom<Record<string, unknown>>(isObject, 'expected an object').meta({
    type: 'object',
    additionalProperties: true,
    description: 'What the event type asks for, and more if you like; sent on as `data`, nothing left out',
  }),
  occurred_at: timeInput()
    .optional()
    .meta({ description: 'When it happened; default: now. The `timestamp` of the deliveries' }),
});

const acceptedEventSchema = z.object({
  event: z.object({
    id: uuid(),
    event_type: z.string().meta({ examples: ['call.answered'] }),
    event_id: z.string().meta({ examples: ['4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4'] }),
    timestamp: time('When it happened'),
  }),
  deliveries: z
    .array(
      z.object({
        id: uuid(),
        webhook_id: z.int().meta({ examples: [1] }),
        status: z.enum(['pending', 'held']).meta({ description: 'As it was accepted; `held`: its webhook is paused' }),
      }),
    )
    .meta({ description: 'One for each webhook that subscribes to the event type' }),
});

const renderAccepted = (
  body: z.output<typeof newEventSchema>,
  accepted: TriggerAnswer,
): z.input<typeof acceptedEventSchema> => ({
  event: {
    id: accepted.id,
    event_type: body.event_type,
    event_id: body.event_id,
    timestamp: renderTime(accepted.occurredAt),
  },
  deliveries: accepted.deliveries.map(({ id, webhookId, status }) => ({ id, webhook_id: webhookId, status })),
});

export const eventEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/events',
    access: 'events:write',
    confirmsKey: true,
    operationId: 'createEvent',
    tag: 'Events',
    summary: 'Trigger an event',
    description:
      'The answer means that the event and its deliveries are stored and will be delivered. Safe to repeat: the same tenant, type and id again are answered 200 with the first answer, and nothing is sent twice.',
    body: {
      schema: newEventSchema,
      examples: {
        'call.answered': {
          tenant_id: '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a',
          event_type: 'call.answered',
          event_id: '4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4',
          payload: findEventType('call.answered')?.example,
        },
      },
    },
    answers: {
      201: { description: 'Accepted', schema: acceptedEventSchema },
      200: { description: 'It was accepted before; what was answered then', schema: acceptedEventSchema },
    },
    problems: [404, 422],
    async handle({ body, inexactNumbers, recentKey, by }, deps) {
      refuseInexact(inexactNumbers);
      const event = {
        tenantId: body.tenant_id,
        eventType: body.event_type,
        eventId: body.event_id,
        payload: body.payload,
        ...(body.occurred_at && { occurredAt: body.occurred_at }),
      };
      await deps.eventQuotas.count(event.tenantId);
      const accepted = await trigger(deps, event, recentKey);
      // At info, since it alone leads from a request to its deliveries, and from those to the lines of their attempts: one
      // line more where an event makes at least one for each webhook anyhow.
      deps.log.info(
        {
          ...by,
          tenant: event.tenantId,
          eventType: event.eventType,
          // As the lines of its attempts have it.
          event: `${event.eventType} ${event.eventId}`,
          eventRow: accepted.id,
          deliveries: accepted.deliveries.length,
          ...(accepted.repeated && { repeated: true }),
        },
        'event.accepted',
      );
      return { status: accepted.repeated ? 200 : 201, body: renderAccepted(body, accepted) };
    },
  }),
];

/** A double would hold them as other numbers, and the receiver would never know. */
function refuseInexact(numbers: InexactNumber[]): void {
  const errors = numbers
    .filter(({ path }) => path[0] === 'payload')
    .map(({ path, text }) => ({
      path: showPath(path),
      message: `${text.slice(0, 40)} cannot be carried exactly as a JSON number (RFC 8259 §6); send it as text`,
    }));
  if (errors.length > maxFieldErrors) errors.splice(maxFieldErrors, errors.length, { path: '', message: 'and more' });
  if (errors.length > 0) throw new InvalidInputError('The payload has numbers that would change on their way.', errors);
}

/** A payload that is too large has a status code of its own (413). */
async function trigger(deps: EndpointDeps, event: UncheckedEvent, key: RecentKey | null): Promise<TriggerAnswer> {
  try {
    return await triggerUnchecked(deps, event, key);
  } catch (error) {
    if (!(error instanceof PayloadTooLargeError)) throw error;
    throw new TooLargeError(error.errors.map(({ path, message }) => `${path} ${message}`).join('; '));
  }
}

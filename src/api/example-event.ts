import { z } from 'zod';
import type { Webhook } from '../db/webhooks.js';
import { eventTypeNames } from '../events/event-types.js';
import { exampleBody } from '../events/test-event.js';
import { maxBodyBytes } from '../events/trigger.js';
import { eventTypesMessage } from './history-query.js';
import { TooLargeError } from './http/api-errors.js';
import { isObject } from './http/schemas.js';

/** On which event a setting is tried. */
export const exampleEventFields = {
  event_type: z
    .enum(eventTypeNames, eventTypesMessage)
    .optional()
    .meta({ description: "Default: the first of the webhook's types; `webhook.test` if that is `*`" }),
  payload: z.custom<Record<string, unknown>>(isObject, 'expected an object').optional().meta({
    type: 'object',
    additionalProperties: true,
    description: "The event's `data`, which need not be complete. Default: the example of the event type",
  }),
};

/** The same where there is no webhook yet. */
export const newEventFields = {
  event_type: z.enum(eventTypeNames, eventTypesMessage),
  payload: exampleEventFields.payload,
};

/** The body of that event; null: of a webhook that does not exist yet. Throws TooLargeError for one that could not be triggered. */
export function exampleEventBody(
  webhook: Pick<Webhook, 'id' | 'events'> | null,
  { event_type: given, payload }: z.output<z.ZodObject<typeof exampleEventFields>>,
): string {
  const subscribed = eventTypeNames.find((name) => name === webhook?.events[0]);
  const body = exampleBody({
    eventType: given ?? subscribed ?? 'webhook.test',
    webhookId: webhook?.id ?? 1,
    data: payload,
  });
  const bytes = Buffer.byteLength(body);
  if (bytes > maxBodyBytes)
    throw new TooLargeError(`payload makes a body of ${bytes} bytes; at most ${maxBodyBytes} are sent`);
  return body;
}

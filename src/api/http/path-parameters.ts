import { z } from 'zod';
import { phoneNumberForm } from '../../sources/numbers/assign-number.js';
import type { PathParameter } from './endpoint.js';
import { maxWebhookId, parseUuid, parseWebhookId, uuid } from './schemas.js';

const uuidParameter = (subject: PathParameter<string>['subject']): PathParameter<string> => ({
  subject,
  parse: parseUuid,
  schema: uuid().meta({ description: `The ${subject}'s id` }),
});

export const tenantIdParameter = uuidParameter('tenant');
export const keyIdParameter = uuidParameter('API key');
export const portalSessionIdParameter = uuidParameter('portal session');
export const deliveryIdParameter = uuidParameter('delivery');
export const eventIdParameter = uuidParameter('event');
export const recoveryIdParameter = uuidParameter('recovery');
export const messageIdParameter = uuidParameter('message');

/** The id of an assignment, or the number itself. */
export const phoneNumberParameter: PathParameter<string> = {
  subject: 'phone number',
  parse: (text) => parseUuid(text) ?? (phoneNumberForm.test(text) ? text : undefined),
  schema: z.string().meta({
    description: "The assignment's id, or the number",
    examples: ['0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a', '+15559876543'],
  }),
};

export const webhookIdParameter: PathParameter<number> = {
  subject: 'webhook',
  parse: parseWebhookId,
  schema: z
    .int()
    .min(1)
    .max(maxWebhookId)
    .meta({ description: "The webhook's id", examples: [1] }),
};

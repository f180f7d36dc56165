import { z } from 'zod';
import type { PathParameter } from './endpoint.js';
import { maxWebhookId, parseUuid, parseWebhookId, uuid } from './schemas.js';

const uuidParameter = (subject: PathParameter<string>['subject']): PathParameter<string> => ({
  subject,
  parse: parseUuid,
  schema: uuid().meta({ description: `The ${subject}'s id` }),
});

export const tenantIdParameter = uuidParameter('tenant');
export const keyIdParameter = uuidParameter('API key');
export const deliveryIdParameter = uuidParameter('delivery');
export const messageIdParameter = uuidParameter('message');
export const phoneNumberIdParameter = uuidParameter('phone number');

export const webhookIdParameter: PathParameter<number> = {
  subject: 'webhook',
  parse: parseWebhookId,
  schema: z
    .int()
    .min(1)
    .max(maxWebhookId)
    .meta({ description: "The webhook's id", examples: [1] }),
};

import { z } from 'zod';
import { describeEventTypes, eventTypeNames, orderingKeys } from '../events/event-types.js';
import { defineEndpoint } from './http/endpoint.js';

const eventTypeSchema = z
  .object({
    name: z.enum(eventTypeNames),
    description: z.string().meta({ examples: ['A call was answered.'] }),
    schema: z.looseObject({}).meta({
      description: 'JSON Schema (2020-12) of `data`; more fields may be added',
      examples: [{ type: 'object' }],
    }),
    example: z.looseObject({}).meta({ description: 'A `data` that matches the schema', examples: [{ digit: '5' }] }),
    ordering_key: z
      .enum(orderingKeys)
      .nullable()
      .meta({
        description: 'Events with the same value of this field are numbered 1, 2, 3 …; null: they are not',
        examples: ['call_sid'],
      }),
  })
  .meta({ id: 'EventType', description: 'A kind of event that a webhook can subscribe to' });

export const eventTypeEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/event-types',
    access: 'public',
    operationId: 'listEventTypes',
    tag: 'Event types',
    summary: 'List all event types',
    description: 'The whole catalogue, on one page.',
    responses: { 200: { description: 'The catalogue', schema: z.object({ event_types: z.array(eventTypeSchema) }) } },
    async handle() {
      return { status: 200, body: { event_types: describeEventTypes() } };
    },
  }),
];

import { z } from 'zod';
import { findEventType } from '../events/event-types.js';
import { acceptBatch } from './accept-batch.js';
import { acceptEvent } from './accept-event.js';
import {
  acceptedEventSchema,
  batchResultSchema,
  eventBatchSchema,
  maxBatchEvents,
  newEventSchema,
} from './event-schemas.js';
import { defineEndpoint } from './http/endpoint.js';

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
      'A success response means that the event and its deliveries are stored and will be delivered. Safe to repeat: for the same tenant, type and id, the response is 200 with the first response body, and nothing is sent twice. With a header `traceparent` (W3C Trace Context), receivers get one of the same trace.',
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
    responses: {
      201: { description: 'Accepted', schema: acceptedEventSchema },
      200: { description: 'It was accepted before; the body is the same as then', schema: acceptedEventSchema },
    },
    problems: [404, 422],
    handle: ({ body, ...request }, deps) => acceptEvent(deps, body, request),
  }),

  defineEndpoint({
    method: 'post',
    path: '/v1/events/batch',
    access: 'events:write',
    operationId: 'createEvents',
    tag: 'Events',
    summary: 'Trigger many events',
    description: `Up to ${maxBatchEvents} events in a body of at most 1 MB. Each is accepted or refused on its own, as \`POST /v1/events\` would, and counts towards its tenant's quota; the results come in the order of the events. A tenant's events are accepted one after the other, in that order. Safe to repeat: send events with 429 or 5xx again, after \`retry_after\` seconds.`,
    body: {
      schema: eventBatchSchema,
      examples: {
        'two events': {
          events: [
            {
              tenant_id: '0199f2b4-5c3e-7d81-9a66-0b1f8e2c4d5a',
              event_type: 'call.answered',
              event_id: '4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4',
              payload: findEventType('call.answered')?.example,
            },
            {
              tenant_external_id: '42',
              event_type: 'phone_number.assigned',
              event_id: 'phone_+15559876543_assigned',
              payload: findEventType('phone_number.assigned')?.example,
            },
          ],
        },
      },
    },
    responses: {
      200: {
        description: 'The result of each event',
        schema: z.object({ results: z.array(batchResultSchema) }),
      },
    },
    handle: async ({ body, ...request }, deps) => ({
      status: 200,
      body: { results: await acceptBatch(deps, body.events, request) },
    }),
  }),
];

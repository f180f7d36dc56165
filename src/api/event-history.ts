import { z } from 'zod';
import type { Queryable } from '../db/database.js';
import { deliveryStatuses, type DeliveryStatus } from '../db/deliveries.js';
import { listDeliveriesOfEvent } from '../db/delivery-lists.js';
import { findEvent, listEvents, type AcceptedEvent, type DeliveryCounts } from '../db/event-lists.js';
import { eventTypeNames } from '../events/event-types.js';
import { deliverySchema, renderDelivery } from './delivery-schemas.js';
import { eventFields } from './event-schemas.js';
import { historyQuery, timesOf } from './history-query.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { bodiesHidden } from './http/hide-bodies.js';
import { nextCursor, paginate } from './http/paging.js';
import { eventIdParameter } from './http/path-parameters.js';
import { parseUuid, renderTime, renderTimeOrNull, text, time } from './http/schemas.js';

const tag = 'Events';

const eventShape = {
  ...eventFields,
  created_at: time('When it was accepted'),
  test: z.boolean().meta({ description: 'Made by POST /v1/webhooks/:id/test', examples: [false] }),
  ordering_key: z
    .string()
    .nullable()
    .meta({
      description: 'The call, message or number that it is about; null: its type has no ordering key',
      examples: ['4f0c2d9e-6b1a-4c35-9a7e-2d8f1b60c5a4'],
    }),
  sequence: z
    .int()
    .nullable()
    .meta({
      description: 'Its number among the events with its ordering key, from 1, as they were accepted',
      examples: [3],
    }),
  expunged_at: time('When its content was erased on request; null: it was not').nullable(),
};
const eventSchema = z
  .object({
    ...eventShape,
    deliveries_by_status: z
      .object(
        Object.fromEntries(deliveryStatuses.map((status) => [status, z.int()])) as Record<DeliveryStatus, z.ZodInt>,
      )
      .meta({ description: 'How many of its deliveries have each status now; all 0: no webhook wanted it' }),
  })
  .meta({ id: 'Event', description: 'Something that happened' });
export const eventDetailSchema = z
  .object({
    ...eventShape,
    body: z
      .string()
      .nullable()
      .meta({
        description: 'The exact text that its deliveries send and sign; null: it is not kept any more',
        examples: ['{"event":"call.dtmf","event_id":"1","timestamp":"2025-10-29T12:00:00.000Z","data":{}}'],
      }),
    deliveries: z.array(deliverySchema).meta({ description: 'One for each webhook that wanted it; 200 at most' }),
    bodies_hidden: bodiesHidden,
  })
  .meta({ id: 'EventDetail', description: 'An event with its body and its deliveries' });

const renderEvent = (event: AcceptedEvent) => ({
  id: event.id,
  event_type: event.eventType,
  event_id: event.eventId,
  timestamp: renderTime(event.occurredAt),
  created_at: renderTime(event.createdAt),
  test: event.test,
  ordering_key: event.orderingKey,
  sequence: event.sequence,
  expunged_at: renderTimeOrNull(event.expungedAt),
});

const renderCounts = (counts: DeliveryCounts) =>
  Object.fromEntries(deliveryStatuses.map((status) => [status, counts[status] ?? 0])) as Record<DeliveryStatus, number>;

export async function eventDetail(
  db: Queryable,
  event: AcceptedEvent & { body: string | null },
): Promise<z.input<typeof eventDetailSchema>> {
  const deliveries = await listDeliveriesOfEvent(db, event.id);
  return { ...renderEvent(event), body: event.body, deliveries: deliveries.map(renderDelivery) };
}

export const eventHistoryEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/events',
    access: 'webhooks:read',
    operationId: 'listEvents',
    tag,
    summary: "List the tenant's events, newest first",
    description: 'Also those that no webhook wanted.',
    query: z.strictObject({
      ...historyQuery,
      ordering_key: text(1, 255).optional().meta({ description: 'Only events with this ordering key' }),
    }),
    responses: {
      200: {
        description: 'A page of events',
        schema: z.object({ events: z.array(eventSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query, tenantId }, { db }) {
      const { event_type: eventType, event_id: eventId, ordering_key: orderingKey } = query;
      const filter = {
        ...(eventType && { eventType }),
        ...(eventId && { withId: { eventId, eventTypes: eventType ? [eventType] : eventTypeNames } }),
        ...(orderingKey && { orderingKey }),
        ...timesOf(query),
      };
      const page = await paginate(query, parseUuid, (page) => listEvents(db, tenantId, filter, page));
      const events = page.rows.map((event) => ({
        ...renderEvent(event),
        deliveries_by_status: renderCounts(event.deliveries),
      }));
      return { status: 200, body: { events, next_cursor: page.nextCursor } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/events/:id',
    access: 'webhooks:read',
    operationId: 'getEvent',
    tag,
    summary: 'Show an event with its body and its deliveries',
    params: { id: eventIdParameter },
    responses: { 200: { description: 'The event', schema: z.object({ event: eventDetailSchema }) } },
    async handle({ params, tenantId }, { db }) {
      const event = await findEvent(db, tenantId, params.id);
      if (!event) throw notFound('event', params.id);
      return { status: 200, body: { event: await eventDetail(db, event) } };
    },
  }),
];

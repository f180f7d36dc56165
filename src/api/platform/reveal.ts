import { z } from 'zod';
import { audit, type Author, type Change } from '../../db/audit.js';
import type { Database } from '../../db/database.js';
import { findDelivery } from '../../db/deliveries.js';
import { findEvent } from '../../db/event-lists.js';
import { tenantOfDelivery, tenantOfEvent } from '../../db/owners.js';
import { deliveryDetail } from '../deliveries.js';
import { deliveryDetailSchema } from '../delivery-schemas.js';
import { eventDetail, eventDetailSchema } from '../event-history.js';
import { notFound } from '../http/api-errors.js';
import { defineEndpoint } from '../http/endpoint.js';
import { deliveryIdParameter, eventIdParameter, webhookIdParameter } from '../http/path-parameters.js';

const tag = 'Operations';

/** Committed before anything is shown. */
const auditReveal = (db: Database, author: Author, change: Change) => db.transaction((db) => audit(db, author, change));

export const revealEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks/:webhook_id/deliveries/:delivery_id/reveal',
    access: 'admin',
    operationId: 'revealDelivery',
    tag,
    summary: 'Show a delivery with its bodies to an operator',
    description:
      "Writes an entry to the tenant's audit log first. For the console, whose session gets all other answers without bodies; the first page of attempts is shown.",
    params: { webhook_id: webhookIdParameter, delivery_id: deliveryIdParameter },
    showsBodies: true,
    responses: { 200: { description: 'The delivery', schema: z.object({ delivery: deliveryDetailSchema }) } },
    async handle({ params: { webhook_id: webhookId, delivery_id: deliveryId }, author }, { db }) {
      const tenantId = await tenantOfDelivery(db, webhookId, deliveryId);
      if (tenantId === null) throw notFound('delivery', deliveryId);
      await auditReveal(db, author, { action: 'delivery.revealed', subjectId: deliveryId, webhookId, tenantId });
      const delivery = await findDelivery(db, webhookId, deliveryId);
      if (!delivery) throw notFound('delivery', deliveryId);
      return { status: 200, body: { delivery: await deliveryDetail(db, delivery) } };
    },
  }),

  defineEndpoint({
    method: 'post',
    path: '/v1/events/:event_id/reveal',
    access: 'admin',
    operationId: 'revealEvent',
    tag,
    summary: 'Show an event with its body to an operator',
    description: "Writes an entry to the tenant's audit log first. `event_id` is our id of the event.",
    params: { event_id: eventIdParameter },
    showsBodies: true,
    responses: { 200: { description: 'The event', schema: z.object({ event: eventDetailSchema }) } },
    async handle({ params: { event_id: eventId }, author }, { db }) {
      const tenantId = await tenantOfEvent(db, eventId);
      if (tenantId === null) throw notFound('event', eventId);
      await auditReveal(db, author, { action: 'event.revealed', subjectId: eventId, tenantId });
      const event = await findEvent(db, tenantId, eventId);
      if (!event) throw notFound('event', eventId);
      return { status: 200, body: { event: await eventDetail(db, event) } };
    },
  }),
];

import { z } from 'zod';
import { findWebhook } from '../../db/webhooks.js';
import { notFound } from '../http/api-errors.js';
import { defineEndpoint } from '../http/endpoint.js';
import { webhookIdParameter } from '../http/path-parameters.js';
import { uuid } from '../http/schemas.js';

const messageSchema = z
  .object({
    delivery_id: uuid().meta({ description: "The delivery's id; also the id of the event in the stream" }),
    headers: z.record(z.string(), z.string()).meta({
      description: "All headers of its first request, signed now with the webhook's secret",
      examples: [{ 'Content-Type': 'application/json', 'X-IRISX-Event': 'call.dtmf' }],
    }),
    body: z.string().meta({
      description: 'The exact text',
      examples: ['{"event":"call.dtmf","event_id":"1","timestamp":"2025-10-29T12:00:00.000Z","data":{}}'],
    }),
  })
  .meta({ id: 'StreamedDelivery', description: 'A delivery as it would be sent' });

export const streamEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks/:webhook_id/stream',
    access: 'webhooks:read',
    operationId: 'streamDeliveries',
    tag: 'Deliveries',
    summary: 'Follow the deliveries of a webhook',
    description:
      'Server-sent events, one for each new delivery, whether or not it is sent by now: `data` is a JSON object with its request, `id` is the delivery. They come in the order of their ids. To resume after a break, connect with the last id as `Last-Event-ID`; if there was no event yet, with the response header `Last-Event-ID`. Retries and recoveries are not shown. Comments keep the connection alive, and say why a stream ends. A client that reads nothing for 30 seconds is cut off.',
    params: { webhook_id: webhookIdParameter },
    resumable: true,
    responses: { 200: { description: 'The stream; its `data` has this schema', events: messageSchema } },
    async handle({ params, tenantId, by, lastEventId }, { db, streams }) {
      const webhookId = params.webhook_id;
      if (!(await findWebhook(db, tenantId, webhookId))) throw notFound('webhook', webhookId);
      const { keyId, sessionId } = by;
      return { status: 200, events: await streams.open({ tenantId, webhookId, keyId, sessionId, lastEventId }) };
    },
  }),
];

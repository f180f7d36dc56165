import { z } from 'zod';
import { listAttempts } from '../db/attempt-list.js';
import { audit } from '../db/audit.js';
import type { Queryable } from '../db/database.js';
import { deliveryStatuses, findBody, findDelivery, requestRetry, type Delivery } from '../db/deliveries.js';
import { listDeliveries, listTenantDeliveries, maxListedWebhooks } from '../db/delivery-lists.js';
import { countRetry, maxRetriesPerMinute } from '../db/retry-limit.js';
import { findWebhook } from '../db/webhooks.js';
import { eventTypeNames } from '../events/event-types.js';
import { sendTestEvent } from '../events/test-event.js';
import { acceptedFields } from '../events/trigger.js';
import { notFound, TooManyRequestsError } from './http/api-errors.js';
import {
  attemptSchema,
  deliveryDetailSchema,
  deliverySchema,
  renderAttempt,
  renderDelivery,
  statusMeaning,
} from './delivery-schemas.js';
import { eventTypesMessage, historyQuery, timesOf } from './history-query.js';
import { defineEndpoint } from './http/endpoint.js';
import { decodeCursor, defaultLimit, encodeCursor, nextCursor, pageQuery, paginate } from './http/paging.js';
import { deliveryIdParameter, webhookIdParameter } from './http/path-parameters.js';
import { boolean, parsePositiveInteger, parseUuid, parseWebhookId } from './http/schemas.js';

const filterQuery = z.strictObject({
  ...historyQuery,
  status: z
    .enum(deliveryStatuses, `expected one of ${deliveryStatuses.join(', ')}`)
    .optional()
    .meta({ description: statusMeaning }),
});

const filterOf = (query: z.output<typeof filterQuery>) => ({
  ...(query.status && { status: query.status }),
  ...(query.event_type && { eventType: query.event_type }),
  ...(query.event_id && { eventId: query.event_id }),
  ...timesOf(query),
});

const pageOf = ({ rows, nextCursor }: { rows: Delivery[]; nextCursor: string | null }) => ({
  status: 200 as const,
  body: { deliveries: rows.map(renderDelivery), next_cursor: nextCursor },
});

const deliveryPage = {
  200: {
    description: 'A page of deliveries',
    schema: z.object({ deliveries: z.array(deliverySchema), next_cursor: nextCursor }),
  },
};

/** Accepts deleted webhooks too: their history stays readable. */
export async function requireWebhook(db: Queryable, tenantId: string, webhookId: number): Promise<void> {
  if (!(await findWebhook(db, tenantId, webhookId, { deleted: true }))) throw notFound('webhook', webhookId);
}

export async function requireDelivery(db: Queryable, webhookId: number, deliveryId: string): Promise<Delivery> {
  const delivery = await findDelivery(db, webhookId, deliveryId);
  if (!delivery) throw notFound('delivery', deliveryId);
  return delivery;
}

const tooManyRetries = (waitSeconds: number) =>
  new TooManyRequestsError(
    `This delivery was retried by hand ${maxRetriesPerMinute} times within a minute; try again in ${waitSeconds} seconds.`,
    waitSeconds,
  );

async function attemptsPage(
  db: Queryable,
  deliveryId: string,
  { limit, cursor }: { limit: number; cursor?: string | undefined } = { limit: defaultLimit },
) {
  const afterNumber = cursor === undefined ? null : decodeCursor(cursor, parsePositiveInteger);
  const { attempts, more } = await listAttempts(db, deliveryId, { limit, afterNumber });
  const last = attempts.at(-1);
  return { attempts: attempts.map(renderAttempt), next_cursor: more && last ? encodeCursor(last.number) : null };
}

export async function deliveryDetail(db: Queryable, delivery: Delivery): Promise<z.input<typeof deliveryDetailSchema>> {
  const [body, page] = await Promise.all([findBody(db, delivery.id), attemptsPage(db, delivery.id)]);
  const { attempts, next_cursor } = page;
  return { ...renderDelivery(delivery), body, attempts, attempts_next_cursor: next_cursor };
}

const tag = 'Deliveries';
const params = { webhook_id: webhookIdParameter, delivery_id: deliveryIdParameter };

export const deliveryEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks/:webhook_id/test',
    access: 'webhooks:write',
    operationId: 'testWebhook',
    tag,
    summary: 'Send a test event to a webhook',
    description:
      "Sends the catalogue's example of the event type, whatever the webhook subscribes to. The delivery is signed, rate limited, retried and logged like any other. It is marked `test`, and left out of the statistics.",
    params: { webhook_id: webhookIdParameter },
    body: {
      schema: z.strictObject({
        event_type: z.enum(eventTypeNames, eventTypesMessage).default('webhook.test').meta({ default: 'webhook.test' }),
      }),
      optional: true,
      examples: { 'as a call': { event_type: 'call.completed' } },
    },
    responses: { 202: { description: 'On its way', schema: z.object({ delivery: deliverySchema }) } },
    problems: [409],
    async handle({ params, body, tenantId, by }, deps) {
      const event = { tenantId, webhookId: params.webhook_id, eventType: body.event_type };
      const sent = await sendTestEvent(deps, event);
      if (!sent) throw notFound('webhook', params.webhook_id);
      const { delivery, eventRowId: id } = sent;
      const accepted = acceptedFields({ ...event, eventId: delivery.eventId }, { id, deliveries: [delivery] });
      deps.log.info({ ...by, ...accepted, test: true }, 'event.accepted');
      return { status: 202, body: { delivery: renderDelivery(delivery) } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks/:webhook_id/deliveries',
    access: 'webhooks:read',
    operationId: 'listDeliveries',
    tag,
    summary: 'List deliveries of a webhook, newest first',
    description: 'Works for a deleted webhook too. Each delivery includes the result of its last attempt.',
    params: { webhook_id: webhookIdParameter },
    query: filterQuery,
    responses: deliveryPage,
    async handle({ params, query, tenantId }, { db }) {
      await requireWebhook(db, tenantId, params.webhook_id);
      const filter = filterOf(query);
      const page = await paginate(query, parseUuid, (page) => listDeliveries(db, params.webhook_id, filter, page));
      return pageOf(page);
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/deliveries',
    access: 'webhooks:read',
    operationId: 'listAllDeliveries',
    tag,
    summary: 'List deliveries of all webhooks, newest first',
    description: `Those of deleted webhooks too. A tenant with more than ${maxListedWebhooks} webhooks sees those of the newest ones here.`,
    query: filterQuery.extend({
      webhook_id: z
        .string('expected one webhook id')
        .transform((text) => parseWebhookId(text) ?? text)
        .pipe(z.int('expected the id of a webhook'))
        .optional()
        .meta({ type: 'integer', description: 'Only deliveries to this webhook' }),
    }),
    responses: deliveryPage,
    async handle({ query, tenantId }, { db }) {
      const { webhook_id: webhookId } = query;
      const filter = filterOf(query);
      if (webhookId !== undefined) await requireWebhook(db, tenantId, webhookId);
      const page = await paginate(query, parseUuid, (page) =>
        webhookId === undefined
          ? listTenantDeliveries(db, tenantId, filter, page)
          : listDeliveries(db, webhookId, filter, page),
      );
      return pageOf(page);
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks/:webhook_id/deliveries/:delivery_id',
    access: 'webhooks:read',
    operationId: 'getDelivery',
    tag,
    summary: 'Show a delivery with its body and its attempts',
    params,
    responses: { 200: { description: 'The delivery', schema: z.object({ delivery: deliveryDetailSchema }) } },
    async handle({ params, tenantId }, { db }) {
      await requireWebhook(db, tenantId, params.webhook_id);
      const delivery = await requireDelivery(db, params.webhook_id, params.delivery_id);
      return { status: 200, body: { delivery: await deliveryDetail(db, delivery) } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/webhooks/:webhook_id/deliveries/:delivery_id/attempts',
    access: 'webhooks:read',
    operationId: 'listAttempts',
    tag,
    summary: 'List attempts of a delivery, first to last',
    description: 'A page may hold fewer than `limit` attempts if the responses are large.',
    params,
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of attempts',
        schema: z.object({ attempts: z.array(attemptSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ params, query, tenantId }, { db }) {
      await requireWebhook(db, tenantId, params.webhook_id);
      const delivery = await requireDelivery(db, params.webhook_id, params.delivery_id);
      return { status: 200, body: await attemptsPage(db, delivery.id, query) };
    },
  }),

  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks/:webhook_id/deliveries/:delivery_id/retry',
    access: 'webhooks:write',
    operationId: 'retryDelivery',
    tag,
    summary: 'Send a delivery again, now',
    description:
      'A delivery that waits for its next attempt is sent as soon as the rate limit allows. One that has ended starts a new schedule under the same id, and its attempt numbers continue. Where events go in batches, it goes alone, in a batch of one; but one in a batch that has not ended makes that batch due. A request in flight is neither cut off nor doubled. At most 10 times a minute for one delivery.',
    params,
    body: {
      schema: z.strictObject({
        force: boolean()
          .default(false)
          .meta({ description: 'Send it even if it was already delivered', default: false }),
      }),
      optional: true,
      examples: { 'delivered already': { force: true } },
    },
    responses: { 202: { description: 'On its way', schema: z.object({ delivery: deliverySchema }) } },
    problems: [409],
    async handle({ params, body, tenantId, author }, { db, workflows }) {
      await requireWebhook(db, tenantId, params.webhook_id);
      const { startable, delivery } = await db.transaction(async (db) => {
        await requireDelivery(db, params.webhook_id, params.delivery_id);
        const retry = { force: body.force };
        const { was, ...startable } = await requestRetry(db, params.webhook_id, params.delivery_id, retry);
        // Counted last: a retry that is refused for another reason does not count.
        const waitSeconds = await countRetry(db, params.delivery_id);
        if (waitSeconds !== null) throw tooManyRetries(waitSeconds);
        const delivery = await requireDelivery(db, params.webhook_id, params.delivery_id);
        // A pending delivery stays pending; the retry is recorded all the same.
        const change = was !== delivery.status && { before: { status: was }, after: { status: delivery.status } };
        await audit(db, author, {
          action: 'delivery.retried',
          subjectId: delivery.id,
          webhookId: params.webhook_id,
          tenantId,
          ...change,
        });
        return { startable, delivery };
      });
      workflows.wake([startable]);
      return { status: 202, body: { delivery: renderDelivery(delivery) } };
    },
  }),
];

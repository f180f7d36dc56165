import { z } from 'zod';
import type { Queryable } from '../db/database.js';
import { passFilters } from '../db/filters.js';
import { findWebhook } from '../db/webhooks.js';
import { cutText } from '../events/show-value.js';
import { compileFilter } from '../filter/compile-filter.js';
import type { Filter } from '../filter/parse-filter.js';
import { conditionsOf, unmetConditions, valueAt } from '../filter/unmet-conditions.js';
import { exampleEventBody, exampleEventFields, newEventFields } from './example-event.js';
import { filterInput } from './filter-input.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { refuseInexact } from './http/inexact-numbers.js';
import { webhookIdParameter } from './http/path-parameters.js';

/** Of a value in the answer, as JSON. */
const shownLength = 1000;

const responses = {
  200: {
    description: 'Whether it matches, and the conditions that keep it from matching',
    schema: z.object({
      matches: z.boolean().meta({ examples: [false] }),
      failed: z.array(
        z.object({
          path: z.string().meta({ description: 'The field', examples: ['data.duration_seconds'] }),
          condition: z.unknown().meta({
            description: 'What the filter says of it; within `$not` if it holds and must not',
            examples: [{ $gte: 60 }],
          }),
          value: z
            .unknown()
            .meta({ description: 'What the event has there; null: nothing. Long values are cut', examples: [12] }),
        }),
      ),
    }),
  },
};

/** What the filter says of the event. */
async function tryFilter(db: Queryable, filter: Filter, event: string) {
  const conditions = conditionsOf(filter);
  const [matches = true, ...holds] = await passFilters(db, event, [filter, ...conditions].map(compileFilter));
  const unmet = unmetConditions(filter, (condition) => holds[conditions.indexOf(condition)] ?? true);
  const envelope: unknown = JSON.parse(event);
  const failed = unmet.map(({ condition: { path }, written }) => {
    return { path, condition: written, value: cutValue(valueAt(envelope, path)) };
  });
  return { status: 200 as const, body: { matches, failed } };
}

export const filterEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/filter/test',
    access: 'webhooks:read',
    operationId: 'testNewFilter',
    tag: 'Webhooks',
    summary: 'Try a filter before there is a webhook for it',
    description: 'As for a webhook. Nothing is sent or stored.',
    body: {
      schema: z.strictObject({ filter: filterInput, ...newEventFields }),
      examples: {
        'long calls': { filter: { 'data.duration_seconds': { $gte: 60 } }, event_type: 'call.completed' },
      },
    },
    responses,
    async handle({ body, inexactNumbers }, { db }) {
      refuseInexact(inexactNumbers, 'filter');
      refuseInexact(inexactNumbers, 'payload');
      return tryFilter(db, body.filter?.filter ?? { all: [] }, exampleEventBody(null, body));
    },
  }),

  defineEndpoint({
    method: 'post',
    path: '/v1/webhooks/:webhook_id/filter/test',
    access: 'webhooks:read',
    operationId: 'testFilter',
    tag: 'Webhooks',
    summary: 'Try a filter on an event',
    description:
      'Says whether the event would pass the filter, and if not, because of which conditions. Nothing is sent or stored. Whether the webhook subscribes to the event type is not asked.',
    params: { webhook_id: webhookIdParameter },
    body: {
      schema: z.strictObject({
        filter: filterInput.optional(),
        ...exampleEventFields,
      }),
      optional: true,
      examples: {
        'another filter': { filter: { 'data.duration_seconds': { $gte: 60 } }, event_type: 'call.completed' },
        'another event': { event_type: 'call.completed', payload: { direction: 'inbound', duration_seconds: 12 } },
      },
    },
    responses,
    async handle({ params, body, tenantId, inexactNumbers }, { db }) {
      refuseInexact(inexactNumbers, 'filter');
      refuseInexact(inexactNumbers, 'payload');
      const webhook = await findWebhook(db, tenantId, params.webhook_id);
      if (!webhook) throw notFound('webhook', params.webhook_id);
      const given = body.filter === undefined ? filterInput.parse(webhook.filter) : body.filter;
      return tryFilter(db, given?.filter ?? { all: [] }, exampleEventBody(webhook, body));
    },
  }),
];

/** A long one becomes the beginning of its text, or of its JSON. */
function cutValue(value: unknown): unknown {
  const json = JSON.stringify(value);
  return json.length <= shownLength ? value : cutText(typeof value === 'string' ? value : json, shownLength);
}

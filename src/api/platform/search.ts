import { z } from 'zod';
import { maxResults, searchPlatform, searchTypes, type SearchResult } from '../../db/platform-search.js';
import { defineEndpoint } from '../http/endpoint.js';
import { renderTime, text, time } from '../http/schemas.js';
import { tenantName } from './receivers.js';

const resultSchema = z
  .object({
    type: z.enum(searchTypes),
    id: z.string().meta({ description: "A webhook's is a number, as text", examples: ['1'] }),
    tenant: tenantName,
    webhook_id: z
      .int()
      .nullable()
      .meta({ description: 'Of a webhook and of a delivery; else null', examples: [1] }),
    title: z.string().meta({
      description: "The tenant's name, the webhook's url, or the event's type and id",
      examples: ['https://example.com/webhooks'],
    }),
    created_at: time('When it was created, or accepted'),
  })
  .meta({ id: 'SearchResult', description: 'Something that was found' });

const renderResult = ({ webhookId, createdAt, ...result }: SearchResult): z.input<typeof resultSchema> => ({
  ...result,
  webhook_id: webhookId,
  created_at: renderTime(createdAt),
});

export const platformSearchEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/platform/search',
    access: 'admin',
    operationId: 'searchPlatform',
    tag: 'Operations',
    summary: 'Find a tenant, webhook, event or delivery, whosever it is',
    description: `By the id of an event (the source's or ours), a delivery, a webhook or a tenant, by a tenant's external id, or by the beginning of a tenant's name or of a webhook's url, with or without \`https://\`. At most ${maxResults} of each type.`,
    query: z.strictObject({
      q: text(1, 2_000).meta({ description: 'What to look for', examples: ['hooks.example.com'] }),
    }),
    responses: {
      200: { description: 'What was found', schema: z.object({ results: z.array(resultSchema) }) },
    },
    async handle({ query }, { db }) {
      const results = await searchPlatform(db, query.q.trim());
      return { status: 200, body: { results: results.map(renderResult) } };
    },
  }),
];

import { z } from 'zod';
import { maxListedWebhooks } from '../../db/delivery-lists.js';
import {
  findNamedTenant,
  findTenants,
  maxNamesRead,
  overviewsOf,
  type TenantOverview,
} from '../../db/platform-tenants.js';
import { defineEndpoint } from '../http/endpoint.js';
import { decodeCursor, encodeCursor, nextCursor, pageQuery } from '../http/paging.js';
import { parseUuid, renderTime, renderTimeOrNull, text, time, uuid } from '../http/schemas.js';

const count = (description: string, example = 0) => z.int().meta({ description, examples: [example] });

const overviewSchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ examples: ['Acme Ltd'] }),
    external_id: z
      .string()
      .nullable()
      .meta({ description: "The platform's own name for it; null: it has none", examples: ['42'] }),
    created_at: time('When it was created'),
    webhooks: count(
      `Of the ${maxListedWebhooks} newest, those that are not deleted; the next four fields are about these`,
      3,
    ),
    failing_webhooks: count('Webhooks whose deliveries fail'),
    disabled_webhooks: count('Webhooks that the service disabled, since their receivers failed for long or were gone'),
    pending_deliveries: count('On their way, or waiting for their next attempt; tests are not counted', 12),
    oldest_pending_at: time(
      'Since when the pending delivery of the earliest event has been pending; null: none is',
    ).nullable(),
    last_24_hours: z
      .object({
        events: count('Accepted', 4200),
        delivered: count('Deliveries that were delivered', 4190),
        failed: count('Deliveries that failed', 8),
        expired: count('Deliveries that expired', 2),
        attempts: count('Requests, and failed transforms', 4300),
      })
      .meta({ description: 'In the current hour and the 23 before it, up to the last roll-up of the statistics' }),
  })
  .meta({ id: 'TenantOverview', description: 'A tenant at a glance' });

const renderOverview = (tenant: TenantOverview): z.input<typeof overviewSchema> => ({
  id: tenant.id,
  name: tenant.name,
  external_id: tenant.externalId,
  created_at: renderTime(tenant.createdAt),
  webhooks: tenant.webhooks,
  failing_webhooks: tenant.failingWebhooks,
  disabled_webhooks: tenant.disabledWebhooks,
  pending_deliveries: tenant.pendingDeliveries,
  oldest_pending_at: renderTimeOrNull(tenant.oldestPendingAt),
  last_24_hours: tenant.last24Hours,
});

export const platformTenantEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/platform/tenants',
    access: 'admin',
    operationId: 'listTenantOverviews',
    tag: 'Operations',
    summary: 'List tenants with their backlog, failures and usage, newest first',
    description: `With \`q\`, the tenant with that id or external id comes first, then those whose name contains it. ${maxNamesRead} names are compared in one call, so a page may hold fewer than \`limit\`, or none, and still have a \`next_cursor\`.`,
    query: z.strictObject({
      ...pageQuery,
      q: text(1, 200).optional().meta({ description: 'Part of a name in any case, or an id, or an external id' }),
    }),
    responses: {
      200: {
        description: 'A page of tenants',
        schema: z.object({ tenants: z.array(overviewSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query: { q = null, limit, cursor } }, { db }) {
      const beforeId = cursor === undefined ? null : decodeCursor(cursor, parseUuid);
      const named = q === null ? null : await findNamedTenant(db, q);
      const { tenants, readTo } = await findTenants(db, q, { limit, beforeId });
      // It is in front of the first page, whatever its name is.
      const others = tenants.filter(({ id }) => id !== named?.id);
      const overviews = await overviewsOf(db, named && beforeId === null ? [named, ...others] : others);
      return {
        status: 200,
        body: { tenants: overviews.map(renderOverview), next_cursor: readTo && encodeCursor(readTo) },
      };
    },
  }),
];

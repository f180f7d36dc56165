import { z } from 'zod';
import { audit } from '../db/audit.js';
import { findRetention, retentionParts, setRetention, type RetentionPart } from '../db/retention-settings.js';
import { findTenant } from '../db/tenants.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { tenantIdParameter } from './http/path-parameters.js';
import { integer } from './http/schemas.js';

const meaning: Record<RetentionPart, string> = {
  bodies: 'Bodies of events and responses of receivers, from the time of the event',
  attempts: 'Attempts, from the time of the event; at most as long as their delivery',
  deliveries: 'Deliveries, from their end; what could not be sent in that time, or while its body is kept, expires',
  events: 'Events; at least as long as their deliveries',
  calls: 'Calls and recordings, as far as they are stored here',
  messages: 'Messages',
};

const partsOf = <Schema extends z.ZodType>(schemaOf: (description: string) => Schema) =>
  Object.fromEntries(retentionParts.map((part) => [part, schemaOf(meaning[part])])) as Record<RetentionPart, Schema>;

const retentionSchema = z
  .object(
    partsOf((description) =>
      z
        .int()
        .nullable()
        .meta({ description, examples: [30] }),
    ),
  )
  .meta({ id: 'Retention', description: 'For how many days each part is kept; null: for the default of the service' });

const dayInput = (description: string) =>
  integer(1, 3650, ', or null for the default')
    .nullable()
    .optional()
    .meta({ description, examples: [30] });

const tag = 'Tenants';
const params = { tenant_id: tenantIdParameter };
const path = '/v1/tenants/:tenant_id/retention';

export const retentionEndpoints = [
  defineEndpoint({
    method: 'get',
    path,
    access: 'admin',
    operationId: 'getRetention',
    tag,
    summary: 'Show for how long things of a tenant are kept',
    params,
    responses: { 200: { description: 'What was set', schema: z.object({ retention: retentionSchema }) } },
    async handle({ params }, { db }) {
      const retention = await findRetention(db, params.tenant_id);
      if (!retention) throw notFound('tenant', params.tenant_id);
      return { status: 200, body: { retention } };
    },
  }),

  defineEndpoint({
    method: 'put',
    path,
    access: 'admin',
    operationId: 'setRetention',
    tag,
    summary: 'Set for how long things of a tenant are kept',
    description:
      'Fields that are left out stay as they are; null returns to the default. Within an hour everything that is older is removed. A longer time does not bring back what was removed.',
    params,
    body: {
      schema: z.strictObject(partsOf(dayInput)),
      examples: { 'bodies for a week': { bodies: 7 }, 'everything as usual': { bodies: null, deliveries: null } },
    },
    responses: { 200: { description: 'All parts as they are now', schema: z.object({ retention: retentionSchema }) } },
    async handle({ params, body, author }, { db }) {
      const tenantId = params.tenant_id;
      const retention = await db.transaction(async (db) => {
        if (!(await findTenant(db, tenantId, { lock: true }))) throw notFound('tenant', tenantId);
        const before = await findRetention(db, tenantId);
        const after = await setRetention(db, tenantId, body);
        if (!after) throw notFound('tenant', tenantId);
        await audit(db, author, { action: 'tenant.retention_set', subjectId: tenantId, tenantId, before, after });
        return after;
      });
      return { status: 200, body: { retention } };
    },
  }),
];

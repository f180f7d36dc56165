import { z } from 'zod';
import { findTenant, insertTenant, listTenants, type Tenant } from '../db/tenants.js';
import { ConflictError } from '../errors.js';
import { notFound } from './api-errors.js';
import { defineEndpoint } from './endpoint.js';
import { nextCursor, pageQuery, paginate } from './paging.js';
import { tenantIdParameter } from './path-parameters.js';
import { parseUuid, renderTime, text, time, uuid } from './schemas.js';

const tenantSchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ examples: ['Acme Ltd'] }),
    external_id: z
      .string()
      .nullable()
      .meta({ description: "The platform's own name for it; null: it has none", examples: ['42'] }),
    created_at: time('When it was made'),
  })
  .meta({ id: 'Tenant', description: 'A customer of the platform' });

const renderTenant = (tenant: Tenant): z.input<typeof tenantSchema> => ({
  id: tenant.id,
  name: tenant.name,
  external_id: tenant.externalId,
  created_at: renderTime(tenant.createdAt),
});

const tag = 'Tenants';

export const tenantEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/tenants',
    access: 'admin',
    operationId: 'createTenant',
    tag,
    summary: 'Make a tenant',
    body: {
      schema: z.strictObject({
        name: text(1, 200).meta({ description: 'For people; need not be unique', examples: ['Acme Ltd'] }),
        external_id: text(1, 100)
          .nullable()
          .default(null)
          .meta({
            description: 'What the platform itself calls it, as in the dialplan of its switches; unique',
            examples: ['42'],
          }),
      }),
      examples: { tenant: { name: 'Acme Ltd' }, 'known elsewhere as 42': { name: 'Acme Ltd', external_id: '42' } },
    },
    problems: [409],
    answers: { 201: { description: 'The tenant', schema: z.object({ tenant: tenantSchema }) } },
    async handle({ body }, { db }) {
      const tenant = await insertTenant(db, { name: body.name, externalId: body.external_id });
      if (!tenant)
        throw new ConflictError(
          `Another tenant has the external_id ${JSON.stringify(body.external_id)}; choose another.`,
        );
      return { status: 201, body: { tenant: renderTenant(tenant) } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/tenants',
    access: 'admin',
    operationId: 'listTenants',
    tag,
    summary: 'List tenants, newest first',
    query: z.strictObject(pageQuery),
    answers: {
      200: {
        description: 'A page of tenants',
        schema: z.object({ tenants: z.array(tenantSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query }, { db }) {
      const page = await paginate(query, parseUuid, (page) => listTenants(db, page));
      return { status: 200, body: { tenants: page.rows.map(renderTenant), next_cursor: page.nextCursor } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/tenants/:tenant_id',
    access: 'admin',
    operationId: 'getTenant',
    tag,
    summary: 'Show a tenant',
    params: { tenant_id: tenantIdParameter },
    answers: { 200: { description: 'The tenant', schema: z.object({ tenant: tenantSchema }) } },
    async handle({ params }, { db }) {
      const tenant = await findTenant(db, params.tenant_id);
      if (!tenant) throw notFound('tenant');
      return { status: 200, body: { tenant: renderTenant(tenant) } };
    },
  }),
];

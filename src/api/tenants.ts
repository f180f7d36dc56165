import { z } from 'zod';
import { findTenant, insertTenant, listTenants, type Tenant } from '../db/tenants.js';
import { notFound } from './api-errors.js';
import { defineEndpoint } from './endpoint.js';
import { nextCursor, pageQuery, paginate } from './paging.js';
import { tenantIdParameter } from './path-parameters.js';
import { parseUuid, renderTime, text, time, uuid } from './schemas.js';

const tenantSchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ examples: ['Acme Ltd'] }),
    created_at: time('When it was made'),
  })
  .meta({ id: 'Tenant', description: 'A customer of the platform' });

const renderTenant = (tenant: Tenant): z.input<typeof tenantSchema> => ({
  id: tenant.id,
  name: tenant.name,
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
      }),
      examples: { tenant: { name: 'Acme Ltd' } },
    },
    answers: { 201: { description: 'The tenant', schema: z.object({ tenant: tenantSchema }) } },
    async handle({ body }, { db }) {
      return { status: 201, body: { tenant: renderTenant(await insertTenant(db, body.name)) } };
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

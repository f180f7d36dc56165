import { z } from 'zod';
import { audit } from '../db/audit.js';
import { setQuotas, type Quotas } from '../db/quotas.js';
import { findTenant, insertTenant, listTenants, type Tenant } from '../db/tenants.js';
import { ConflictError } from '../errors.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { nextCursor, pageQuery, paginate } from './http/paging.js';
import { tenantIdParameter } from './http/path-parameters.js';
import { integer, parseUuid, renderTime, text, time, uuid } from './http/schemas.js';

const maxQuota = 1_000_000;
const quotaMeaning = {
  webhooks: 'Webhooks that the tenant may have, deleted ones not counted; 409 for more',
  events_per_minute: 'Events that `POST /v1/events` takes for the tenant in a minute; 429 for more',
  requests_per_minute: "Requests to receivers in a minute, of all the tenant's webhooks together; further ones wait",
};

const quota = (description: string, example: number | null) =>
  z
    .int()
    .nullable()
    .meta({ description, examples: [example] });

const quotasSchema = z
  .object({
    webhooks: quota(quotaMeaning.webhooks, 100),
    events_per_minute: quota(quotaMeaning.events_per_minute, null),
    requests_per_minute: quota(quotaMeaning.requests_per_minute, null),
  })
  .meta({ id: 'Quotas', description: 'How much of the platform a tenant may use; null: no limit' });

const renderQuotas = (quotas: Quotas): z.input<typeof quotasSchema> => ({
  webhooks: quotas.webhooks,
  events_per_minute: quotas.eventsPerMinute,
  requests_per_minute: quotas.requestsPerMinute,
});

const quotaInput = (min: number, description: string, example: number) =>
  integer(min, maxQuota, ', or null for no limit')
    .nullable()
    .optional()
    .meta({ description, examples: [example] });

const tenantSchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ examples: ['Acme Ltd'] }),
    external_id: z
      .string()
      .nullable()
      .meta({ description: "The platform's own name for it; null: it has none", examples: ['42'] }),
    quotas: quotasSchema,
    created_at: time('When it was created'),
  })
  .meta({ id: 'Tenant', description: 'A customer of the platform' });

const renderTenant = (tenant: Tenant): z.input<typeof tenantSchema> => ({
  id: tenant.id,
  name: tenant.name,
  external_id: tenant.externalId,
  quotas: renderQuotas(tenant.quotas),
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
    summary: 'Create a tenant',
    body: {
      schema: z.strictObject({
        name: text(1, 200).meta({ description: 'For people; need not be unique', examples: ['Acme Ltd'] }),
        external_id: text(1, 100)
          .nullable()
          .default(null)
          .meta({
            description: "The platform's own name for it, as in the dialplan of its switches; unique",
            examples: ['42'],
          }),
      }),
      examples: { tenant: { name: 'Acme Ltd' }, 'known elsewhere as 42': { name: 'Acme Ltd', external_id: '42' } },
    },
    problems: [409],
    responses: { 201: { description: 'The tenant', schema: z.object({ tenant: tenantSchema }) } },
    async handle({ body, author }, { db }) {
      const tenant = await db.transaction(async (db) => {
        const tenant = await insertTenant(db, { name: body.name, externalId: body.external_id });
        if (!tenant)
          throw new ConflictError(
            `Another tenant has the external_id ${JSON.stringify(body.external_id)}; choose another.`,
          );
        const { id, name, externalId } = tenant;
        const after = { name, external_id: externalId };
        await audit(db, author, { action: 'tenant.created', subjectId: id, tenantId: id, after });
        return tenant;
      });
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
    query: z.strictObject({
      ...pageQuery,
      external_id: text(1, 100).optional().meta({ description: 'Only the tenant with this external id' }),
    }),
    responses: {
      200: {
        description: 'A page of tenants',
        schema: z.object({ tenants: z.array(tenantSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query }, { db }) {
      const page = await paginate(query, parseUuid, (page) =>
        listTenants(db, { externalId: query.external_id ?? null }, page),
      );
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
    responses: { 200: { description: 'The tenant', schema: z.object({ tenant: tenantSchema }) } },
    async handle({ params }, { db }) {
      const tenant = await findTenant(db, params.tenant_id);
      if (!tenant) throw notFound('tenant', params.tenant_id);
      return { status: 200, body: { tenant: renderTenant(tenant) } };
    },
  }),

  defineEndpoint({
    method: 'put',
    path: '/v1/tenants/:tenant_id/quotas',
    access: 'admin',
    operationId: 'setQuotas',
    tag,
    summary: "Set a tenant's quotas",
    description:
      'Fields that are left out stay as they are; null removes a quota. A new event quota takes effect within a few seconds. Existing webhooks stay, even if there are more than the new quota.',
    params: { tenant_id: tenantIdParameter },
    body: {
      schema: z.strictObject({
        webhooks: quotaInput(0, `${quotaMeaning.webhooks}. For a new tenant: 100`, 100),
        events_per_minute: quotaInput(0, quotaMeaning.events_per_minute, 600),
        requests_per_minute: quotaInput(1, quotaMeaning.requests_per_minute, 6_000),
      }),
      examples: {
        quotas: { webhooks: 100, events_per_minute: 600, requests_per_minute: 6_000 },
        'as many webhooks as it likes': { webhooks: null },
      },
    },
    responses: { 200: { description: 'All quotas as they are now', schema: z.object({ quotas: quotasSchema }) } },
    async handle({ params: { tenant_id: tenantId }, body, author }, { db }) {
      const quotas = await db.transaction(async (db) => {
        const tenant = await findTenant(db, tenantId, { lock: true });
        const quotas = await setQuotas(db, tenantId, {
          ...(body.webhooks !== undefined && { webhooks: body.webhooks }),
          ...(body.events_per_minute !== undefined && { eventsPerMinute: body.events_per_minute }),
          ...(body.requests_per_minute !== undefined && { requestsPerMinute: body.requests_per_minute }),
        });
        if (!tenant || !quotas) throw notFound('tenant', tenantId);
        const change = { before: renderQuotas(tenant.quotas), after: renderQuotas(quotas) };
        await audit(db, author, { action: 'tenant.quotas_set', subjectId: tenantId, tenantId, ...change });
        return quotas;
      });
      return { status: 200, body: { quotas: renderQuotas(quotas) } };
    },
  }),
];

import { z } from 'zod';
import type { Queryable } from '../db/database.js';
import { findTenant } from '../db/tenants.js';
import { getLimits, getUsage, setLimits, type Limits } from '../sources/usage/limits.js';
import { monthOf, type Resource } from '../sources/usage/resources.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { tenantIdParameter } from './http/path-parameters.js';
import { integer } from './http/schemas.js';

const maxLimit = 1_000_000_000;

const minutes = () => {
  const message = `expected a number from 0 to ${maxLimit} with at most three decimals, or null for no limit`;
  return z
    .number(message)
    .min(0, message)
    .max(maxLimit, message)
    .refine((value) => Number(value.toFixed(3)) === value, message);
};

const limitsSchema = z
  .object({
    call_minutes: z
      .number()
      .nullable()
      .meta({ description: 'Minutes of calls', examples: [1000] }),
    sms_segments: z
      .number()
      .nullable()
      .meta({ description: 'SMS segments, sent and received', examples: [null] }),
  })
  .meta({ id: 'Limits', description: 'What a tenant may use in a month; null: no limit' });

const usageSchema = z
  .object({
    month: z.string().meta({ description: 'In UTC', examples: ['2025-10'] }),
    call_minutes: z.number().meta({
      description: 'Minutes of answered calls that ended in this month, cut to three decimals',
      examples: [820.5],
    }),
    sms_segments: z.number().meta({ description: 'SMS segments, sent and received', examples: [12] }),
  })
  .meta({ id: 'Usage', description: 'What a tenant used in a month' });

const monthInput = () => {
  const message = 'expected a month like 2025-10';
  return z
    .string(message)
    .regex(/^[1-9][0-9]{3}-(0[1-9]|1[0-2])$/, message)
    .optional()
    .meta({ description: 'In UTC; default: the current month', examples: ['2025-10'] });
};

async function requireTenant(db: Queryable, tenantId: string): Promise<void> {
  if (!(await findTenant(db, tenantId))) throw notFound('tenant', tenantId);
}

const tag = 'Usage and limits';
const params = { tenant_id: tenantIdParameter };

export const usageEndpoints = [
  defineEndpoint({
    method: 'put',
    path: '/v1/tenants/:tenant_id/limits',
    access: 'admin',
    operationId: 'setLimits',
    tag,
    summary: "Set a tenant's monthly limits",
    description:
      "Fields that are left out stay as they are; null removes a limit. If this month's usage is already at 80 or 100 percent of the new limit, the tenant is notified immediately, unless it was notified for the same or a higher limit before. Safe to repeat. Limits only notify: nothing is blocked.",
    params,
    body: {
      schema: z.strictObject({
        call_minutes: minutes()
          .nullable()
          .optional()
          .meta({ description: 'Minutes of calls', examples: [1000] }),
        sms_segments: integer(0, maxLimit, ', or null for no limit')
          .nullable()
          .optional()
          .meta({ description: 'SMS segments, sent and received', examples: [500] }),
      }),
      examples: {
        'both limits': { call_minutes: 1000, sms_segments: 500 },
        'no limit for messages': { sms_segments: null },
      },
    },
    responses: { 200: { description: 'All limits as they are now', schema: z.object({ limits: limitsSchema }) } },
    async handle({ params, body, author }, deps) {
      await requireTenant(deps.db, params.tenant_id);
      const named = Object.entries(body).filter(([, limit]) => limit !== undefined) as [Resource, number | null][];
      const limits: Partial<Limits> = Object.fromEntries(named);
      return { status: 200, body: { limits: await setLimits(deps, author, params.tenant_id, limits) } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/tenants/:tenant_id/limits',
    access: 'admin',
    operationId: 'getLimits',
    tag,
    summary: "Show a tenant's monthly limits",
    params,
    responses: { 200: { description: 'The limits', schema: z.object({ limits: limitsSchema }) } },
    async handle({ params }, { db }) {
      await requireTenant(db, params.tenant_id);
      return { status: 200, body: { limits: await getLimits(db, params.tenant_id) } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/tenants/:tenant_id/usage',
    access: 'admin',
    operationId: 'getUsage',
    tag,
    summary: 'Show what a tenant used in a month',
    params,
    query: z.strictObject({ month: monthInput() }),
    responses: {
      200: {
        description: "The month's usage, and the limits as they are now",
        schema: z.object({ usage: usageSchema, limits: limitsSchema }),
      },
    },
    async handle({ params, query }, { db }) {
      await requireTenant(db, params.tenant_id);
      const month = query.month ?? monthOf(new Date());
      const usage = { month, ...(await getUsage(db, params.tenant_id, month)) };
      return { status: 200, body: { usage, limits: await getLimits(db, params.tenant_id) } };
    },
  }),
];

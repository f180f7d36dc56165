import { z } from 'zod';
import { audit } from '../db/audit.js';
import { deleteTenant, NameMismatchError } from '../db/tenant-deletion.js';
import { exportTenant, type ExportedLine } from '../db/tenant-export.js';
import { findTenant } from '../db/tenants.js';
import { maskHeaders } from '../delivery/mask-headers.js';
import { InvalidInputError } from '../errors.js';
import { notFound } from './http/api-errors.js';
import { defineEndpoint } from './http/endpoint.js';
import { tenantIdParameter } from './http/path-parameters.js';
import { text } from './http/schemas.js';

const tag = 'Tenants';
const params = { tenant_id: tenantIdParameter };

/** One line each; `type` says what it is, its other fields are the row's. */
async function* linesOf(pages: AsyncIterable<ExportedLine[]>): AsyncGenerator<{ type: string }> {
  let lines = 0;
  for await (const page of pages) {
    for (const { type, row } of page) yield { type, ...(type === 'attempt' ? withHeaders(row) : row) };
    lines += page.length;
  }
  yield { type: 'end', lines } as { type: string };
}

/** Masked when they were recorded, and again here, whatever got into the table. */
function withHeaders(row: ExportedLine['row']): ExportedLine['row'] {
  const headers = (json: unknown) => json && maskHeaders(JSON.parse(json as string) as Record<string, string>);
  return {
    ...row,
    request_headers: headers(row['request_headers']),
    response_headers: headers(row['response_headers']),
  };
}

export const tenantDataEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/tenants/:tenant_id/export',
    access: 'admin',
    operationId: 'exportTenant',
    tag,
    summary: 'Export everything of a tenant',
    description:
      'As JSON lines, one for each row, without secrets; each webhook is followed by its deliveries, and those by their attempts. The last line is `{"type": "end", "lines": …}` with the number of lines before it: without it the export is not complete. What is added meanwhile may be missing.',
    params,
    responses: {
      200: {
        description: 'A line for each row',
        lines: z
          .looseObject({ type: z.string().meta({ description: 'What the line is', examples: ['event'] }) })
          .meta({ id: 'ExportLine', description: 'A row; its other fields depend on the type' }),
      },
    },
    async handle({ params, author }, { db }) {
      const tenantId = params.tenant_id;
      if (!(await findTenant(db, tenantId))) throw notFound('tenant', tenantId);
      await db.transaction((db) => audit(db, author, { action: 'tenant.exported', subjectId: tenantId, tenantId }));
      return { status: 200, lines: linesOf(exportTenant(db, tenantId)) };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/tenants/:tenant_id',
    access: 'admin',
    operationId: 'deleteTenant',
    tag,
    summary: 'Delete a tenant and everything of it',
    description:
      'Its keys stop working, nothing is sent any more, and its numbers and its external id are free, immediately. Its data is removed in the background.',
    params,
    query: z.strictObject({ confirm: text(1, 200).meta({ description: "The tenant's name", examples: ['Acme Ltd'] }) }),
    responses: { 204: { description: 'Deleted' } },
    async handle({ params, query, author }, { db }) {
      const tenantId = params.tenant_id;
      try {
        await db.transaction(async (db) => {
          if (!(await deleteTenant(db, tenantId, query.confirm))) throw notFound('tenant', tenantId);
          const before = { name: query.confirm };
          await audit(db, author, { action: 'tenant.deleted', subjectId: tenantId, tenantId, before });
        });
      } catch (error) {
        if (!(error instanceof NameMismatchError)) throw error;
        const message = "must be the tenant's name; GET /v1/tenants/:id shows it";
        throw new InvalidInputError('The tenant was not deleted.', [{ path: 'confirm', message }]);
      }
      return { status: 204 };
    },
  }),
];

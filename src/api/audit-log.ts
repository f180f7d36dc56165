import { z } from 'zod';
import { actorTypes, auditActions, listAuditEntries, subjectTypes, type AuditEntry } from '../db/audit.js';
import { timesOf } from './history-query.js';
import { defineEndpoint } from './http/endpoint.js';
import { nextCursor, pageQuery, paginate } from './http/paging.js';
import { parseUuid, renderTime, text, time, timeInput, uuid } from './http/schemas.js';

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, `expected one of ${values.join(', ')}`);

const entrySchema = z
  .object({
    id: uuid(),
    at: time('When it was done'),
    actor: z
      .object({
        type: z.enum(actorTypes).meta({
          description: '`portal`: a browser with a session in the portal; `system`: the service itself',
          examples: ['api_key'],
        }),
        id: uuid()
          .nullable()
          .meta({ description: "The API key's or the session's; null: `IRISX_ADMIN_KEY`, or the service itself" }),
        name: z.string().meta({ examples: ['billing system'] }),
      })
      .meta({ description: 'Who did it' }),
    action: z.enum(auditActions).meta({ examples: ['webhook.updated'] }),
    subject: z
      .object({
        type: z.enum(subjectTypes).meta({ examples: ['webhook'] }),
        id: z.string().meta({ examples: ['12'] }),
        webhook_id: z.int().nullable().meta({
          description: 'Where a delivery or a recovery is read; null for anything else',
        }),
      })
      .meta({ description: 'What was changed' }),
    changes: z.record(z.string(), z.object({ old: z.unknown(), new: z.unknown() })).meta({
      description:
        'Each field that changed. `old` is null where the subject was created, `new` where it was deleted. Secrets and values of headers are `[masked]`',
      examples: [{ max_retries: { old: 5, new: 10 } }],
    }),
  })
  .meta({ id: 'AuditEntry', description: 'Something that was changed' });

const renderEntry = ({ id, createdAt, subject, ...entry }: AuditEntry): z.input<typeof entrySchema> => ({
  id,
  at: renderTime(createdAt),
  subject: { type: subject.type, id: subject.id, webhook_id: subject.webhookId },
  ...entry,
});

export const auditLogEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/audit-log',
    access: 'webhooks:read',
    allTenants: true,
    operationId: 'listAuditLog',
    tag: 'Audit log',
    summary: 'List who changed what, newest first',
    description:
      'Changes by API calls, and those that the service made by itself. Events, messages and test events are not among them.',
    query: z.strictObject({
      ...pageQuery,
      action: oneOf(auditActions).optional(),
      subject_type: oneOf(subjectTypes).optional(),
      subject_id: text(1, 100).optional().meta({ description: 'Only entries about the thing with this id' }),
      since: timeInput().optional().meta({ description: 'Done at this time or later' }),
      until: timeInput().optional().meta({ description: 'Done before this time' }),
    }),
    responses: {
      200: {
        description: 'A page of entries',
        schema: z.object({ entries: z.array(entrySchema), next_cursor: nextCursor }),
      },
    },
    async handle({ query, tenantId }, { db }) {
      const { action, subject_type: subjectType, subject_id: subjectId } = query;
      const filter = { tenantId, action, subjectType, subjectId, ...timesOf(query) };
      const page = await paginate(query, parseUuid, (page) => listAuditEntries(db, filter, page));
      return { status: 200, body: { entries: page.rows.map(renderEntry), next_cursor: page.nextCursor } };
    },
  }),
];

import { z } from 'zod';
import { tenantScopes } from '../db/api-keys.js';
import { audit } from '../db/audit.js';
import {
  deleteSession,
  deleteTenantSessions,
  listTenantSessions,
  type BrowserSession,
} from '../db/browser-sessions.js';
import { deleteUnusedLinks, insertPortalLink } from '../db/portal-links.js';
import { findTenant } from '../db/tenants.js';
import { notFound } from './http/api-errors.js';
import { createToken, sessionTokenHash } from './http/authenticate.js';
import { defineEndpoint } from './http/endpoint.js';
import { nextCursor, pageQuery, paginate } from './http/paging.js';
import { portalSessionIdParameter, tenantIdParameter } from './http/path-parameters.js';
import { integer, listOf, parseUuid, renderTime, renderTimeOrNull, text, time, uuid } from './http/schemas.js';

const defaultScopes = ['webhooks:read', 'webhooks:write', 'api_keys:write'] as const;
/** Sessions, or links, that are ended in one transaction. */
const batchSize = 500;

const returnUrl = z
  .string('expected an http(s) url')
  .max(2_000, 'expected an http(s) url of up to 2000 characters')
  .refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value), 'expected an http(s) url');

const portalSessionSchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ description: 'Who it is for', examples: ['jane@example.com'] }),
    scopes: z.array(z.enum(tenantScopes)).meta({ examples: [defaultScopes] }),
    created_at: time('When the link was opened'),
    last_used_at: time('When it was last used, to the minute; null: never').nullable(),
    expires_at: time('When it ends by itself'),
  })
  .meta({ id: 'PortalSession', description: "A browser in a tenant's portal" });

const renderSession = (session: BrowserSession): z.input<typeof portalSessionSchema> => ({
  id: session.id,
  name: session.name,
  scopes: session.scopes as z.input<typeof portalSessionSchema>['scopes'],
  created_at: renderTime(session.createdAt),
  last_used_at: renderTimeOrNull(session.lastUsedAt),
  expires_at: renderTime(session.expiresAt),
});

/** The fields of a session in the audit log. */
export const auditedSession = ({ name, scopes, expiresAt }: Pick<BrowserSession, 'name' | 'scopes' | 'expiresAt'>) => ({
  name,
  scopes,
  expires_at: expiresAt,
});

const tag = 'Sessions';

export const portalLinkEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/tenants/:tenant_id/portal-links',
    access: 'admin',
    operationId: 'createPortalLink',
    tag,
    summary: "Make a link into a tenant's portal",
    description:
      'It works once: the browser that opens it first has a session then. Send your user there at once, by a redirect or as the source of an iframe.',
    params: { tenant_id: tenantIdParameter },
    body: {
      optional: true,
      schema: z.strictObject({
        expires_in_seconds: integer(10, 86_400)
          .default(600)
          .meta({ description: 'How long the link can be opened', examples: [600] }),
        session_seconds: integer(300, 604_800)
          .default(28_800)
          .meta({ description: 'How long the session lasts', examples: [28_800] }),
        scopes: listOf(
          z.enum(tenantScopes, `expected one of ${tenantScopes.join(', ')}`),
          1,
          20,
          `scopes: ${tenantScopes.join(', ')}`,
        )
          .default([...defaultScopes])
          .meta({ description: 'What may be done in the session', examples: [defaultScopes] }),
        name: text(1, 200)
          .default('portal')
          .meta({ description: 'Who it is for; the audit log shows it', examples: ['jane@example.com'] }),
        return_url: returnUrl
          .nullable()
          .default(null)
          .meta({ description: 'Where "Back" leads; null: there is none', examples: ['https://app.example.com'] }),
      }),
      examples: {
        link: {},
        'for somebody who only looks': { name: 'jane@example.com', scopes: ['webhooks:read'], session_seconds: 3600 },
      },
    },
    responses: {
      201: {
        description: 'The link, which is shown only once',
        schema: z.object({
          portal_link: z.object({
            url: z.string().meta({
              description: 'A secret until it is opened',
              examples: ['https://hooks.example.com/portal/enter?token=dGhpcyBpcyBub3QgYSByZWFsIHRva2VuLCBvbmx5IG9u'],
            }),
            expires_at: time('Until when it can be opened'),
          }),
        }),
      },
    },
    async handle({ params: { tenant_id: tenantId }, body, author, reachedAt }, { db }) {
      const token = createToken();
      const link = await db.transaction(async (db) => {
        const link = await insertPortalLink(db, {
          tenantId,
          tokenHash: sessionTokenHash(token),
          name: body.name,
          scopes: [...new Set(body.scopes)],
          returnUrl: body.return_url,
          sessionSeconds: body.session_seconds,
          expiresInSeconds: body.expires_in_seconds,
        });
        if (!link) throw notFound('tenant', tenantId);
        const after = { ...auditedSession(link), session_seconds: link.sessionSeconds };
        await audit(db, author, { action: 'portal_link.created', subjectId: link.id, tenantId, after });
        return link;
      });
      const url = `${reachedAt.origin}/portal/enter?token=${token}`;
      return { status: 201, body: { portal_link: { url, expires_at: renderTime(link.expiresAt) } } };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/tenants/:tenant_id/portal-sessions',
    access: 'admin',
    operationId: 'listPortalSessions',
    tag,
    summary: "List the live sessions in a tenant's portal, newest first",
    params: { tenant_id: tenantIdParameter },
    query: z.strictObject(pageQuery),
    responses: {
      200: {
        description: 'A page of sessions',
        schema: z.object({ portal_sessions: z.array(portalSessionSchema), next_cursor: nextCursor }),
      },
    },
    async handle({ params: { tenant_id: tenantId }, query }, { db }) {
      if (!(await findTenant(db, tenantId))) throw notFound('tenant', tenantId);
      const page = await paginate(query, parseUuid, (page) => listTenantSessions(db, tenantId, page));
      return { status: 200, body: { portal_sessions: page.rows.map(renderSession), next_cursor: page.nextCursor } };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/tenants/:tenant_id/portal-sessions',
    access: 'admin',
    operationId: 'endPortalSessions',
    tag,
    summary: "End all sessions in a tenant's portal",
    description: 'Links that nobody has opened yet do not work any more either.',
    params: { tenant_id: tenantIdParameter },
    responses: { 204: { description: 'Ended' } },
    async handle({ params: { tenant_id: tenantId }, author }, { db }) {
      if (!(await findTenant(db, tenantId))) throw notFound('tenant', tenantId);
      // The links first: one that is being opened now becomes a session before it is deleted.
      while ((await deleteUnusedLinks(db, tenantId, batchSize)) > 0);
      const endBatch = () =>
        db.transaction(async (db) => {
          const { count, live } = await deleteTenantSessions(db, tenantId, batchSize);
          const changes = live.map((session) => ({ subjectId: session.id, before: auditedSession(session) }));
          const action = 'portal_session.ended';
          await audit(db, author, ...changes.map((change) => ({ ...change, action, tenantId }) as const));
          return count;
        });
      while ((await endBatch()) > 0);
      return { status: 204 };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/tenants/:tenant_id/portal-sessions/:session_id',
    access: 'admin',
    operationId: 'endPortalSession',
    tag,
    summary: "End a session in a tenant's portal",
    description: 'Requests with it are refused from now on.',
    params: { tenant_id: tenantIdParameter, session_id: portalSessionIdParameter },
    responses: { 204: { description: 'Ended' } },
    async handle({ params: { tenant_id: tenantId, session_id: sessionId }, author }, { db }) {
      await db.transaction(async (db) => {
        const session = await deleteSession(db, { tenantId, sessionId });
        if (!session) throw notFound('portal session', sessionId);
        const before = auditedSession(session);
        await audit(db, author, { action: 'portal_session.ended', subjectId: sessionId, tenantId, before });
      });
      return { status: 204 };
    },
  }),
];

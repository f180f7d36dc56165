import { z } from 'zod';
import { platformScopes, tenantScopes } from '../db/api-keys.js';
import { audit } from '../db/audit.js';
import { deleteSession, insertOperatorSession } from '../db/browser-sessions.js';
import { UnauthenticatedError } from './http/api-errors.js';
import { authenticateKey, createToken, requireScope, sessionTokenHash } from './http/authenticate.js';
import { defineEndpoint, type AppDeps, type OwnSession } from './http/endpoint.js';
import { text, time, renderTime, uuid } from './http/schemas.js';
import { csrfTokenOf, sessionCookie } from './http/session-cookies.js';
import { auditedSession } from './portal-links.js';

const consoleSeconds = 12 * 3600;

const common = {
  id: uuid(),
  name: z.string().meta({ description: 'Who it is for, or the name of the key', examples: ['jane@example.com'] }),
  created_at: time('When it began'),
  expires_at: time('When it ends by itself'),
  csrf_token: z.string().meta({
    description: 'What pages send as `X-IRISX-Session` with each call of this session',
    examples: ['dGhpcyBpcyBub3QgYSByZWFsIHRva2VuLCBvbmx5IG9uZQ'],
  }),
};

const portalSessionSchema = z
  .object({
    ...common,
    kind: z.literal('tenant'),
    tenant: z.object({ id: uuid(), name: z.string().meta({ examples: ['Acme Ltd'] }) }),
    scopes: z.array(z.enum(tenantScopes)).meta({ examples: [['webhooks:read', 'webhooks:write']] }),
    return_url: z
      .string()
      .nullable()
      .meta({ description: 'Where "Back" leads; null: there is none', examples: ['https://app.example.com'] }),
  })
  .meta({ id: 'OwnPortalSession', description: "This browser's session in the portal of a tenant" });

const consoleSessionSchema = z
  .object({
    ...common,
    kind: z.literal('operator'),
    tenant: z.null(),
    scopes: z.array(z.enum(platformScopes)).meta({ examples: [['admin']] }),
    return_url: z.null(),
    temporal_ui_url: z
      .string()
      .nullable()
      .meta({ description: "Temporal's Web UI; null: unknown", examples: ['http://localhost:8233'] }),
    temporal_namespace: z.string().meta({ examples: ['default'] }),
  })
  .meta({ id: 'OwnConsoleSession', description: "This browser's session in the console" });

const renderCommon = (session: OwnSession) => ({
  id: session.id,
  name: session.name,
  created_at: renderTime(session.createdAt),
  expires_at: renderTime(session.expiresAt),
  csrf_token: session.csrfToken,
});

const renderPortalSession = (session: OwnSession): z.input<typeof portalSessionSchema> => ({
  ...renderCommon(session),
  kind: 'tenant',
  tenant: session.tenant!,
  scopes: session.scopes as z.input<typeof portalSessionSchema>['scopes'],
  return_url: session.returnUrl,
});

const renderConsoleSession = (
  session: OwnSession,
  { temporalUiUrl, temporalNamespace }: AppDeps,
): z.input<typeof consoleSessionSchema> => ({
  ...renderCommon(session),
  kind: 'operator',
  tenant: null,
  scopes: session.scopes as z.input<typeof consoleSessionSchema>['scopes'],
  return_url: null,
  temporal_ui_url: temporalUiUrl ?? null,
  temporal_namespace: temporalNamespace,
});

/** For the cookie of a session. */
export const cookieOptions = ({ isHttps }: { isHttps: boolean }, { portalFrameAncestors = [] }: AppDeps) => ({
  isHttps,
  isFramed: portalFrameAncestors.length > 0,
});

const tag = 'Sessions';
const portalAnswer = z.object({ session: portalSessionSchema });
const consoleAnswer = z.object({ session: consoleSessionSchema });

export const browserSessionEndpoints = [
  defineEndpoint({
    method: 'get',
    path: '/v1/portal/session',
    access: 'portal_session',
    operationId: 'getPortalSession',
    tag,
    summary: "Show this browser's session in the portal",
    responses: { 200: { description: 'The session', schema: portalAnswer } },
    async handle({ session }) {
      return { status: 200, body: { session: renderPortalSession(session) } };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/portal/session',
    access: 'portal_session',
    operationId: 'deletePortalSession',
    tag,
    summary: "End this browser's session in the portal",
    responses: { 204: { description: 'Ended' } },
    async handle({ session, author, reachedAt }, deps) {
      const tenantId = session.tenant!.id;
      await deps.db.transaction(async (db) => {
        // Null: another call has ended it meanwhile, and recorded that.
        const ended = await deleteSession(db, { tenantId, sessionId: session.id });
        if (!ended) return;
        const before = auditedSession(ended);
        await audit(db, author, { action: 'portal_session.ended', subjectId: ended.id, tenantId, before });
      });
      return { status: 204, setCookie: sessionCookie('tenant', null, cookieOptions(reachedAt, deps)) };
    },
  }),

  defineEndpoint({
    method: 'post',
    path: '/v1/console/session',
    access: 'public',
    operationId: 'createConsoleSession',
    tag,
    summary: 'Sign in to the console',
    description:
      'With a key of the platform that has the scope `admin`. The session ends after 12 hours, or with the key.',
    body: {
      schema: z.strictObject({
        key: text(1, 1_000).meta({
          description: 'The key',
          examples: ['irisx_dGhpcyBpcyBub3QgYSByZWFsIGtleSwgb25seQ'],
        }),
      }),
      examples: { key: { key: 'irisx_dGhpcyBpcyBub3QgYSByZWFsIGtleSwgb25seSBhbiBleA' } },
    },
    problems: [401, 403, 429, 503],
    responses: { 201: { description: 'The session, whose cookie comes with it', schema: consoleAnswer } },
    async handle({ body, reachedAt }, deps) {
      const { db, adminKey } = deps;
      const caller = await authenticateKey(deps, body.key, reachedAt.address);
      requireScope(caller, 'admin');
      const token = createToken();
      const session = await insertOperatorSession(db, {
        apiKeyId: caller.keyId,
        tokenHash: sessionTokenHash(token, caller.keyId === null ? adminKey : undefined),
        name: caller.keyName,
        scopes: caller.scopes,
        seconds: consoleSeconds,
      });
      if (!session) throw new UnauthenticatedError('This API key was deleted a moment ago.', true);
      return {
        status: 201,
        body: { session: renderConsoleSession({ ...session, csrfToken: csrfTokenOf(token) }, deps) },
        setCookie: sessionCookie('operator', { token, maxAgeSeconds: consoleSeconds }, cookieOptions(reachedAt, deps)),
      };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/console/session',
    access: 'console_session',
    operationId: 'getConsoleSession',
    tag,
    summary: "Show this browser's session in the console",
    responses: { 200: { description: 'The session', schema: consoleAnswer } },
    async handle({ session }, deps) {
      return { status: 200, body: { session: renderConsoleSession(session, deps) } };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/console/session',
    access: 'console_session',
    operationId: 'deleteConsoleSession',
    tag,
    summary: "End this browser's session in the console",
    responses: { 204: { description: 'Ended' } },
    async handle({ session, reachedAt }, deps) {
      await deleteSession(deps.db, { tenantId: null, sessionId: session.id });
      return { status: 204, setCookie: sessionCookie('operator', null, cookieOptions(reachedAt, deps)) };
    },
  }),
];

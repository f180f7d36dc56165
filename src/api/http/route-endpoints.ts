import { Router, type Request, type Response } from 'express';
import type { RecentKey, Scope } from '../../db/api-keys.js';
import type { Actor } from '../../db/audit.js';
import type { EventTrace } from '../../db/events.js';
import { capFieldErrors, InvalidInputError } from '../../errors.js';
import { ForbiddenError, MethodNotAllowedError, notFound } from './api-errors.js';
import {
  actorOf,
  authenticate,
  authenticateRecent,
  authenticateSession,
  callerOf,
  isTenantScope,
  recentCallers,
  requireScope,
  sessionKindOf,
  type Access,
  type Caller,
  type Credentials,
  type RecentCallers,
  type SessionAccess,
  type TenantScope,
} from './authenticate.js';
import { addressOf, credentialsOf, isHttps } from './call-limit.js';
import type { Endpoint, EndpointDeps, OwnSession } from './endpoint.js';
import { answersAtLength, hideBodies } from './hide-bodies.js';
import { namedTenant, tenantQuery } from './named-tenant.js';
import { readBody } from './read-body.js';
import { parseUuid } from './schemas.js';
import { sendEvents } from './send-events.js';
import { sendLines } from './send-lines.js';
import { csrfTokenOf, sessionInCookie, type PresentedSession } from './session-cookies.js';
import { TenantCalls } from './tenant-calls.js';
import { validate } from './validate.js';

/** Serves the endpoints; on their paths, other methods are refused with a list of the allowed ones. */
export function routeEndpoints(endpoints: readonly Endpoint[], deps: EndpointDeps): Router {
  const router = Router({ caseSensitive: true });
  const shared = { deps, recent: recentCallers(), tenantCalls: new TenantCalls() };
  for (const path of new Set(endpoints.map((endpoint) => endpoint.path))) {
    const atPath = endpoints.filter((endpoint) => endpoint.path === path);
    const route = router.route(path);
    for (const endpoint of atPath) {
      route[endpoint.method]((request, response) => serve(endpoint, request, response, shared));
    }
    const allowed = atPath.flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
    route.all((request) => {
      throw new MethodNotAllowedError(`${request.method} is not allowed here; use ${allowed.join(', ')}.`, allowed);
    });
  }
  return router;
}

/** What all calls share. */
interface Shared {
  deps: EndpointDeps;
  recent: RecentCallers;
  tenantCalls: TenantCalls;
}

/** Authenticates the caller before it reads anything else that was sent. */
async function serve(endpoint: Endpoint, request: Request, response: Response, shared: Shared): Promise<void> {
  const { deps, tenantCalls } = shared;
  const {
    tenantId,
    actor,
    recentKey,
    query: sentQuery,
    hidesBodies,
    ...caller
  } = await authorize(endpoint, request, shared);
  if (hidesBodies && answersAtLength(endpoint)) throw showsTooMuch();
  if (tenantId) response.locals['tenant'] = tenantId;
  const params = parseParams(endpoint, request);
  const query = endpoint.query && validate(endpoint.query, sentQuery, 'query');
  if (!endpoint.query) refuseQuery(sentQuery);
  const body = endpoint.body && (await readBody(request, response));
  if (endpoint.body && !endpoint.body.optional && !body) {
    throw new InvalidInputError('The request has no body; send a JSON object with "Content-Type: application/json".');
  }
  const requestId = String(response.locals['requestId']);
  const checked = {
    params,
    query,
    body: endpoint.body && validate(endpoint.body.schema, body ? body.value : {}, 'body'),
    inexactNumbers: body?.inexactNumbers ?? [],
    idempotencyKey: endpoint.repeatable ? readIdempotencyKey(request) : null,
    lastEventId: endpoint.resumable ? readLastEventId(request) : null,
    tenantId,
    by: { request: requestId, keyId: caller.keyId, sessionId: caller.sessionId },
    scopes: caller.scopes,
    session: caller.session,
    reachedAt: reachedAt(request, deps.publicBaseUrl),
    trace: (response.locals['trace'] ?? null) as EventTrace | null,
    author: actor && { actor, log: deps.log, request: requestId },
    recentKey,
  };
  const handle = () => endpoint.handle(checked, deps);
  const answer = await (tenantId === null ? handle() : tenantCalls.run(tenantId, handle));
  response.status(answer.status);
  if (answer.setCookie !== undefined) response.append('Set-Cookie', answer.setCookie);
  if (answer.written) {
    response.vary('Accept');
    const type = request.accepts('json', 'csv') === 'csv' ? 'csv' : 'json';
    sendPieces(response.type(type), [...answer.written[type]()]);
  } else if (answer.lines) await sendLines(response, answer.lines);
  else if (answer.events) await sendEvents(request, response, answer.events);
  else if (answer.body === undefined) response.end();
  else response.json(hidesBodies && !endpoint.showsBodies ? hideBodies(answer.body) : answer.body);
}

/** ASCII text. HEAD gets its length. */
function sendPieces(response: Response, pieces: readonly string[]): void {
  response.set('Content-Length', String(pieces.reduce((sum, { length }) => sum + length, 0)));
  response.cork();
  for (const piece of pieces) response.write(piece, 'latin1');
  response.end();
}

const showsTooMuch = () =>
  new ForbiddenError(
    "An operator's session gets no streams and exports, since bodies are not hidden in them. Make this call with an API key.",
    'admin',
  );

async function authorize(endpoint: Endpoint, request: Request, { deps, recent }: Shared): Promise<Authorized> {
  const { query } = request;
  const { access } = endpoint;
  if (access === 'public') return { ...nobody, query };
  const { publicBaseUrl } = deps;
  const credentials = credentialsOf(request, publicBaseUrl);
  if (isSessionAccess(access)) {
    const session = sessionOf(access, request, credentials, publicBaseUrl);
    const found = await authenticateSession(deps, { ...credentials, session });
    const own = { ...found, csrfToken: csrfTokenOf(session!.token) };
    return { ...nobody, actor: actorOf(callerOf(found)), sessionId: found.id, session: own, query };
  }
  const { caller, recentKey } = endpoint.confirmsKey
    ? await authenticateRecent(deps, recent, credentials)
    : { caller: await authenticate(deps, credentials), recentKey: null };
  const authorized = {
    ...nobody,
    actor: actorOf(caller),
    recentKey,
    keyId: caller.keyId,
    sessionId: caller.session?.id ?? null,
    scopes: caller.scopes,
    hidesBodies: caller.session?.kind === 'operator',
    query,
  };
  if (endpoint.tenantInPath) return { ...authorized, tenantId: tenantInPath(endpoint, request, caller) };
  if (isTenantScope(access) && caller.scopes.includes('admin')) {
    const namesNone = tenantQuery.every((name) => query[name] === undefined);
    const tenantId = endpoint.allTenants && namesNone ? null : await namedTenant(request, deps);
    return { ...authorized, tenantId, query: omit(query, tenantQuery) };
  }
  return { ...authorized, tenantId: tenantOf(access, caller) };
}

interface Authorized {
  tenantId: string | null;
  /** Null: the call needed no key. */
  actor: Actor | null;
  recentKey: RecentKey | null;
  keyId: string | null;
  sessionId: string | null;
  scopes: readonly Scope[];
  /** Null: the call is not about the browser's session. */
  session: OwnSession | null;
  /** Without the parameters that named the tenant. */
  query: Request['query'];
  /** Whether the caller gets answers without bodies. */
  hidesBodies: boolean;
}

const nobody = {
  tenantId: null,
  actor: null,
  recentKey: null,
  keyId: null,
  sessionId: null,
  scopes: [],
  session: null,
  hidesBodies: false,
} satisfies Partial<Authorized>;

const isSessionAccess = (access: Access): access is SessionAccess => sessionKindOf(access) !== undefined;

/**
 * The session that the call is about: that of the cookie. A page that says which one it has ends no other; to be shown
 * it, a page need not know it.
 */
function sessionOf(
  access: SessionAccess,
  request: Request,
  { session }: Credentials,
  publicBaseUrl: string | undefined,
): PresentedSession | null | undefined {
  const kind = sessionKindOf(access)!;
  const isShown = request.method === 'GET' || request.method === 'HEAD';
  if (isShown || session === undefined)
    return sessionInCookie(request.headers.cookie, kind, isHttps(request, publicBaseUrl));
  return session?.kind === kind ? session : null;
}

/** The tenant that the path names. Throws NotFoundError if that is another one than the caller's. */
function tenantInPath(endpoint: Endpoint, request: Request, caller: Caller): string {
  const own = caller.scopes.includes('admin') ? null : tenantOf(endpoint.access as TenantScope, caller);
  const named = String(parseParams(endpoint, request)['tenant_id']);
  if (own !== null && own !== named) throw notFound('tenant', named);
  return named;
}

/** The tenant that makes the call; null if the platform does. Throws ForbiddenError unless the caller may make it. */
function tenantOf(access: Scope, caller: Caller): string | null {
  requireScope(caller, access);
  if (!isTenantScope(access)) return null;
  // The table gives no platform key such a scope. Checked all the same: the call cannot be answered without a tenant.
  if (caller.tenantId === null) throw new ForbiddenError('This call needs a key of a tenant.', access);
  return caller.tenantId;
}

function reachedAt(request: Request, publicBaseUrl: string | undefined) {
  const origin = publicBaseUrl ?? `${request.protocol}://${request.host}`;
  return { origin, isHttps: isHttps(request, publicBaseUrl), address: addressOf(request) };
}

function parseParams(endpoint: Endpoint, request: Request): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(endpoint.params ?? {}).map(([name, parameter]) => {
      const text = String(request.params[name]);
      const value = parameter.parse(text);
      if (value === undefined) throw notFound(parameter.subject, text);
      return [name, value];
    }),
  );
}

function readIdempotencyKey(request: Request): string | null {
  const key = request.get('Idempotency-Key');
  if (key === undefined) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new InvalidInputError('The header Idempotency-Key must be 1 to 255 printable ASCII characters without spaces.');
}

function readLastEventId(request: Request): string | null {
  const text = request.get('Last-Event-ID') ?? '';
  if (text === '') return null;
  const id = parseUuid(text);
  // Version 7, as all of ours are: after another one, which has no time in it, a stream might have nothing for ever.
  if (id !== undefined && id[14] === '7') return id;
  throw new InvalidInputError('The header Last-Event-ID must be the id of an event of this stream.');
}

const omit = (query: Request['query'], names: readonly string[]): Request['query'] =>
  Object.fromEntries(Object.entries(query).filter(([name]) => !names.includes(name)));

function refuseQuery(query: Request['query']): void {
  const names = Object.keys(query);
  if (names.length === 0) return;
  throw new InvalidInputError(
    'This call takes no query parameters.',
    capFieldErrors(
      names.map((path) => ({ path, message: 'is unknown; leave it out' })),
      names.length,
    ),
  );
}

import { Router, type Request, type Response } from 'express';
import type { RecentKey } from '../../db/api-keys.js';
import type { Actor } from '../../db/audit.js';
import type { EventTrace } from '../../db/events.js';
import { capFieldErrors, InvalidInputError } from '../../errors.js';
import { ForbiddenError, MethodNotAllowedError, notFound } from './api-errors.js';
import {
  authenticate,
  authenticateRecent,
  isTenantScope,
  recentCallers,
  requireScope,
  type Access,
  type Caller,
  type RecentCallers,
} from './authenticate.js';
import { credentialsOf } from './call-limit.js';
import type { Endpoint, EndpointDeps } from './endpoint.js';
import type { KeyMemory } from './key-memory.js';
import { namedTenant, tenantQuery } from './named-tenant.js';
import { readBody } from './read-body.js';
import { parseUuid } from './schemas.js';
import { sendEvents } from './send-events.js';
import { sendLines } from './send-lines.js';
import { TenantCalls } from './tenant-calls.js';
import { validate } from './validate.js';

/** Serves the endpoints; on their paths, other methods are refused with a list of the allowed ones. */
export function routeEndpoints(endpoints: readonly Endpoint[], deps: EndpointDeps, keys: KeyMemory): Router {
  const router = Router({ caseSensitive: true });
  const shared = { deps, keys, recent: recentCallers(), tenantCalls: new TenantCalls() };
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
  /** What is remembered of earlier callers. */
  keys: KeyMemory;
  recent: RecentCallers;
  tenantCalls: TenantCalls;
}

/** Authenticates the caller before it reads anything else that was sent. */
async function serve(endpoint: Endpoint, request: Request, response: Response, shared: Shared): Promise<void> {
  const { deps, tenantCalls } = shared;
  const { tenantId, actor, recentKey, query: sentQuery } = await authorize(endpoint, request, shared);
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
    by: { request: requestId, keyId: actor?.id ?? null },
    trace: (response.locals['trace'] ?? null) as EventTrace | null,
    author: actor && { actor, log: deps.log, request: requestId },
    recentKey,
  };
  const handle = () => endpoint.handle(checked, deps);
  const answer = await (tenantId === null ? handle() : tenantCalls.run(tenantId, handle));
  response.status(answer.status);
  if (answer.csv) response.vary('Accept');
  if (answer.csv && request.accepts('json', 'csv') === 'csv') response.type('csv').send(answer.csv());
  else if (answer.lines) await sendLines(response, answer.lines);
  else if (answer.events) await sendEvents(request, response, answer.events);
  else if (answer.body === undefined) response.end();
  else response.json(answer.body);
}

async function authorize(
  endpoint: Endpoint,
  request: Request,
  { deps: endpointDeps, keys, recent }: Shared,
): Promise<Authorized> {
  const { query } = request;
  if (endpoint.access === 'public') return { tenantId: null, actor: null, recentKey: null, query };
  const { db, adminKey } = endpointDeps;
  const deps = { db, keys, ...(adminKey !== undefined && { adminKey }) };
  const credentials = credentialsOf(request);
  const { caller, recentKey } = endpoint.confirmsKey
    ? await authenticateRecent(deps, recent, credentials)
    : { caller: await authenticate(deps, credentials), recentKey: null };
  const actor: Actor = { type: 'api_key', id: caller.keyId, name: caller.keyName };
  if (isTenantScope(endpoint.access) && caller.scopes.includes('admin')) {
    const namesNone = tenantQuery.every((name) => query[name] === undefined);
    const tenantId = endpoint.allTenants && namesNone ? null : await namedTenant(request, endpointDeps);
    return { tenantId, actor, recentKey, query: omit(query, tenantQuery) };
  }
  return { tenantId: tenantOf(endpoint.access, caller), actor, recentKey, query };
}

interface Authorized {
  tenantId: string | null;
  /** Null: the call needed no key. */
  actor: Actor | null;
  recentKey: RecentKey | null;
  /** Without the parameters that named the tenant. */
  query: Request['query'];
}

/** The tenant that makes the call; null if the platform does. Throws ForbiddenError unless the caller may make it. */
function tenantOf(access: Exclude<Access, 'public'>, caller: Caller): string | null {
  requireScope(caller, access);
  if (!isTenantScope(access)) return null;
  // The table gives no platform key such a scope. Checked all the same: the call cannot be answered without a tenant.
  if (caller.tenantId === null) throw new ForbiddenError('This call needs a key of a tenant.', access);
  return caller.tenantId;
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
  if (id !== undefined) return id;
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

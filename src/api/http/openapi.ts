import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { isTenantScope, sessionKindOf } from './authenticate.js';
import type { Endpoint } from './endpoint.js';
import { problemKinds, type ProblemKind } from './error-response.js';
import { problemSchema, uuid } from './schemas.js';
import { tags } from './tags.js';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** 405 is for a method that its path does not have, so no documented call has it. */
type DocumentedProblem = Exclude<ProblemKind, 'method-not-allowed'>;

/** Names of the problem responses under `components`, and when each comes. */
const problems: Record<DocumentedProblem, { name: string; when: string }> = {
  'invalid-input': { name: 'InvalidInput', when: 'Something in the request is not valid; `errors` names the fields' },
  unauthenticated: { name: 'Unauthenticated', when: 'No API key or session, or an unknown one' },
  forbidden: { name: 'Forbidden', when: 'The API key, or the session, does not allow this call' },
  'not-found': {
    name: 'NotFound',
    when: "It does not exist or is another tenant's; the response is the same for both",
  },
  conflict: { name: 'Conflict', when: 'Not possible in its current state' },
  'too-large': { name: 'TooLarge', when: 'The body is over 1 MB, or the event over 256 KB as it would be sent' },
  'event-mismatch': { name: 'EventMismatch', when: 'The same event was triggered before with a different payload' },
  'too-many-requests': {
    name: 'TooManyRequests',
    when: 'More calls than a limit or a quota allows; `detail` says which. Try again after `Retry-After`',
  },
  internal: { name: 'InternalError', when: 'A fault on our side' },
  unavailable: { name: 'Unavailable', when: 'Postgres is unavailable; send the same call again after `Retry-After`' },
};

const documentedProblems = Object.keys(problems) as DocumentedProblem[];

const securitySchemes = {
  apiKey: { type: 'http', scheme: 'bearer', description: 'An API key, `irisx_…`' },
  portalCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'irisx_portal',
    description: 'The session of a browser in the portal; with https its name is `__Host-irisx_portal`',
  },
  consoleCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'irisx_console',
    description: 'The session of a browser in the console; with https its name is `__Host-irisx_console`',
  },
  sessionToken: {
    type: 'apiKey',
    in: 'header',
    name: 'X-IRISX-Session',
    description: 'Which session it is: its `csrf_token`. Without this header cookies are ignored',
  },
} as const;

const introduction = `Events of a telephony platform, delivered to tenants' endpoints: signed, retried, rate limited, logged.

Every call except the public ones needs an API key, sent as \`Authorization: Bearer <key>\`. The description of each call names the scope that it needs.
Pages of the portal and of the console use the cookie of a session instead, and send its \`csrf_token\` as \`X-IRISX-Session\`.
A tenant's keys (\`webhooks:read\`, \`webhooks:write\`, \`messages:write\`, \`api_keys:write\`) see that tenant only. The platform's keys (\`events:write\`, \`admin\`) belong to no tenant; \`admin\` may make the calls of any tenant that the query names.

Times are RFC 3339 in UTC with milliseconds. Unknown fields and query parameters are refused, and the error names them. Errors are problem documents (RFC 9457).
Lists come in pages: pass \`next_cursor\` as \`cursor\` until it is null. New fields may be added to responses; ignore those that you do not know.`;

/** The OpenAPI 3.1 document of the endpoints, from the schemas that also check the requests. */
export function createOpenApiDocument(
  endpoints: readonly Endpoint[],
  version: string,
  publicBaseUrl = '/',
): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  for (const [name, scheme] of Object.entries(securitySchemes))
    registry.registerComponent('securitySchemes', name, scheme);
  registry.registerComponent('headers', 'RequestId', {
    description: 'Identifies this request in the logs; taken from the request if it has a valid one',
    schema: { type: 'string' },
  });
  registry.registerComponent('headers', 'RetryAfter', { description: 'Seconds to wait', schema: { type: 'integer' } });
  registry.registerComponent('headers', 'Challenge', {
    description: 'RFC 6750, section 3',
    schema: { type: 'string' },
  });
  for (const kind of documentedProblems) registerProblem(registry, kind);
  for (const endpoint of endpoints) registry.registerPath(toRoute(endpoint));

  // `registry.register` would need zod's prototypes extended; its name is in the schema's metadata anyway.
  const problem = { type: 'schema' as const, schema: problemSchema };
  return new OpenApiGeneratorV31([problem, ...registry.definitions]).generateDocument({
    openapi: '3.1.0',
    info: { title: 'IRISX Webhooks API', version, description: introduction },
    servers: [{ url: withoutCredentials(publicBaseUrl) }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    security: [],
  });
}

/** Anybody can read the document. The configuration already refuses such a url; this does not rely on it. */
function withoutCredentials(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.username === '' && url.password === '') return text;
  url.username = '';
  url.password = '';
  return url.href;
}

function registerProblem(registry: OpenAPIRegistry, kind: DocumentedProblem): void {
  const [status, title] = problemKinds[kind];
  const headers: Record<string, { $ref: string }> = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
  if (kind === 'unavailable' || kind === 'too-many-requests')
    headers['Retry-After'] = { $ref: '#/components/headers/RetryAfter' };
  if (kind === 'unauthenticated' || kind === 'forbidden') {
    headers['WWW-Authenticate'] = { $ref: '#/components/headers/Challenge' };
  }
  registry.registerComponent('responses', problems[kind].name, {
    description: problems[kind].when,
    headers,
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        example: {
          type: `urn:irisx:problem:${kind}`,
          title,
          status,
          detail: problems[kind].when.replaceAll('`', ''),
          ...(kind === 'invalid-input' && {
            errors: [{ path: 'max_retries', message: 'expected a whole number from 0 to 20, got 21' }],
          }),
        },
      },
    },
  });
}

function toRoute(endpoint: Endpoint): RouteConfig {
  const params = Object.entries(endpoint.params ?? {}).map(([name, { schema }]) => [name, schema] as const);
  return {
    method: endpoint.method,
    path: endpoint.path.replace(/:(\w+)/g, '{$1}'),
    operationId: endpoint.operationId,
    tags: [endpoint.tag],
    summary: endpoint.summary,
    description: [endpoint.description, scopeSentence(endpoint)].filter(Boolean).join('\n\n'),
    security: securityOf(endpoint),
    request: {
      ...(params.length > 0 && { params: z.object(Object.fromEntries(params)) }),
      ...(endpoint.repeatable && { headers: z.object({ 'Idempotency-Key': idempotencyKey }) }),
      ...(endpoint.resumable && { headers: z.object({ 'Last-Event-ID': lastEventId }) }),
      ...queryOf(endpoint),
      ...(endpoint.body && {
        body: {
          required: !endpoint.body.optional,
          content: {
            'application/json': {
              schema: endpoint.body.schema,
              examples: Object.fromEntries(
                Object.entries(endpoint.body.examples).map(([name, value]) => [name, { value }]),
              ),
            },
          },
        },
      }),
    },
    responses: { ...responsesOf(endpoint), ...problemsOf(endpoint) },
  };
}

type Security = Partial<Record<keyof typeof securitySchemes, string[]>>;

/** A session's own calls need its cookie; the others an API key, or a cookie together with its token. */
function securityOf({ access }: Endpoint): Security[] {
  if (access === 'public') return [];
  const kind = sessionKindOf(access);
  if (kind) return [kind === 'tenant' ? { portalCookie: [] } : { consoleCookie: [] }];
  const operator: Security = { consoleCookie: [], sessionToken: [] };
  const tenant: Security = { portalCookie: [], sessionToken: [] };
  return [{ apiKey: [access] }, ...(isTenantScope(access) ? [tenant] : []), operator];
}

/** With an admin key, a tenant's calls name the tenant in the query, unless the path does. */
const namesTenant = ({ access, tenantInPath }: Endpoint) => isTenantScope(access) && !tenantInPath;

function queryOf(endpoint: Endpoint): Pick<NonNullable<RouteConfig['request']>, 'query'> {
  const own = endpoint.query instanceof z.ZodObject ? endpoint.query : undefined;
  if (!namesTenant(endpoint)) return own ? { query: own } : {};
  return { query: own ? own.extend(tenantParameters) : z.object(tenantParameters) };
}

const tenantParameters = {
  tenant_id: uuid().optional().meta({ description: 'Only with an admin key: whose things the call is about' }),
  tenant_external_id: z
    .string()
    .optional()
    .meta({ description: "Instead of `tenant_id`: the platform's own id for the tenant", examples: ['42'] }),
};

const idempotencyKey = z.string().min(1).max(255).optional().meta({
  description:
    'A name for this request, preferably random: repeated with the same one, the request is carried out once',
});

const lastEventId = uuid()
  .optional()
  .meta({ description: 'The last event that the client has; the stream goes on after it' });

function scopeSentence({ access, allTenants, tenantInPath }: Endpoint): string {
  if (access === 'public') return 'No API key is needed.';
  if (sessionKindOf(access)) return "Needs the session's cookie.";
  if (!isTenantScope(access)) return `Needs the scope \`${access}\`.`;
  if (tenantInPath) return `Needs the scope \`${access}\` of that tenant, or \`admin\`.`;
  const otherwise = allTenants ? '; without them: all tenants' : '';
  return `Needs the scope \`${access}\`, or \`admin\` and the tenant in the query (\`tenant_id\` or \`tenant_external_id\`${otherwise}).`;
}

function responsesOf(endpoint: Endpoint): Record<string, ResponseConfig> {
  return Object.fromEntries(
    Object.entries(endpoint.responses).map(
      ([status, { description, schema, csv, lines, events }]): [string, ResponseConfig] => [
        status,
        {
          description,
          headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
          ...(schema && {
            content: {
              'application/json': { schema },
              ...(csv && { 'text/csv': { schema: z.string().meta(csv) } }),
            },
          }),
          ...(lines && { content: { 'application/x-ndjson': { schema: lines } } }),
          ...(events && { content: { 'text/event-stream': { schema: events } } }),
        },
      ],
    ),
  );
}

/** By status code. Public calls get only their own, so that /readyz keeps its 503. */
function problemsOf(endpoint: Endpoint): Record<string, ResponseConfig> {
  const kinds: DocumentedProblem[] = ['invalid-input'];
  if (endpoint.access !== 'public') kinds.push('unauthenticated', 'forbidden', 'too-many-requests', 'unavailable');
  if (endpoint.params || namesTenant(endpoint)) kinds.push('not-found');
  if (endpoint.body) kinds.push('too-large');
  const own: readonly number[] = endpoint.problems ?? [];
  kinds.push(...documentedProblems.filter((kind) => own.includes(problemKinds[kind][0])));
  kinds.push('internal');
  return Object.fromEntries(
    kinds.map((kind) => [
      problemKinds[kind][0],
      { $ref: `#/components/responses/${problems[kind].name}` } as unknown as ResponseConfig,
    ]),
  );
}

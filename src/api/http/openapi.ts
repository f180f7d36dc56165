import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type ResponseConfig,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Endpoint } from './endpoint.js';
import { problemKinds, type ProblemKind } from './error-response.js';
import { problemSchema } from './schemas.js';
import { tags } from './tags.js';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** A method that the path does not have is no call, so nothing here can answer it. */
type DocumentedProblem = Exclude<ProblemKind, 'method-not-allowed'>;

/** Names of the problem responses under `components`, and when each comes. */
const problems: Record<DocumentedProblem, { name: string; when: string }> = {
  'invalid-input': { name: 'InvalidInput', when: 'Something in the request does not fit; `errors` names the fields' },
  unauthenticated: { name: 'Unauthenticated', when: 'No API key, or one that is not known' },
  forbidden: { name: 'Forbidden', when: 'The API key lacks the scope of this call' },
  'not-found': { name: 'NotFound', when: "It is not there, or it is another tenant's: the two are never told apart" },
  conflict: { name: 'Conflict', when: 'The state of the thing does not allow this' },
  'too-large': { name: 'TooLarge', when: 'The body is over 1 MB, or the event over 256 KB as it would be sent' },
  'event-mismatch': { name: 'EventMismatch', when: 'The same event was triggered before, with another payload' },
  'too-many-requests': {
    name: 'TooManyRequests',
    when: 'More calls than a limit or a quota allows; `detail` says which. Go on after `Retry-After`',
  },
  internal: { name: 'InternalError', when: 'A fault on our side' },
  unavailable: { name: 'Unavailable', when: 'Postgres does not answer; send the same call again after `Retry-After`' },
};

const securityScheme = 'apiKey';

const introduction = `Events of a telephony platform, delivered to tenants' endpoints: signed, retried, rate limited, logged.

Every call but the public ones needs an API key, sent as \`Authorization: Bearer <key>\`; the scope it needs is named with the call.
A tenant's keys (\`webhooks:read\`, \`webhooks:write\`, \`messages:write\`) see that tenant only. The platform's keys (\`events:write\`, \`admin\`) belong to no tenant.

Times are RFC 3339 in UTC with milliseconds. Unknown fields and query parameters are refused by name. Errors are problem documents (RFC 9457).
Lists come in pages, newest first: give \`next_cursor\` as \`cursor\` until it is null. Answers may get more fields; ignore those that you do not know.`;

/** The OpenAPI 3.1 document of the endpoints, from the schemas that also check the requests. */
export function createOpenApiDocument(
  endpoints: readonly Endpoint[],
  version: string,
  publicBaseUrl = '/',
): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', securityScheme, {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, `irisx_…`',
  });
  registry.registerComponent('headers', 'RequestId', {
    description: 'Names this request in the logs; the one that the request brought, if it brought one',
    schema: { type: 'string' },
  });
  registry.registerComponent('headers', 'RetryAfter', { description: 'Seconds to wait', schema: { type: 'integer' } });
  registry.registerComponent('headers', 'Challenge', {
    description: 'RFC 6750, section 3',
    schema: { type: 'string' },
  });
  for (const kind of Object.keys(problems) as DocumentedProblem[]) registerProblem(registry, kind);
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

/** The page needs no key. The environment's check refuses such a url; this one does not rely on it. */
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
    security: endpoint.access === 'public' ? [] : [{ [securityScheme]: [endpoint.access] }],
    request: {
      ...(params.length > 0 && { params: z.object(Object.fromEntries(params)) }),
      ...(endpoint.repeatable && { headers: z.object({ 'Idempotency-Key': idempotencyKey }) }),
      ...(endpoint.query instanceof z.ZodObject && { query: endpoint.query }),
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
    responses: { ...answersOf(endpoint), ...problemsOf(endpoint) },
  };
}

const idempotencyKey = z.string().min(1).max(255).optional().meta({
  description: 'A name for this request, best a random one: sent again with it, the request is carried out once',
});

const scopeSentence = ({ access }: Endpoint): string =>
  access === 'public' ? 'No API key is needed.' : `Needs the scope \`${access}\`.`;

function answersOf(endpoint: Endpoint): Record<string, ResponseConfig> {
  return Object.fromEntries(
    Object.entries(endpoint.answers).map(([status, { description, schema }]): [string, ResponseConfig] => [
      status,
      {
        description,
        headers: { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } },
        ...(schema && { content: { 'application/json': { schema } } }),
      },
    ]),
  );
}

/** By status code; what a call answers itself (the 503 of /readyz) is not replaced. */
function problemsOf(endpoint: Endpoint): Record<string, ResponseConfig> {
  const kinds: DocumentedProblem[] = ['invalid-input'];
  if (endpoint.access !== 'public') kinds.push('unauthenticated', 'forbidden', 'too-many-requests', 'unavailable');
  if (endpoint.params || endpoint.problems?.includes(404)) kinds.push('not-found');
  if (endpoint.problems?.includes(409)) kinds.push('conflict');
  if (endpoint.body) kinds.push('too-large');
  if (endpoint.problems?.includes(422)) kinds.push('event-mismatch');
  kinds.push('internal');
  return Object.fromEntries(
    kinds.map((kind) => [
      problemKinds[kind][0],
      { $ref: `#/components/responses/${problems[kind].name}` } as unknown as ResponseConfig,
    ]),
  );
}

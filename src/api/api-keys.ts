import { z } from 'zod';
import {
  deleteApiKey,
  insertApiKey,
  listApiKeys,
  platformScopes,
  tenantScopes,
  type ApiKey,
  type Scope,
} from '../db/api-keys.js';
import { audit, type Author } from '../db/audit.js';
import type { Queryable } from '../db/database.js';
import { findTenant } from '../db/tenants.js';
import { ForbiddenError, notFound } from './http/api-errors.js';
import { createApiKey } from './http/authenticate.js';
import { defineEndpoint, type AppDeps } from './http/endpoint.js';
import { nextCursor, pageQuery, paginate } from './http/paging.js';
import { keyIdParameter, tenantIdParameter } from './http/path-parameters.js';
import { listOf, parseUuid, renderTime, renderTimeOrNull, text, time, timeInput, uuid } from './http/schemas.js';

const apiKeySchema = z
  .object({
    id: uuid(),
    name: z.string().meta({ examples: ['billing system'] }),
    scopes: z
      .array(z.enum([...tenantScopes, ...platformScopes]))
      .meta({ examples: [['webhooks:read', 'webhooks:write']] }),
    prefix: z
      .string()
      .meta({ description: 'The first characters of the key, to recognise it by', examples: ['irisx_dGhpcy'] }),
    created_at: time('When it was created'),
    last_used_at: time('When it was last used, to the minute; null: never').nullable(),
    expires_at: time('When it expires; null: never').nullable(),
  })
  .meta({ id: 'ApiKey', description: 'An API key, without the key itself' });

const renderApiKey = (key: ApiKey): z.input<typeof apiKeySchema> => ({
  id: key.id,
  name: key.name,
  scopes: key.scopes,
  prefix: key.prefix,
  created_at: renderTime(key.createdAt),
  last_used_at: renderTimeOrNull(key.lastUsedAt),
  expires_at: renderTimeOrNull(key.expiresAt),
});

const auditedApiKey = ({ name, scopes, prefix, expiresAt }: ApiKey) => ({
  name,
  scopes,
  prefix,
  expires_at: expiresAt,
});

const newApiKeySchema = <const S extends readonly [Scope, ...Scope[]]>(scopes: S) =>
  z.strictObject({
    name: text(1, 200).meta({ description: 'For people: which program uses it', examples: ['billing system'] }),
    scopes: listOf(z.enum(scopes, `expected one of ${scopes.join(', ')}`), 1, 20, `scopes: ${scopes.join(', ')}`).meta({
      description: 'What the key allows',
      examples: [scopes],
    }),
    expires_at: timeInput({ isFuture: true })
      .nullable()
      .optional()
      .meta({ description: 'When it expires; null or absent: never' }),
  });

const createdSchema = z.object({
  api_key: apiKeySchema,
  key: z.string().meta({
    description: 'The key itself; shown now and never again',
    examples: ['irisx_dGhpcyBpcyBub3QgYSByZWFsIGtleSwgb25seSBhbiBleA'],
  }),
});
const listedSchema = z.object({ api_keys: z.array(apiKeySchema), next_cursor: nextCursor });

interface NewApiKey {
  name: string;
  scopes: Scope[];
  expires_at?: Date | null | undefined;
}

async function create(
  { db }: Pick<AppDeps, 'db'>,
  author: Author,
  tenantId: string | null,
  body: NewApiKey,
): Promise<z.input<typeof createdSchema>> {
  const { key, prefix, keyHash } = createApiKey();
  const inserted = await db.transaction(async (db) => {
    const inserted = await insertApiKey(db, {
      tenantId,
      name: body.name,
      scopes: [...new Set(body.scopes)],
      prefix,
      keyHash,
      expiresAt: body.expires_at ?? null,
    });
    const after = auditedApiKey(inserted);
    await audit(db, author, { action: 'api_key.created', subjectId: inserted.id, tenantId, after });
    return inserted;
  });
  return { api_key: renderApiKey(inserted), key };
}

/** Throws NotFoundError if there is no such key. */
async function remove({ db }: Pick<AppDeps, 'db'>, author: Author, tenantId: string | null, keyId: string) {
  await db.transaction(async (db) => {
    const deleted = await deleteApiKey(db, tenantId, keyId);
    if (!deleted) throw notFound('API key', keyId);
    const before = auditedApiKey(deleted);
    await audit(db, author, { action: 'api_key.deleted', subjectId: keyId, tenantId, before });
  });
}

async function list(
  db: Queryable,
  tenantId: string | null,
  query: { limit: number; cursor?: string | undefined },
): Promise<z.input<typeof listedSchema>> {
  const page = await paginate(query, parseUuid, (page) => listApiKeys(db, tenantId, page));
  return { api_keys: page.rows.map(renderApiKey), next_cursor: page.nextCursor };
}

async function requireTenant(db: Queryable, tenantId: string): Promise<void> {
  if (!(await findTenant(db, tenantId))) throw notFound('tenant', tenantId);
}

/** Throws ForbiddenError if a tenant's caller gives scopes that it does not have. The platform gives any. */
function refuseMore(own: readonly Scope[], given: readonly Scope[]): void {
  const more = own.includes('admin') ? [] : given.filter((scope) => !own.includes(scope));
  if (more.length === 0) return;
  throw new ForbiddenError(
    `You can give only scopes that you have yourself: ${own.join(', ')}; not ${more.join(', ')}.`,
    more[0]!,
  );
}

const tag = 'API keys';

export const apiKeyEndpoints = [
  defineEndpoint({
    method: 'post',
    path: '/v1/tenants/:tenant_id/api-keys',
    access: 'api_keys:write',
    tenantInPath: true,
    operationId: 'createTenantApiKey',
    tag,
    summary: 'Create an API key of a tenant',
    description: "A tenant's caller can give it only scopes that it has itself.",
    params: { tenant_id: tenantIdParameter },
    body: {
      schema: newApiKeySchema(tenantScopes),
      examples: { key: { name: 'billing system', scopes: ['webhooks:read', 'webhooks:write'] } },
    },
    responses: { 201: { description: 'The key, which is shown only once', schema: createdSchema } },
    async handle({ tenantId, scopes, body, author }, deps) {
      refuseMore(scopes, body.scopes);
      await requireTenant(deps.db, tenantId);
      return { status: 201, body: await create(deps, author, tenantId, body) };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/tenants/:tenant_id/api-keys',
    access: 'api_keys:write',
    tenantInPath: true,
    operationId: 'listTenantApiKeys',
    tag,
    summary: 'List the API keys of a tenant, newest first',
    params: { tenant_id: tenantIdParameter },
    query: z.strictObject(pageQuery),
    responses: { 200: { description: 'A page of API keys', schema: listedSchema } },
    async handle({ tenantId, query }, { db }) {
      await requireTenant(db, tenantId);
      return { status: 200, body: await list(db, tenantId, query) };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/tenants/:tenant_id/api-keys/:key_id',
    access: 'api_keys:write',
    tenantInPath: true,
    operationId: 'deleteTenantApiKey',
    tag,
    summary: 'Delete an API key of a tenant',
    description: 'Requests with it are refused from now on.',
    params: { tenant_id: tenantIdParameter, key_id: keyIdParameter },
    responses: { 204: { description: 'Deleted' } },
    async handle({ params, tenantId, author }, deps) {
      await remove(deps, author, tenantId, params.key_id);
      return { status: 204 };
    },
  }),

  defineEndpoint({
    method: 'post',
    path: '/v1/api-keys',
    access: 'admin',
    operationId: 'createApiKey',
    tag,
    summary: "Create one of the platform's own API keys",
    description: 'It belongs to no tenant: calls that use it name the tenant in the path or the body.',
    body: {
      schema: newApiKeySchema(platformScopes),
      examples: { key: { name: 'telephony', scopes: ['events:write'] } },
    },
    responses: { 201: { description: 'The key, which is shown only once', schema: createdSchema } },
    async handle({ body, author }, deps) {
      return { status: 201, body: await create(deps, author, null, body) };
    },
  }),

  defineEndpoint({
    method: 'get',
    path: '/v1/api-keys',
    access: 'admin',
    operationId: 'listApiKeys',
    tag,
    summary: "List the platform's own API keys, newest first",
    description: 'The key of `IRISX_ADMIN_KEY` is not among them: it exists only in the environment.',
    query: z.strictObject(pageQuery),
    responses: { 200: { description: 'A page of API keys', schema: listedSchema } },
    async handle({ query }, { db }) {
      return { status: 200, body: await list(db, null, query) };
    },
  }),

  defineEndpoint({
    method: 'delete',
    path: '/v1/api-keys/:key_id',
    access: 'admin',
    operationId: 'deleteApiKey',
    tag,
    summary: "Delete one of the platform's own API keys",
    description: 'Requests with it are refused from now on.',
    params: { key_id: keyIdParameter },
    responses: { 204: { description: 'Deleted' } },
    async handle({ params, author }, deps) {
      await remove(deps, author, null, params.key_id);
      return { status: 204 };
    },
  }),
];

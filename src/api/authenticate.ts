import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { findApiKeyByHash, platformScopes, tenantScopes, type Scope } from '../db/api-keys.js';
import type { Queryable } from '../db/database.js';
import { ForbiddenError, UnauthenticatedError } from './api-errors.js';

export type TenantScope = (typeof tenantScopes)[number];
export type PlatformScope = (typeof platformScopes)[number];

/** Who may make a call: anybody, or whoever has a key with that scope. */
export type Access = 'public' | TenantScope | PlatformScope;

export interface Caller {
  /** Null: the platform itself. */
  tenantId: string | null;
  scopes: readonly Scope[];
}

export interface AuthenticateDeps {
  db: Queryable;
  /** The key of `IRISX_ADMIN_KEY`, which is in no table and has all of the platform's scopes. */
  adminKey?: string;
}

const keyForm = /^irisx_[A-Za-z0-9_-]{43}$/;
const prefixLength = 12;

/** A new API key: `irisx_` and 32 random bytes in base64url. Only the prefix and the hash are for keeping. */
export function createApiKey(): { key: string; prefix: string; keyHash: Buffer } {
  const key = `irisx_${randomBytes(32).toString('base64url')}`;
  return { key, prefix: key.slice(0, prefixLength), keyHash: hash(key) };
}

/**
 * Whose key an `Authorization` header carries (RFC 6750 §2.1).
 * Throws UnauthenticatedError where there is none, or one that is unknown, deleted or expired.
 */
export async function authenticate(deps: AuthenticateDeps, authorization: string | undefined): Promise<Caller> {
  const key = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
  if (key === undefined) {
    const message =
      authorization === undefined
        ? 'This call needs an API key; send it as "Authorization: Bearer <key>".'
        : 'The Authorization header does not have the form "Bearer <key>".';
    throw new UnauthenticatedError(message, false);
  }
  const keyHash = hash(key);
  // Hashes have one length, and comparing them in constant time tells nothing about the key.
  if (deps.adminKey !== undefined && timingSafeEqual(keyHash, hash(deps.adminKey))) {
    return { tenantId: null, scopes: platformScopes };
  }
  const found = keyForm.test(key) ? await findApiKeyByHash(deps.db, keyHash) : null;
  if (!found) {
    throw new UnauthenticatedError('This API key is not known: it may be mistyped, deleted or expired.', true);
  }
  return { tenantId: found.tenantId, scopes: found.scopes };
}

/**
 * Throws ForbiddenError unless the caller has the scope. A key with a tenant's scope belongs to a tenant and one with
 * the platform's does not (the table checks it), so the scope also tells the two kinds of routes apart.
 */
export function requireScope(caller: Caller, scope: Scope): void {
  if (caller.scopes.includes(scope)) return;
  throw new ForbiddenError(`This call needs a key with the scope ${scope}${remedy(caller, scope)}`, scope);
}

export const isTenantScope = (scope: Scope): scope is TenantScope => (tenantScopes as readonly Scope[]).includes(scope);

function remedy(caller: Caller, scope: Scope): string {
  if (isTenantScope(scope) && caller.tenantId === null) {
    return ", one of the tenant's own: a platform key does not say which tenant is meant. POST /v1/tenants/:id/api-keys makes one.";
  }
  if (!isTenantScope(scope) && caller.tenantId !== null) return ", which only the platform's own keys can have.";
  return `; this one has ${caller.scopes.join(', ')}.`;
}

const hash = (key: string): Buffer => createHash('sha256').update(key).digest();

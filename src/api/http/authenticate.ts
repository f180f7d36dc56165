import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { findApiKeyByHash, platformScopes, tenantScopes, type RecentKey, type Scope } from '../../db/api-keys.js';
import type { Queryable } from '../../db/database.js';
import { ForbiddenError, UnauthenticatedError } from './api-errors.js';
import type { KeyMemory } from './key-memory.js';

export type TenantScope = (typeof tenantScopes)[number];
export type PlatformScope = (typeof platformScopes)[number];

/** Who may make a call: anybody, or callers whose key has that scope. */
export type Access = 'public' | TenantScope | PlatformScope;

export interface Caller {
  /** Null: the key of `IRISX_ADMIN_KEY`. */
  keyId: string | null;
  keyName: string;
  /** Null: the platform itself. */
  tenantId: string | null;
  scopes: readonly Scope[];
}

export interface AuthenticateDeps {
  db: Queryable;
  /** The key of `IRISX_ADMIN_KEY`, which is in no table and has all of the platform's scopes. */
  adminKey?: string;
  keys: KeyMemory;
}

/** What a request says about its caller, before any lookup. */
export interface Credentials {
  authorization: string | undefined;
  /** The caller's address; undefined: nothing is counted by address. */
  address: string | undefined;
}

/** Callers whose key was found a moment ago, by its hash. Only for calls whose own statement checks the key again. */
export type RecentCallers = LRUCache<string, Caller>;

export const recentCallers = (): RecentCallers => new LRUCache({ max: 1_000, ttl: 20_000 });

const keyForm = /^irisx_[A-Za-z0-9_-]{43}$/;
const prefixLength = 12;

/** A new API key: `irisx_` and 32 random bytes in base64url. Store only the prefix and the hash. */
export function createApiKey(): { key: string; prefix: string; keyHash: Buffer } {
  const key = `irisx_${randomBytes(32).toString('base64url')}`;
  return { key, prefix: key.slice(0, prefixLength), keyHash: hash(key) };
}

/**
 * The caller whose key an `Authorization` header carries (RFC 6750 §2.1). Throws UnauthenticatedError if there is no
 * key, or if it is unknown, deleted or expired; TooManyRequestsError, without a lookup, if the address sent too many of
 * those.
 */
export async function authenticate(deps: AuthenticateDeps, { authorization, address }: Credentials): Promise<Caller> {
  const key = presentedKey(authorization);
  return isAdminKey(deps, key) ? admin : lookUp(deps, key, address);
}

/**
 * The name under which a call is counted, without a lookup: the hash of its key if that was found before, however the
 * header is spelt; else the address. Null: the key has not been looked up yet; the lookup will count it.
 */
export function callerName(deps: AuthenticateDeps, { authorization, address }: Credentials): string | null {
  const key = formedKey(authorization);
  const byAddress = `address ${address ?? ''}`;
  if (!key) return byAddress;
  const hashText = key.hash.toString('base64');
  if (isAdminKey(deps, key) || deps.keys.isFound(hashText)) return `key ${hashText}`;
  return key.hasOurForm && !deps.keys.isUnknown(hashText) ? null : byAddress;
}

/**
 * Like `authenticate`, but does not look up again a key that was found a moment ago. Then `recentKey` is not null, and
 * whatever is done with the key must confirm it.
 */
export async function authenticateRecent(
  deps: AuthenticateDeps,
  recent: RecentCallers,
  { authorization, address }: Credentials,
): Promise<{ caller: Caller; recentKey: RecentKey | null }> {
  const key = presentedKey(authorization);
  if (isAdminKey(deps, key)) return { caller: admin, recentKey: null };
  const hashText = key.hash.toString('base64');
  const lookUpAgain = async (): Promise<Caller> => {
    recent.delete(hashText);
    const caller = await lookUp(deps, key, address);
    recent.set(hashText, caller);
    return caller;
  };
  const known = recent.get(hashText);
  if (!known?.keyId) return { caller: await lookUpAgain(), recentKey: null };
  return { caller: known, recentKey: { id: known.keyId, confirm: async () => void (await lookUpAgain()) } };
}

interface PresentedKey {
  hasOurForm: boolean;
  hash: Buffer;
}

/** The same for every spelling of the scheme and every number of spaces. */
function formedKey(authorization: string | undefined): PresentedKey | undefined {
  const key = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
  return key === undefined ? undefined : { hasOurForm: keyForm.test(key), hash: hash(key) };
}

function presentedKey(authorization: string | undefined): PresentedKey {
  const key = formedKey(authorization);
  if (key) return key;
  const message =
    authorization === undefined
      ? 'This call needs an API key; send it as "Authorization: Bearer <key>".'
      : 'The Authorization header does not have the form "Bearer <key>".';
  throw new UnauthenticatedError(message, false);
}

const admin: Caller = { keyId: null, keyName: 'IRISX_ADMIN_KEY', tenantId: null, scopes: platformScopes };

/** Hashes all have the same length, and comparing them in constant time reveals nothing about the key. */
const isAdminKey = ({ adminKey }: AuthenticateDeps, key: PresentedKey): boolean =>
  adminKey !== undefined && timingSafeEqual(key.hash, hash(adminKey));

async function lookUp({ db, keys }: AuthenticateDeps, key: PresentedKey, address?: string): Promise<Caller> {
  const find = () => findApiKeyByHash(db, key.hash);
  const found = key.hasOurForm ? await keys.lookUp(key.hash.toString('base64'), address, find) : null;
  if (!found) {
    throw new UnauthenticatedError('This API key is not known: it may be mistyped, deleted or expired.', true);
  }
  return { keyId: found.id, keyName: found.name, tenantId: found.tenantId, scopes: found.scopes };
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
    return ', one of the tenant, or a key of the platform with the scope admin. POST /v1/tenants/:id/api-keys makes one.';
  }
  if (!isTenantScope(scope) && caller.tenantId !== null) return ", which only the platform's own keys can have.";
  return `; this one has ${caller.scopes.join(', ')}.`;
}

const hash = (key: string): Buffer => createHash('sha256').update(key).digest();

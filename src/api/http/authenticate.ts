import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { findApiKeyByHash, platformScopes, tenantScopes, type RecentKey, type Scope } from '../../db/api-keys.js';
import type { Actor } from '../../db/audit.js';
import { findSessionByHash, type BrowserSession, type SessionKind } from '../../db/browser-sessions.js';
import type { Queryable } from '../../db/database.js';
import { CrossSiteError, ForbiddenError, UnauthenticatedError } from './api-errors.js';
import type { KeyMemory } from './key-memory.js';
import type { PresentedSession } from './session-cookies.js';

export type TenantScope = (typeof tenantScopes)[number];
export type PlatformScope = (typeof platformScopes)[number];

/** Calls about the session in the browser's cookie: of the portal, of the console. */
const sessionAccess = { portal_session: 'tenant', console_session: 'operator' } as const;
export type SessionAccess = keyof typeof sessionAccess;

/** Who may make a call: anybody, callers whose key or session has that scope, or a browser that has a session. */
export type Access = 'public' | SessionAccess | TenantScope | PlatformScope;

/** The kind of session that such a call is about; undefined for all other calls. */
export const sessionKindOf = (access: Access): SessionKind | undefined =>
  access in sessionAccess ? sessionAccess[access as SessionAccess] : undefined;

export interface Caller {
  /** Null: the key of `IRISX_ADMIN_KEY`, or a tenant's session. */
  keyId: string | null;
  keyName: string;
  /** Null: the platform itself. */
  tenantId: string | null;
  scopes: readonly Scope[];
  /** Absent: it was a key. */
  session?: { id: string; kind: SessionKind };
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
  /** The session that `X-IRISX-Session` names; null: none of the browser's sessions. Absent: there is no such header. */
  session?: PresentedSession | null;
  /** Whether a page of another site makes the call. */
  isCrossSite?: boolean;
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
 * The caller whose key an `Authorization` header carries (RFC 6750 §2.1), or else the session that `X-IRISX-Session`
 * names. Throws UnauthenticatedError if there is neither, or if it is unknown, deleted or expired; TooManyRequestsError,
 * without a lookup, if the address sent too many of those.
 */
export async function authenticate(deps: AuthenticateDeps, credentials: Credentials): Promise<Caller> {
  if (isSession(credentials)) return callerOf(await authenticateSession(deps, credentials));
  const { authorization, address } = credentials;
  const key = presentedKey(authorization);
  return isAdminKey(deps, key) ? admin : lookUp(deps, key, address);
}

/** The same for a key that is not in the header. */
export async function authenticateKey(deps: AuthenticateDeps, key: string, address?: string): Promise<Caller> {
  const presented = { hasOurForm: keyForm.test(key), hash: hash(key) };
  return isAdminKey(deps, presented) ? admin : lookUp(deps, presented, address);
}

/**
 * The session that a browser presents. Throws UnauthenticatedError if it is none of the browser's, or ended;
 * CrossSiteError if a page of another site asks.
 */
export async function authenticateSession(
  { db, adminKey, keys }: AuthenticateDeps,
  { session, address, isCrossSite }: Pick<Credentials, 'session' | 'address' | 'isCrossSite'>,
): Promise<BrowserSession> {
  if (isCrossSite)
    throw new CrossSiteError('A page of another site may not use a session; call from the portal itself.');
  if (!session) {
    const message =
      session === null
        ? 'This browser has another session now: a newer link was opened in it, or this one ended. Reload the page.'
        : 'This browser has no session; open a new link, or sign in to the console.';
    throw new UnauthenticatedError(message, false);
  }
  const { kind, token } = session;
  const hashes = [sessionTokenHash(token), ...(adminKey === undefined ? [] : [sessionTokenHash(token, adminKey)])];
  const find = () => findSessionByHash(db, kind, hashes);
  const found = await keys.lookUp(hash(token).toString('base64'), address, find);
  if (!found) throw new UnauthenticatedError('This session has ended; open a new link, or sign in again.', false);
  return found;
}

/** What is stored of a session's token. A session of `IRISX_ADMIN_KEY` is found only with the same key. */
export const sessionTokenHash = (token: string, adminKey?: string): Buffer => hash(token + (adminKey ?? ''));

/** A new token, of a link or of a session: 32 random bytes in base64url. */
export const createToken = (): string => randomBytes(32).toString('base64url');

/** A key wins over a session. */
const isSession = ({ authorization, session }: Credentials) => authorization === undefined && session !== undefined;

/** A session of the console acts as its key. */
export const callerOf = ({ id, tenant, apiKeyId, name, scopes }: BrowserSession): Caller => ({
  keyId: apiKeyId,
  keyName: tenant ? name : `${name} (console)`,
  tenantId: tenant?.id ?? null,
  scopes,
  session: { id, kind: tenant ? 'tenant' : 'operator' },
});

/** Who the audit log says that it was. */
export const actorOf = ({ keyId, keyName, session }: Caller): Actor =>
  session?.kind === 'tenant'
    ? { type: 'portal', id: session.id, name: keyName }
    : { type: 'api_key', id: keyId, name: keyName };

/**
 * The name under which a call is counted, without a lookup: the hash of its key or session if that was found before,
 * however the header is spelt; else the address. Null: it has not been looked up yet; the lookup will count it.
 */
export function callerName(deps: AuthenticateDeps, credentials: Credentials): string | null {
  const { authorization, address, session } = credentials;
  const byAddress = `address ${address ?? ''}`;
  if (isSession(credentials)) return session ? nameOf(deps, 'session', hash(session.token), byAddress) : byAddress;
  const key = formedKey(authorization);
  if (!key) return byAddress;
  if (isAdminKey(deps, key)) return `key ${key.hash.toString('base64')}`;
  return key.hasOurForm ? nameOf(deps, 'key', key.hash, byAddress) : byAddress;
}

function nameOf({ keys }: AuthenticateDeps, kind: 'key' | 'session', hash: Buffer, byAddress: string): string | null {
  const hashText = hash.toString('base64');
  if (keys.isFound(hashText)) return `${kind} ${hashText}`;
  return keys.isUnknown(hashText) ? byAddress : null;
}

/**
 * Like `authenticate`, but does not look up again a key that was found a moment ago. Then `recentKey` is not null, and
 * whatever is done with the key must confirm it.
 */
export async function authenticateRecent(
  deps: AuthenticateDeps,
  recent: RecentCallers,
  credentials: Credentials,
): Promise<{ caller: Caller; recentKey: RecentKey | null }> {
  if (isSession(credentials)) return { caller: await authenticate(deps, credentials), recentKey: null };
  const { authorization, address } = credentials;
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

export const isTenantScope = (access: Access): access is TenantScope =>
  (tenantScopes as readonly Access[]).includes(access);

function remedy(caller: Caller, scope: Scope): string {
  if (isTenantScope(scope) && caller.tenantId === null) {
    return ', one of the tenant, or a key of the platform with the scope admin. POST /v1/tenants/:id/api-keys makes one.';
  }
  if (!isTenantScope(scope) && caller.tenantId !== null) return ", which only the platform's own keys can have.";
  return `; this ${caller.session ? 'session' : 'one'} has ${caller.scopes.join(', ')}.`;
}

const hash = (key: string): Buffer => createHash('sha256').update(key).digest();

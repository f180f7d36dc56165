import type { Scope } from './api-keys.js';
import { takesWrites } from './assert-writable.js';
import { oneRow, sqlState, sqlStateOf, type Queryable } from './database.js';

/** What a browser may do, and for how long. */
export interface BrowserSession {
  id: string;
  /** Whose portal it is; null: it is an operator's console. */
  tenant: { id: string; name: string } | null;
  /** An operator's key; null: `IRISX_ADMIN_KEY`, or a tenant's session. */
  apiKeyId: string | null;
  /** For a tenant, who it is for; for an operator, the name of the key. */
  name: string;
  scopes: Scope[];
  returnUrl: string | null;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date;
}

interface BrowserSessionRow {
  id: string;
  tenant_id: string | null;
  tenant_name: string | null;
  api_key_id: string | null;
  name: string;
  scopes: Scope[];
  return_url: string | null;
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date;
}

const columns = `s.id, s.tenant_id, s.api_key_id, s.name, s.scopes, s.return_url, s.created_at, s.last_used_at, s.expires_at,
  (select t.name from tenants t where t.id = s.tenant_id) as tenant_name`;

const toSession = (row: BrowserSessionRow): BrowserSession => ({
  id: row.id,
  tenant: row.tenant_id === null ? null : { id: row.tenant_id, name: row.tenant_name ?? '' },
  apiKeyId: row.api_key_id,
  name: row.name,
  scopes: row.scopes,
  returnUrl: row.return_url,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
});

export type SessionKind = 'tenant' | 'operator';

/**
 * The unexpired session of that kind whose token has one of the hashes, or null; those of deleted tenants have ended. `lastUsedAt` is exact to the minute
 * only, to save writes.
 */
export async function findSessionByHash(
  db: Queryable,
  kind: SessionKind,
  tokenHashes: readonly Buffer[],
): Promise<BrowserSession | null> {
  const { rows } = await db.query<BrowserSessionRow & { stale: boolean }>(
    {
      name: 'find_browser_session',
      text: `select ${columns}, ${takesWrites} and coalesce(s.last_used_at < now() - interval '1 min', true) as stale from browser_sessions s
              where s.token_hash = any($1::bytea[]) and s.expires_at > now() and (s.tenant_id is null) = $2
                and not exists (select from tenants t where t.id = s.tenant_id and t.deleted_at is not null)`,
    },
    [tokenHashes, kind === 'operator'],
  );
  const row = rows[0];
  if (!row) return null;
  if (row.stale) await db.query('update browser_sessions set last_used_at = now() where id = $1', [row.id]);
  return toSession(row);
}

/** An operator's session, which ends with its key at the latest. Null: the key was deleted meanwhile. */
export async function insertOperatorSession(
  db: Queryable,
  session: {
    /** Null: `IRISX_ADMIN_KEY`. */
    apiKeyId: string | null;
    tokenHash: Buffer;
    name: string;
    scopes: readonly Scope[];
    seconds: number;
  },
): Promise<BrowserSession | null> {
  try {
    const { rows } = await db.query<BrowserSessionRow>(
      `insert into browser_sessions as s (api_key_id, token_hash, name, scopes, expires_at)
       values ($1, $2, $3, $4, least(now() + $5 * interval '1 s', (select expires_at from api_keys where id = $1)))
       returning ${columns}`,
      [session.apiKeyId, session.tokenHash, session.name, session.scopes, session.seconds],
    );
    return toSession(oneRow(rows));
  } catch (error) {
    if (sqlStateOf(error) !== sqlState.foreignKeyViolation) throw error;
    return null;
  }
}

/** A tenant's live sessions, newest first. */
export async function listTenantSessions(
  db: Queryable,
  tenantId: string,
  page: { limit: number; beforeId: string | null },
): Promise<BrowserSession[]> {
  const { rows } = await db.query<BrowserSessionRow>(
    `select ${columns} from browser_sessions s
      where s.tenant_id = $1 and s.expires_at > now() and ($3::uuid is null or s.id < $3) order by s.id desc limit $2`,
    [tenantId, page.limit, page.beforeId],
  );
  return rows.map(toSession);
}

/** Takes effect with the next request; the link that made the session goes with it. Null: there is no such live session. */
export async function deleteSession(
  db: Queryable,
  { tenantId, sessionId }: { tenantId: string | null; sessionId: string },
): Promise<BrowserSession | null> {
  const { rows } = await db.query<BrowserSessionRow>(
    `delete from browser_sessions s
      where s.id = $2 and s.tenant_id is not distinct from $1 and s.expires_at > now() returning ${columns}`,
    [tenantId, sessionId],
  );
  return rows[0] ? toSession(rows[0]) : null;
}

/** Deletes a tenant's sessions, at most `limit` of them. Returns how many, and those that were still live. */
export async function deleteTenantSessions(
  db: Queryable,
  tenantId: string,
  limit: number,
): Promise<{ count: number; live: BrowserSession[] }> {
  const { rows } = await db.query<BrowserSessionRow & { is_live: boolean }>(
    `delete from browser_sessions s
      where s.id = any(array(select id from browser_sessions where tenant_id = $1 order by id limit $2))
     returning ${columns}, s.expires_at > now() as is_live`,
    [tenantId, limit],
  );
  return { count: rows.length, live: rows.filter((row) => row.is_live).map(toSession) };
}

/** A day longer than they may be used, so that an old link is recognised as used or expired, not as unknown. */
const keptExpired = `interval '1 day'`;

/** Sessions and unused links that expired a day ago. Returns how many; 0: all done. */
export async function deleteExpiredSessions(db: Queryable, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with sessions as (
       delete from browser_sessions where id = any(array(
         select id from browser_sessions where expires_at < now() - ${keptExpired} order by expires_at limit $1)) returning 1),
     links as (
       delete from portal_links where id = any(array(
         select id from portal_links where session_id is null and expires_at < now() - ${keptExpired}
          order by expires_at limit $1)) and session_id is null returning 1)
     select (select count(*) from sessions)::integer + (select count(*) from links)::integer as count`,
    [limit],
  );
  return oneRow(rows).count;
}

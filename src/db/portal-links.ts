import type { Scope } from './api-keys.js';
import { oneRow, type Queryable } from './database.js';

/** A link that becomes one session of a tenant, in the browser that opens it first. */
export interface PortalLink {
  id: string;
  tenantId: string;
  name: string;
  scopes: Scope[];
  returnUrl: string | null;
  sessionSeconds: number;
  expiresAt: Date;
  isExpired: boolean;
  /** The session that it has become; null: not used yet. */
  sessionId: string | null;
}

interface PortalLinkRow {
  id: string;
  tenant_id: string;
  name: string;
  scopes: Scope[];
  return_url: string | null;
  session_seconds: number;
  expires_at: Date;
  is_expired: boolean;
  session_id: string | null;
}

const columns = `l.id, l.tenant_id, l.name, l.scopes, l.return_url, l.session_seconds, l.expires_at,
  l.expires_at <= now() as is_expired, l.session_id`;

const toLink = (row: PortalLinkRow): PortalLink => ({
  id: row.id,
  tenantId: row.tenant_id,
  name: row.name,
  scopes: row.scopes,
  returnUrl: row.return_url,
  sessionSeconds: row.session_seconds,
  expiresAt: row.expires_at,
  isExpired: row.is_expired,
  sessionId: row.session_id,
});

/** `tokenHash` is the SHA-256 of the token; the token itself is never stored. Null: there is no such tenant. */
export async function insertPortalLink(
  db: Queryable,
  link: {
    tenantId: string;
    tokenHash: Buffer;
    name: string;
    scopes: readonly Scope[];
    returnUrl: string | null;
    sessionSeconds: number;
    expiresInSeconds: number;
  },
): Promise<PortalLink | null> {
  const { rows } = await db.query<PortalLinkRow>(
    // Locked: a tenant that is being deleted gets no new link.
    `insert into portal_links as l (tenant_id, token_hash, name, scopes, return_url, session_seconds, expires_at)
     select t.id, $2, $3, $4, $5, $6, now() + $7 * interval '1 s' from tenants t
      where t.id = $1 and t.deleted_at is null for key share
     returning ${columns}`,
    [link.tenantId, link.tokenHash, link.name, link.scopes, link.returnUrl, link.sessionSeconds, link.expiresInSeconds],
  );
  return rows[0] ? toLink(rows[0]) : null;
}

/** Used and expired ones as well; those of deleted tenants are gone. */
export async function findPortalLink(db: Queryable, tokenHash: Buffer): Promise<PortalLink | null> {
  const { rows } = await db.query<PortalLinkRow>(
    `select ${columns} from portal_links l join tenants t on t.id = l.tenant_id
      where l.token_hash = $1 and t.deleted_at is null`,
    [tokenHash],
  );
  return rows[0] ? toLink(rows[0]) : null;
}

/**
 * Uses the link up for a session whose token has the hash; of several at once, one succeeds. Call it in a transaction.
 * Null: it is used, expired or deleted, or its tenant is.
 */
export async function usePortalLink(
  db: Queryable,
  link: Pick<PortalLink, 'id' | 'tenantId'>,
  sessionTokenHash: Buffer,
): Promise<{ sessionId: string; expiresAt: Date } | null> {
  // Locked: its deletion waits, and a session that began before is among what it removes.
  const tenant = await db.query('select from tenants where id = $1 and deleted_at is null for key share', [
    link.tenantId,
  ]);
  const unused = await db.query(
    'select from portal_links where id = $1 and session_id is null and expires_at > now() for update',
    [link.id],
  );
  if (tenant.rows.length === 0 || unused.rows.length === 0) return null;
  const { rows } = await db.query<{ id: string; expires_at: Date }>(
    `insert into browser_sessions (tenant_id, token_hash, name, scopes, return_url, expires_at)
     select tenant_id, $2, name, scopes, return_url, now() + session_seconds * interval '1 s' from portal_links where id = $1
     returning id, expires_at`,
    [link.id, sessionTokenHash],
  );
  const { id, expires_at: expiresAt } = oneRow(rows);
  await db.query('update portal_links set session_id = $2 where id = $1', [link.id, id]);
  return { sessionId: id, expiresAt };
}

/** Deletes a tenant's unused links, at most `limit` of them. Returns how many; 0: all done. */
export async function deleteUnusedLinks(db: Queryable, tenantId: string, limit: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from portal_links where session_id is null
        and id = any(array(select id from portal_links where tenant_id = $1 and session_id is null limit $2))`,
    [tenantId, limit],
  );
  return rowCount ?? 0;
}

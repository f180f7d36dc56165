import { takesWrites } from './assert-writable.js';
import { oneRow, type Queryable } from './database.js';

export const tenantScopes = ['webhooks:read', 'webhooks:write', 'messages:write', 'api_keys:write'] as const;
export const platformScopes = ['events:write', 'admin'] as const;
export type Scope = (typeof tenantScopes)[number] | (typeof platformScopes)[number];

export interface ApiKey {
  id: string;
  /** Null: a platform key. */
  tenantId: string | null;
  name: string;
  scopes: Scope[];
  /** The first characters of the key, to recognise it by. */
  prefix: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
}

/** A key that was found a moment ago and may be deleted by now: check it again in the statement that acts on it. */
export interface RecentKey {
  id: string;
  /** Checks it again now. Rejects when it is deleted or expired. */
  confirm(): Promise<void>;
}

interface ApiKeyRow {
  id: string;
  tenant_id: string | null;
  name: string;
  scopes: Scope[];
  prefix: string;
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date | null;
}

const columns = 'id, tenant_id, name, scopes, prefix, created_at, last_used_at, expires_at';

const toApiKey = (row: ApiKeyRow): ApiKey => ({
  id: row.id,
  tenantId: row.tenant_id,
  name: row.name,
  scopes: row.scopes,
  prefix: row.prefix,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
});

/** `keyHash` is the SHA-256 of the key; the key itself is never stored. */
export async function insertApiKey(
  db: Queryable,
  key: {
    tenantId: string | null;
    name: string;
    scopes: Scope[];
    prefix: string;
    keyHash: Buffer;
    expiresAt: Date | null;
  },
): Promise<ApiKey> {
  const { rows } = await db.query<ApiKeyRow>(
    `insert into api_keys (tenant_id, name, scopes, prefix, key_hash, expires_at)
     values ($1, $2, $3, $4, $5, $6) returning ${columns}`,
    [key.tenantId, key.name, key.scopes, key.prefix, key.keyHash, key.expiresAt],
  );
  return toApiKey(oneRow(rows));
}

/** The unexpired key with that hash, or null. `lastUsedAt` is exact to the minute only, to save writes. */
export async function findApiKeyByHash(db: Queryable, keyHash: Buffer): Promise<ApiKey | null> {
  const { rows } = await db.query<ApiKeyRow & { stale: boolean }>(
    {
      name: 'find_api_key',
      text: `select ${columns}, ${takesWrites} and coalesce(last_used_at < now() - interval '1 min', true) as stale from api_keys
              where key_hash = $1 and (expires_at is null or expires_at > now())`,
    },
    [keyHash],
  );
  const row = rows[0];
  if (!row) return null;
  if (row.stale) await db.query('update api_keys set last_used_at = now() where id = $1', [row.id]);
  return toApiKey(row);
}

/** Newest first; `tenantId` null: platform keys. */
export async function listApiKeys(
  db: Queryable,
  tenantId: string | null,
  page: { limit: number; beforeId: string | null },
): Promise<ApiKey[]> {
  const { rows } = await db.query<ApiKeyRow>(
    `select ${columns} from api_keys
      where tenant_id is not distinct from $1 and ($3::uuid is null or id < $3) order by id desc limit $2`,
    [tenantId, page.limit, page.beforeId],
  );
  return rows.map(toApiKey);
}

/** Takes effect with the next request. Returns the deleted key; null when there is no such key. */
export async function deleteApiKey(db: Queryable, tenantId: string | null, keyId: string): Promise<ApiKey | null> {
  const { rows } = await db.query<ApiKeyRow>(
    `delete from api_keys where id = $2 and tenant_id is not distinct from $1 returning ${columns}`,
    [tenantId, keyId],
  );
  return rows[0] ? toApiKey(rows[0]) : null;
}

/** Expired keys whose expiry is not in the audit log yet. Call it in the transaction that writes that, for all of them. */
export async function takeExpiredKeys(db: Queryable, limit: number): Promise<ApiKey[]> {
  const { rows } = await db.query<ApiKeyRow>(
    `update api_keys set expiry_audited = true
      where id in (select id from api_keys where expires_at <= now() and not expiry_audited
                    order by expires_at limit $1 for update skip locked)
     returning ${columns}`,
    [limit],
  );
  return rows.map(toApiKey);
}

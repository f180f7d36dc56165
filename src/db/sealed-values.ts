import type { Queryable } from './database.js';

/** Everything that is sealed in a table. Attempt records in Temporal's histories are sealed too, but not seen here. */
export const sealedColumns = ['secret_sealed', 'headers_sealed', 'previous_secret_sealed'] as const;
export type SealedColumn = (typeof sealedColumns)[number];

/** Which values may still be opened: not those of deleted webhooks, nor previous secrets whose overlap is over. */
const inUse: Record<SealedColumn, string> = {
  secret_sealed: 'deleted_at is null',
  headers_sealed: 'headers_sealed is not null and deleted_at is null',
  previous_secret_sealed:
    'previous_secret_sealed is not null and deleted_at is null and previous_secret_expires_at > now()',
};

export interface SealedKey {
  column: SealedColumn;
  /** Null: values that name no key (version 1). */
  keyId: string | null;
}

/** The keys that stored values need. Steps from key to key in the index: fast however many values there are. */
export async function listSealedKeys(db: Queryable): Promise<SealedKey[]> {
  const { rows } = await db.query<{ column: SealedColumn; key_id: string | null }>(
    sealedColumns.map((column) => keysOf(column)).join(' union all '),
  );
  return rows.map((row) => ({ column: row.column, keyId: row.key_id }));
}

function keysOf(column: SealedColumn): string {
  const key = `sealed_key_id(${column})`;
  const next = (after: string) =>
    `(select ${key} from webhooks where ${inUse[column]} and ${key} ${after} order by ${key} limit 1)`;
  return `(with recursive keys as (
      select ${next('is not null')} as key_id
      union all
      select ${next('> keys.key_id')} from keys where keys.key_id is not null)
    select '${column}' as column, key_id from keys where key_id is not null
    union all
    select '${column}', null where exists (select 1 from webhooks where ${inUse[column]} and ${key} is null))`;
}

export interface SealedValue {
  webhookId: number;
  tenantId: string;
  sealed: Buffer;
}

/** The oldest and the newest values that need that key, at most `ofEach` of each. */
export async function sampleSealed(
  db: Queryable,
  { column, keyId }: SealedKey,
  ofEach: number,
): Promise<SealedValue[]> {
  const key = keyId === null ? `sealed_key_id(${column}) is null` : `sealed_key_id(${column}) = $2`;
  const some = (order: 'asc' | 'desc') =>
    `(select id, tenant_id, ${column} as sealed from webhooks where ${inUse[column]} and ${key} order by id ${order} limit $1)`;
  const { rows } = await db.query<{ id: number; tenant_id: string; sealed: Buffer }>(
    `${some('asc')} union ${some('desc')}`,
    keyId === null ? [ofEach] : [ofEach, keyId],
  );
  return rows.map((row) => ({ webhookId: row.id, tenantId: row.tenant_id, sealed: row.sealed }));
}

/** By key: how many webhooks have a value in use that needs it. Reads every webhook. */
export async function countWebhooksByKey(db: Queryable): Promise<Map<string | null, number>> {
  const values = sealedColumns.map(
    (column) => `select id, sealed_key_id(${column}) as key_id from webhooks where ${inUse[column]}`,
  );
  const { rows } = await db.query<{ key_id: string | null; webhooks: number }>(
    `select key_id, count(distinct id)::integer as webhooks from (${values.join(' union all ')}) v group by key_id`,
  );
  return new Map(rows.map((row) => [row.key_id, row.webhooks]));
}

/** The keys that any stored value needs, also of deleted webhooks and overlaps that are over. Reads every webhook. */
export async function listStoredKeyIds(db: Queryable): Promise<(string | null)[]> {
  const values = sealedColumns.map(
    (column) => `select sealed_key_id(${column}) as key_id from webhooks where ${column} is not null`,
  );
  const { rows } = await db.query<{ key_id: string | null }>(values.join(' union '));
  return rows.map((row) => row.key_id);
}

import { oneRow, type Database, type Queryable } from './database.js';
import { sealedColumns, type SealedColumn } from './sealed-values.js';

/** Values of one webhook that are sealed with a key other than the wanted one; null: none, or sealed with that key. */
export interface OutdatedWebhook extends Record<SealedColumn, Buffer | null> {
  id: number;
  tenantId: string;
  isDeleted: boolean;
  /** Its previous secret is no longer used to sign. */
  isOverlapOver: boolean;
}

const isOutdated = (column: SealedColumn) => `(${column} is not null and sealed_key_id(${column}) is distinct from $1)`;
const anyIsOutdated = sealedColumns.map(isOutdated).join(' or ');

/** Reads every webhook, including deleted ones. */
export async function countOutdated(db: Queryable, keyId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from webhooks where ${anyIsOutdated}`,
    [keyId],
  );
  return oneRow(rows).count;
}

/** In the order of their ids; includes deleted ones. */
export async function listOutdated(
  db: Queryable,
  keyId: string,
  page: { afterId: number; limit: number },
): Promise<OutdatedWebhook[]> {
  const columns = sealedColumns.map((column) => `case when ${isOutdated(column)} then ${column} end as ${column}`);
  const { rows } = await db.query<
    Record<SealedColumn, Buffer | null> & { id: number; tenant_id: string; is_deleted: boolean; is_over: boolean }
  >(
    `select id, tenant_id, deleted_at is not null as is_deleted,
            coalesce(previous_secret_expires_at <= now(), false) as is_over, ${columns.join(', ')}
       from webhooks where id > $2 and (${anyIsOutdated}) order by id limit $3`,
    [keyId, page.afterId, page.limit],
  );
  return rows.map(({ tenant_id, is_deleted, is_over, ...row }) => ({
    ...row,
    tenantId: tenant_id,
    isDeleted: is_deleted,
    isOverlapOver: is_over,
  }));
}

/** The same text sealed anew. */
export interface Reseal {
  webhookId: number;
  column: SealedColumn;
  from: Buffer;
  to: Buffer;
}

/**
 * Replaces values that are still the same bytes, and returns how many. Values that were set or rotated meanwhile stay;
 * so do those of webhooks that are locked, instead of waiting for the lock. Try those again.
 */
export async function replaceSealed(db: Queryable, reseals: Reseal[]): Promise<number> {
  const ids = [...new Set(reseals.map(({ webhookId }) => webhookId))];
  const of = new Map(reseals.map((each) => [`${each.webhookId} ${each.column}`, each]));
  const values = sealedColumns.flatMap((column) => [
    ids.map((id) => of.get(`${id} ${column}`)?.from ?? null),
    ids.map((id) => of.get(`${id} ${column}`)?.to ?? null),
  ]);
  const names = sealedColumns.flatMap((column) => [`old_${column}`, `new_${column}`]);
  const { rows } = await db.query<{ replaced: number }>(
    `with given as (
       select * from unnest($1::integer[], ${names.map((_, i) => `$${i + 2}::bytea[]`).join(', ')}) as g(id, ${names.join(', ')})
     ), free as materialized (
       select w.id from webhooks w join given g on g.id = w.id order by w.id for no key update of w skip locked
     ), replaced as (
       update webhooks w set ${sealedColumns.map((column) => `${column} = case when w.${column} = g.old_${column} then g.new_${column} else w.${column} end`).join(', ')}
         from given g join free on free.id = g.id where w.id = g.id
       returning ${sealedColumns.map((column) => `coalesce((w.${column} = g.new_${column})::integer, 0)`).join(' + ')} as values
     )
     select coalesce(sum(values), 0)::integer as replaced from replaced`,
    [ids, ...values],
  );
  return oneRow(rows).replaced;
}

/** Removes a previous secret that is still the same bytes: deliveries are then signed with the current one alone. */
export async function dropPreviousSecret(db: Queryable, webhookId: number, sealed: Buffer): Promise<void> {
  await db.query(
    `update webhooks set previous_secret_sealed = null, previous_secret_expires_at = null
      where id = $1 and previous_secret_sealed = $2`,
    [webhookId, sealed],
  );
}

/**
 * Gives up a secret or headers that are still the same bytes, and disables the webhook with the reason, so that nothing
 * is sent that its receiver could not verify. `secret.to`: a new secret, which nobody knows. False when they have
 * changed meanwhile. The sweeper settles its deliveries and announces it.
 */
export const discardSealed = (
  db: Database,
  webhookId: number,
  lost: { secret?: { from: Buffer; to: Buffer }; headers?: Buffer; reason: string },
): Promise<boolean> =>
  db.transaction(async (tx) => {
    const secret = lost.secret?.from ?? null;
    const { rowCount } = await tx.query(
      `select from webhooks
        where id = $1 and (secret_sealed = $2 or headers_sealed = $3) and secret_sealed = coalesce($2, secret_sealed)
          for no key update`,
      [webhookId, secret, lost.headers ?? null],
    );
    if (rowCount === 0) return false;
    await tx.query('select from webhook_limiters where webhook_id = $1 for no key update', [webhookId]);
    await tx.query(
      `update webhooks set secret_sealed = coalesce($2, secret_sealed),
              headers_sealed = case when headers_sealed = $3 then null else headers_sealed end
        where id = $1`,
      [webhookId, lost.secret?.to ?? null, lost.headers ?? null],
    );
    await tx.query('select disable_webhook($1, $2, clock_timestamp())', [webhookId, lost.reason]);
    return true;
  });

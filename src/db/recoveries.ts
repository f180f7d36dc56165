import { oneRow, sqlState, sqlStateOf, type Queryable } from './database.js';
import type { StartableDelivery } from './events.js';
import { toStartable } from './unstarted-deliveries.js';
import { ConflictError } from '../errors.js';

/** Deliveries in these statuses can be recovered; the others are on their way, or will be. */
export const recoverableStatuses = ['failed', 'expired', 'cancelled', 'delivered'] as const;
export type RecoverableStatus = (typeof recoverableStatuses)[number];
export const recoveryStatuses = ['running', 'completed', 'cancelled'] as const;

/** What is to be sent again. Test deliveries never are. */
export interface RecoveryRequest {
  webhookId: number;
  tenantId: string;
  statuses: RecoverableStatus[];
  /** Null: all. */
  eventTypes: string[] | null;
  /** Accepted at or after; null: no matter when. */
  since: Date | null;
  /** Accepted before; null: before the recovery was created. */
  until: Date | null;
  /** Also events that have no delivery to the webhook, of types that it subscribes to. */
  includeMissing: boolean;
}

export interface Recovery extends RecoveryRequest {
  id: string;
  status: (typeof recoveryStatuses)[number];
  /** How many deliveries were found when it was created. */
  total: number;
  /** False: there were more than could be counted in a short time. */
  isTotalExact: boolean;
  /** How many were made pending, and how they ended; the others of them are on their way. */
  requeued: number;
  delivered: number;
  failed: number;
  /** Ids up to this one have been seen to. */
  reached: string;
  createdAt: Date;
  finishedAt: Date | null;
}

/** What its workflow is started with. */
export interface StartableRecovery {
  recoveryId: string;
  webhookId: number;
  tenantId: string;
}

interface RecoveryRow {
  id: string;
  webhook_id: number;
  tenant_id: string;
  status: Recovery['status'];
  statuses: RecoverableStatus[];
  event_types: string[] | null;
  since: Date | null;
  until: Date | null;
  include_missing: boolean;
  total: number;
  is_total_exact: boolean;
  requeued: number;
  delivered: number;
  failed: number;
  reached: string;
  created_at: Date;
  finished_at: Date | null;
}

const columns = `id, webhook_id, tenant_id, status, statuses, event_types, since, until, include_missing, total,
  is_total_exact, requeued, delivered, failed, reached, created_at, finished_at`;

const toRecovery = (row: RecoveryRow): Recovery => ({
  id: row.id,
  webhookId: row.webhook_id,
  tenantId: row.tenant_id,
  status: row.status,
  statuses: row.statuses,
  eventTypes: row.event_types,
  since: row.since,
  until: row.until,
  includeMissing: row.include_missing,
  // Of an estimate that was too low, what is known by now.
  total: row.is_total_exact ? row.total : Math.max(row.total, row.requeued),
  isTotalExact: row.is_total_exact,
  requeued: row.requeued,
  delivered: row.delivered,
  failed: row.failed,
  reached: row.reached,
  createdAt: row.created_at,
  finishedAt: row.finished_at,
});

/** Long enough for several hundred thousand. */
const countForMs = 2_000;

/**
 * How many deliveries a recovery would send, if it were created now: of very many, how many at least. Throws
 * ConflictError for a deleted webhook.
 */
export async function countRecoverable(
  db: Queryable,
  request: RecoveryRequest,
  maxMs = countForMs,
): Promise<Pick<Recovery, 'total' | 'isTotalExact'>> {
  await requireUndeleted(db, request.webhookId);
  const { rows } = await db.query<{ total: number; is_exact: boolean }>(
    `select * from count_recoverable(
       jsonb_populate_record(null::webhook_recoveries, $1::jsonb || jsonb_build_object('created_at', now())), $2)`,
    [
      JSON.stringify({
        webhook_id: request.webhookId,
        tenant_id: request.tenantId,
        statuses: request.statuses,
        event_types: request.eventTypes,
        since: request.since,
        until: request.until,
        include_missing: request.includeMissing,
        reached: '00000000-0000-0000-0000-000000000000',
      }),
      maxMs,
    ],
  );
  const { total, is_exact: isTotalExact } = oneRow(rows);
  return { total, isTotalExact };
}

/**
 * Creates a recovery; call it in a transaction, and start its workflow when that is committed. Throws ConflictError for
 * a deleted webhook and for one that has a running recovery.
 */
export async function createRecovery(db: Queryable, request: RecoveryRequest): Promise<Recovery> {
  const { webhookId } = request;
  const running = await db.query<{ id: string }>(
    `select id from webhook_recoveries where webhook_id = $1 and status = 'running'`,
    [webhookId],
  );
  if (running.rows[0])
    throw new ConflictError(
      `Recovery ${running.rows[0].id} of webhook ${webhookId} is running. Wait until it has completed, or cancel it: DELETE /v1/webhooks/${webhookId}/recoveries/${running.rows[0].id}.`,
    );
  const { total, isTotalExact } = await countRecoverable(db, request);
  // The deletion of a webhook also cancels its running recovery, so from here on it must wait.
  await requireUndeleted(db, webhookId, 'for share');
  const { rows } = await db.query<RecoveryRow>(
    `insert into webhook_recoveries (webhook_id, tenant_id, statuses, event_types, since, until, include_missing, total,
                                     is_total_exact)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (webhook_id) where status = 'running' do nothing returning ${columns}`,
    [
      webhookId,
      request.tenantId,
      request.statuses,
      request.eventTypes,
      request.since,
      request.until,
      request.includeMissing,
      total,
      isTotalExact,
    ],
  );
  // Another call created one meanwhile.
  return rows[0] ? toRecovery(rows[0]) : createRecovery(db, request);
}

async function requireUndeleted(db: Queryable, webhookId: number, lock = ''): Promise<void> {
  const { rows } = await db.query<{ deleted: boolean }>(
    `select deleted_at is not null as deleted from webhooks where id = $1 ${lock}`,
    [webhookId],
  );
  if (oneRow(rows).deleted)
    throw new ConflictError(`Webhook ${webhookId} was deleted; its deliveries cannot be sent again.`);
}

/** Null when the webhook has no such recovery. */
export async function findRecovery(db: Queryable, webhookId: number, recoveryId: string): Promise<Recovery | null> {
  const { rows } = await db.query<RecoveryRow>(
    `select ${columns} from webhook_recoveries where id = $1 and webhook_id = $2`,
    [recoveryId, webhookId],
  );
  return rows[0] ? toRecovery(rows[0]) : null;
}

/** Newest first. */
export async function listRecoveries(
  db: Queryable,
  webhookId: number,
  page: { limit: number; beforeId: string | null },
): Promise<Recovery[]> {
  const { rows } = await db.query<RecoveryRow>(
    `select ${columns} from webhook_recoveries
      where webhook_id = $1 and ($3::uuid is null or id < $3) order by webhook_id desc, id desc limit $2`,
    [webhookId, page.limit, page.beforeId],
  );
  return rows.map(toRecovery);
}

/** Deliveries that it has not made pending stay as they are. True if this call cancelled it: it was running. */
export async function cancelRecovery(db: Queryable, webhookId: number, recoveryId: string): Promise<boolean> {
  return (await cancelRecoveries(db, [webhookId], recoveryId)) === 1;
}

/** The running recoveries of these webhooks, or (`recoveryId`) only that one. Returns how many this call cancelled. */
export async function cancelRecoveries(
  db: Queryable,
  webhookIds: number[],
  recoveryId: string | null = null,
): Promise<number> {
  const { rowCount } = await db.query(
    `update webhook_recoveries set status = 'cancelled', finished_at = clock_timestamp()
      where webhook_id = any($1) and status = 'running' and ($2::uuid is null or id = $2)`,
    [webhookIds, recoveryId],
  );
  return rowCount ?? 0;
}

/**
 * Makes the next deliveries of a recovery pending, oldest first: at most `limit`, and at most `ahead` in all that have
 * not ended. Returns those that must be started. Completes the recovery when all of it has ended. Null: nothing was
 * done, since the recovery was carried on or cancelled meanwhile. Safe to repeat.
 */
export async function requeueBatch(
  db: Queryable,
  recoveryId: string,
  { limit, ahead }: { limit: number; ahead: number },
): Promise<(StartableDelivery & { collects: boolean })[] | null> {
  try {
    const { rows } = await db.query<Parameters<typeof toStartable>[0] & { collects: boolean }>(
      'select * from requeue_batch($1, $2, $3)',
      [recoveryId, limit, ahead],
    );
    return rows.map((row) => ({ ...toStartable(row), collects: row.collects }));
  } catch (error) {
    if (sqlStateOf(error) === sqlState.serializationFailure) return null;
    throw error;
  }
}

/**
 * Running recoveries whose workflow has asked for nothing for a minute: it was not started, or it is gone. The hundred
 * that have waited longest.
 */
export async function listUnattendedRecoveries(db: Queryable): Promise<StartableRecovery[]> {
  const { rows } = await db.query<{ id: string; webhook_id: number; tenant_id: string }>(
    `select id, webhook_id, tenant_id from webhook_recoveries
      where status = 'running' and checked_at < now() - interval '1 min' order by checked_at limit 100`,
  );
  return rows.map((row) => ({ recoveryId: row.id, webhookId: row.webhook_id, tenantId: row.tenant_id }));
}

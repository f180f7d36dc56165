import { batchNames } from './batches.js';
import type { Queryable } from './database.js';
import type { WokenDelivery } from './events.js';
import type { ErrorClass } from '../delivery/outcome.js';
import { ConflictError, NotFoundError } from '../errors.js';
import { notVerified, type Webhook } from './webhooks.js';

export const deliveryStatuses = ['pending', 'delivered', 'failed', 'held', 'cancelled', 'expired'] as const;
/** Only `pending` has a workflow; all but `pending` and `held` are final. */
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export interface Delivery {
  id: string;
  webhookId: number;
  eventType: string;
  eventId: string;
  status: DeliveryStatus;
  test: boolean;
  attemptCount: number;
  nextAttemptAt: Date | null;
  /** When the request that is open now began; null: none is. */
  attemptStartedAt: Date | null;
  createdAt: Date;
  finishedAt: Date | null;
  /** When its content was erased on request. */
  expungedAt: Date | null;
  /** What its event is numbered by; null: its type has no ordering key. */
  orderingKey: string | null;
  sequence: number | null;
  /** Not sent after this. */
  expiresAt: Date | null;
  /** The batch that it is sent in, or was last. */
  batchId: string | null;
  /** A transform or a batch made the body that is sent. */
  hasOwnBody: boolean;
  /** The last attempt's, as the fields below; null before the first. */
  statusCode: number | null;
  durationMs: number | null;
  responseBody: string | null;
  /** Lists hold only the beginning of the response body. */
  responseBodyTruncated: boolean;
  error: { class: ErrorClass; message: string } | null;
}

export interface DeliveryRow {
  id: string;
  webhook_id: number;
  event_type: string;
  event_id: string;
  status: DeliveryStatus;
  test: boolean;
  attempt_count: number;
  next_attempt_at: Date | null;
  attempt_started_at: Date | null;
  created_at: Date;
  finished_at: Date | null;
  expunged_at: Date | null;
  ordering_key: string | null;
  sequence: number | null;
  expires_at: Date | null;
  batch_id: string | null;
  has_own_body: boolean;
  status_code: number | null;
  duration_ms: number | null;
  response_body: string | null;
  /** Only in lists. */
  response_body_bytes?: number | null;
  error_class: ErrorClass | null;
  error_message: string | null;
}

/** Of what `withLastAttempt` joins. A delivery in a batch is sent when its batch is. */
export const deliveryColumns = `
  d.id, d.webhook_id, d.event_type, d.event_id, d.status, d.test, d.created_at, d.finished_at, d.expunged_at, d.expires_at, d.batch_id,
  case when d.batched then attempts_of(d) else d.attempt_count end as attempt_count,
  case when d.status = 'pending' and not d.waits_for_turn then coalesce(batch.next_attempt_at, d.next_attempt_at) end as next_attempt_at,
  case when coalesce(batch.in_flight_until, d.in_flight_until) > clock_timestamp()
       then coalesce(batch.in_flight_since, d.in_flight_since) end as attempt_started_at,
  d.batch_id is not null or exists (select from webhook_bodies b where b.delivery_id = d.id) as has_own_body,
  e.ordering_key, e.sequence, a.status_code, a.duration_ms, a.error_class, a.error_message`;
/** The last attempt of a delivery may be that of a batch, not always of the present one. */
export const withLastAttempt = `
  webhook_deliveries d left join webhook_events e on e.id = d.event_row_id
  left join webhook_deliveries batch on d.batched and batch.id = d.batch_id
  left join lateral (
    select m.batch_id as id, s.attempts from webhook_batch_members m join webhook_deliveries b on b.id = m.batch_id
     cross join lateral (select coalesce(m.attempts, b.attempt_count) as attempts) s
     where (d.batched or d.batch_id is not null) and m.delivery_id = d.id
       and s.attempts > 0 and m.attempts_before + s.attempts >= d.attempt_count
     order by m.attempts_before desc limit 1) sent on true
  left join webhook_attempts a on a.delivery_id = coalesce(sent.id, d.id) and a.number = coalesce(sent.attempts, d.attempt_count)`;

export function toDelivery(row: DeliveryRow, maxBytes = Infinity): Delivery {
  return {
    id: row.id,
    webhookId: row.webhook_id,
    eventType: row.event_type,
    eventId: row.event_id,
    status: row.status,
    test: row.test,
    attemptCount: row.attempt_count,
    nextAttemptAt: row.next_attempt_at,
    attemptStartedAt: row.attempt_started_at,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    expungedAt: row.expunged_at,
    orderingKey: row.ordering_key,
    sequence: row.sequence,
    expiresAt: row.expires_at,
    batchId: row.batch_id,
    hasOwnBody: row.has_own_body,
    statusCode: row.status_code,
    durationMs: row.duration_ms,
    responseBody: row.response_body && firstBytes(row.response_body, maxBytes),
    responseBodyTruncated: (row.response_body_bytes ?? 0) > maxBytes,
    error:
      row.error_class && row.error_message !== null ? { class: row.error_class, message: row.error_message } : null,
  };
}

/** As many whole characters as fit into `bytes` bytes of UTF-8. */
function firstBytes(text: string, bytes: number): string {
  // As a stream, the decoder leaves out a character that the cut has split.
  return Buffer.byteLength(text) <= bytes
    ? text
    : new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true });
}

/** Null when the webhook has no such delivery. */
export async function findDelivery(db: Queryable, webhookId: number, deliveryId: string): Promise<Delivery | null> {
  const { rows } = await db.query<DeliveryRow>(
    `select ${deliveryColumns}, a.response_body from ${withLastAttempt} where d.id = $1 and d.webhook_id = $2 and d.batch_size is null`,
    [deliveryId, webhookId],
  );
  return rows[0] ? toDelivery(rows[0]) : null;
}

/** The exact text that is sent for a delivery; null when it, or the delivery, does not exist (any more). */
export async function findBody(db: Queryable, deliveryId: string): Promise<string | null> {
  const { rows } = await db.query<{ body: string | null }>(
    `select coalesce(batch_body(d), b.body, e.body) as body
       from webhook_deliveries d join webhook_events e on e.id = d.event_row_id left join webhook_bodies b on b.delivery_id = d.id
      where d.id = $1`,
    [deliveryId],
  );
  return rows[0]?.body ?? null;
}

/** Ends or holds a pending delivery; no effect on any other. */
export async function settleDelivery(
  db: Queryable,
  deliveryId: string,
  status: 'held' | 'failed' | 'cancelled' | 'expired',
) {
  await db.query('select settle_delivery($1, $2)', [deliveryId, status]);
}

/**
 * Makes a delivery due now, in a transaction. A pending delivery goes on with its schedule; one that has ended, or was
 * held, starts a new schedule under the same id. Where others go in batches, it goes alone in one; but while it is in a
 * batch that has not ended, that batch is made due. Returns what must be woken: the delivery, or that batch. Throws
 * ConflictError for a delivered one without `force`, for one whose webhook is paused or deleted, and for one whose body is
 * not kept any more. `was`: its status before.
 */
export async function requestRetry(
  db: Queryable,
  webhookId: number,
  deliveryId: string,
  options: { force: boolean },
): Promise<WokenDelivery & { was: DeliveryStatus }> {
  // Before the delivery, like everybody who ends a batch.
  const { rowCount: hasLockedBatch } = await db.query(
    `select from webhook_deliveries d join webhook_deliveries b on b.id = d.batch_id
      where d.id = $1 and d.webhook_id = $2 and d.batched and b.finished_at is null for no key update of b`,
    [deliveryId, webhookId],
  );
  const { rows } = await db.query<{
    status: DeliveryStatus;
    test: boolean;
    enabled: boolean;
    verification: Webhook['verification'];
    deleted: boolean;
    is_expunged: boolean;
    has_body: boolean;
    max_retries: number;
    event_row_id: string;
    tenant_id: string;
    event_type: string;
    event_id: string;
    goes_in_batches: boolean;
    open_batch_id: string | null;
    key_left: string | null;
  }>(
    `select d.status, d.test, w.enabled, w.verification, w.deleted_at is not null as deleted, w.max_retries, d.event_row_id, d.tenant_id,
            d.event_type, d.event_id, d.expunged_at is not null as is_expunged, e.body is not null as has_body,
            w.batch_max_events is not null as goes_in_batches,
            case when d.batched and d.finished_at is null then d.batch_id end as open_batch_id,
            case when d.batched and d.batch_id is null and d.finished_at is null and not d.waits_for_turn then d.ordering_key end as key_left
       from webhook_deliveries d join webhooks w on w.id = d.webhook_id join webhook_events e on e.id = d.event_row_id
      where d.id = $1 and d.webhook_id = $2 for no key update of d`,
    [deliveryId, webhookId],
  );
  const found = rows[0];
  if (!found) throw new NotFoundError(`Webhook ${webhookId} has no delivery ${deliveryId}.`);
  if (found.open_batch_id !== null && !hasLockedBatch)
    throw new ConflictError(`Delivery ${deliveryId} is being put into a batch at this moment; try again.`);
  if (found.deleted) throw new ConflictError(`Webhook ${webhookId} was deleted; its deliveries cannot be retried.`);
  if (found.is_expunged || !found.has_body) {
    const reason = found.is_expunged ? 'was expunged' : 'is past its retention time';
    throw new ConflictError(`The content of delivery ${deliveryId} ${reason}; it cannot be sent again.`);
  }
  if (found.verification === 'pending') throw notVerified(webhookId);
  if (!found.enabled && !found.test) {
    throw new ConflictError(
      `Webhook ${webhookId} is paused or disabled. Set "enabled": true first; that also sends what is held.`,
    );
  }
  if (found.status === 'delivered' && !options.force) {
    throw new ConflictError(`Delivery ${deliveryId} was delivered. To send it again, retry with {"force": true}.`);
  }
  const { tenant_id: tenantId, open_batch_id: batchId } = found;
  if (found.status === 'pending' || batchId !== null) {
    // A schedule that is used up (it goes on at the fallback, or max_retries was lowered) begins anew. While a request is
    // open, record_attempt does that (retry_requested).
    await db.query(
      `update webhook_deliveries d
          set (schedule_base, fallback_from) = (
                select case when begins_anew then d.attempt_count else d.schedule_base end, case when not begins_anew then d.fallback_from end
                  from (select (d.fallback_from is not null or d.attempt_count - d.schedule_base > $2)
                               and coalesce(d.in_flight_until, '-infinity') < clock_timestamp() as begins_anew) asked),
              expires_at = null,
              -- one that waits for its turn, or for a batch, goes out of turn
              ordering_key = case when not waits_for_turn and not batched then ordering_key end,
              sequence = case when not waits_for_turn and not batched then sequence end, waits_for_turn = false,
              batched = false, batch_id = case when batched and $3 then id else batch_id end,
              due_at = clock_timestamp(), retry_requested = in_flight_until is not null,
              next_attempt_at = case when holds_token then next_attempt_at else clock_timestamp() end,
              -- its workflow does not know yet: if nobody wakes it, the sweeper will
              pending_since = clock_timestamp(), workflow_started_at = null
        where id = $1 and status = 'pending'`,
      [batchId ?? deliveryId, found.max_retries, found.goes_in_batches],
    );
    if (batchId) await db.query('update webhook_deliveries set expires_at = null where id = $1', [deliveryId]);
    // As it goes out of turn, none waits for it any more.
    if (found.key_left !== null && found.status === 'pending')
      await db.query('select release_turn($1, $2, $3)', [webhookId, tenantId, found.key_left]);
  } else {
    // Its turn is over: it waits for none, and none waits for it.
    await db.query(
      `update webhook_deliveries d
          set ordering_key = null, sequence = null, batched = false, batch_id = case when $2 then id end, attempt_count = leave_batch(d),
              -- a request of the batch that it was in may still be open
              in_flight_until = greatest(in_flight_until, (select b.in_flight_until from webhook_deliveries b where b.id = d.batch_id))
        where id = $1`,
      [deliveryId, found.goes_in_batches],
    );
    await db.query(`select change_status(array[d], 'pending') from webhook_deliveries d where d.id = $1`, [deliveryId]);
  }
  const { status: was, event_row_id: eventRowId, event_type: eventType, event_id: eventId } = found;
  const woken = batchId ? batchNames(batchId) : { id: deliveryId, eventRowId, eventType, eventId };
  return { ...woken, tenantId, webhookId, hasWorkflow: was === 'pending', was };
}

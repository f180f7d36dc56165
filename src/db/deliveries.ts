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
  /** A transform made the body that is sent. */
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
  has_own_body: boolean;
  status_code: number | null;
  duration_ms: number | null;
  response_body: string | null;
  /** Only in lists. */
  response_body_bytes?: number | null;
  error_class: ErrorClass | null;
  error_message: string | null;
}

export const deliveryColumns = `
  d.id, d.webhook_id, d.event_type, d.event_id, d.status, d.test, d.attempt_count, d.created_at, d.finished_at, d.expunged_at,
  d.expires_at, case when not d.waits_for_turn then d.next_attempt_at end as next_attempt_at, e.ordering_key, e.sequence,
  exists (select from webhook_bodies b where b.delivery_id = d.id) as has_own_body,
  case when d.in_flight_until > clock_timestamp() then d.in_flight_since end as attempt_started_at, a.status_code, a.duration_ms, a.error_class, a.error_message`;
export const withLastAttempt = `
  webhook_deliveries d left join webhook_attempts a on a.delivery_id = d.id and a.number = d.attempt_count
  left join webhook_events e on e.id = d.event_row_id`;

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
    `select ${deliveryColumns}, a.response_body from ${withLastAttempt} where d.id = $1 and d.webhook_id = $2`,
    [deliveryId, webhookId],
  );
  return rows[0] ? toDelivery(rows[0]) : null;
}

/** The exact text that is sent for a delivery; null when it, or the delivery, does not exist (any more). */
export async function findBody(db: Queryable, deliveryId: string): Promise<string | null> {
  const { rows } = await db.query<{ body: string | null }>(
    `select coalesce(b.body, e.body) as body
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
 * held, starts a new schedule under the same id. Throws ConflictError for a delivered one without `force`, for one whose
 * webhook is paused or deleted, and for one whose body is not kept any more. `was`: its status before.
 */
export async function requestRetry(
  db: Queryable,
  webhookId: number,
  deliveryId: string,
  options: { force: boolean },
): Promise<WokenDelivery & { was: DeliveryStatus }> {
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
  }>(
    `select d.status, d.test, w.enabled, w.verification, w.deleted_at is not null as deleted, w.max_retries, d.event_row_id, d.tenant_id,
            d.event_type, d.event_id, d.expunged_at is not null as is_expunged, e.body is not null as has_body
       from webhook_deliveries d join webhooks w on w.id = d.webhook_id join webhook_events e on e.id = d.event_row_id
      where d.id = $1 and d.webhook_id = $2 for no key update of d`,
    [deliveryId, webhookId],
  );
  const found = rows[0];
  if (!found) throw new NotFoundError(`Webhook ${webhookId} has no delivery ${deliveryId}.`);
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
  if (found.status === 'pending') {
    // A schedule that is used up (it goes on at the fallback, or max_retries was lowered) begins anew. While a request is
    // open, record_attempt does that (retry_requested).
    await db.query(
      `update webhook_deliveries d
          set (schedule_base, fallback_from) = (
                select case when begins_anew then d.attempt_count else d.schedule_base end, case when not begins_anew then d.fallback_from end
                  from (select (d.fallback_from is not null or d.attempt_count - d.schedule_base > $2)
                               and coalesce(d.in_flight_until, '-infinity') < clock_timestamp() as begins_anew) asked),
              expires_at = null,
              -- one that waits for its turn goes out of turn
              ordering_key = case when not waits_for_turn then ordering_key end,
              sequence = case when not waits_for_turn then sequence end, waits_for_turn = false,
              due_at = clock_timestamp(), retry_requested = in_flight_until is not null,
              next_attempt_at = case when holds_token then next_attempt_at else clock_timestamp() end,
              -- its workflow does not know yet: if nobody wakes it, the sweeper will
              pending_since = clock_timestamp(), workflow_started_at = null
        where id = $1`,
      [deliveryId, found.max_retries],
    );
  } else {
    // Its turn is over: it waits for none, and none waits for it.
    await db.query('update webhook_deliveries set ordering_key = null, sequence = null where id = $1', [deliveryId]);
    await db.query(`select change_status(array[d], 'pending') from webhook_deliveries d where d.id = $1`, [deliveryId]);
  }
  return {
    id: deliveryId,
    eventRowId: found.event_row_id,
    tenantId: found.tenant_id,
    webhookId,
    eventType: found.event_type,
    eventId: found.event_id,
    hasWorkflow: found.status === 'pending',
    was: found.status,
  };
}

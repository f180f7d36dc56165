import { randomUUID } from 'node:crypto';
import { sqlState, sqlStateOf, type Queryable } from './database.js';
import type { ErrorClass } from '../delivery/outcome.js';
import type { DeliveryStatus } from './deliveries.js';
import type { EventTrace } from './events.js';
import type { HealthState } from './webhook-health.js';

/** Taking and recording an attempt (migrations/functions). Each is safe to repeat when its result was lost. */

export type AttemptTarget = 'primary' | 'fallback';

/** Everything that one request needs. Secrets are still sealed. */
export interface TakenAttempt {
  /** Names the request; its record carries it. */
  requestId: string;
  number: number;
  /** When it was taken, by Postgres' clock: all attempts are dated by that clock, not by the sender's. */
  takenAt: Date;
  /** The webhook's target version at that time: a permanent failure counts for this target only. */
  targetVersion: number;
  /** Attempts of the current schedule before this one. */
  attemptsUsed: number;
  /** Null where the webhook has no limit. */
  token: number | null;
  tenantId: string;
  webhookId: number;
  /** The batch, where one is sent; then it is the event id too, and the type is `batch`. */
  eventRowId: string;
  eventType: string;
  eventId: string;
  body: string;
  /** Null: its type has no ordering key. */
  ordering: { key: string; sequence: number } | null;
  /** Null: its event is in none. */
  trace: EventTrace | null;
  url: string;
  target: AttemptTarget;
  /** Seconds before the second, third … attempt; null: the guide's. */
  retrySchedule: number[] | null;
  timeoutMs: number;
  sealedHeaders: Buffer | null;
  sealedSecret: Buffer;
  /** Null outside the overlap of a rotation. */
  sealedPreviousSecret: Buffer | null;
}

/** A delivery whose body its webhook's transform has yet to make. */
export interface UntransformedDelivery extends Pick<
  TakenAttempt,
  'number' | 'takenAt' | 'targetVersion' | 'tenantId' | 'webhookId' | 'eventRowId' | 'eventType' | 'eventId' | 'body'
> {
  transform: string;
}

export type TakeResult =
  | { answer: 'send'; attempt: TakenAttempt }
  /**
   * `releases`: the delivery ended here, and the next one of its ordering key may be sent. `deliveries`: how many it is, 1
   * unless it is a batch.
   */
  | { answer: 'ended'; status: DeliveryStatus; attemptCount: number; releases: boolean; deliveries: number }
  /** An earlier event of its ordering key has not ended; when it ends, this delivery becomes due. */
  | { answer: 'turn' }
  /** It is sent in a batch, not by itself. */
  | { answer: 'batch' }
  /** `waitMs` null: others wait for tokens, plan first. `quota`: the tenant's requests per minute. */
  | { answer: 'wait'; waitMs: number | null; waitsFor: 'token' | 'request' | 'backoff' | 'quota' }
  /** A token is free, but deliveries that became due earlier go first: ask again after `waitMs`. */
  | { answer: 'behind'; waitMs: number }
  | { answer: 'replan' }
  /** Its body has yet to be made: store it and take again, or record that the transform failed. */
  | { answer: 'transform'; delivery: UntransformedDelivery }
  /** The webhook's secret or headers are sealed with a key that is not among `keyIds`. */
  | { answer: 'sealed' };

export interface TakeOptions {
  /** The longest request that the caller allows for. */
  timeoutMs: number;
  /** Take only a first attempt that needs no waiting, of a webhook without trouble; `replan` otherwise. */
  ifEasy?: boolean;
  /** The sender. Others give its request up only when it is gone, or is alive and has no record to write. */
  processId: string;
  /** The encryption keys that this process has: a delivery that it cannot sign takes no token. */
  keyIds: readonly string[];
}

/**
 * Takes a token and the right to send one request. Nobody else may send for this delivery until the request is
 * recorded, or until its timeout plus 5 s has passed and its process can no longer record it.
 */
export async function takeAttempt(
  db: Queryable,
  deliveryId: string,
  { timeoutMs, ifEasy = false, processId, keyIds }: TakeOptions,
): Promise<TakeResult> {
  const requestId = randomUUID();
  const { rows } = await db.query<{
    answer: TakeResult['answer'];
    status: DeliveryStatus;
    wait_ms: number | null;
    waits_for: 'token' | 'request' | 'backoff' | 'quota' | null;
    number: number;
    attempts_used: number;
    token: number | null;
    taken_at: Date;
    tenant_id: string;
    webhook_id: number;
    target_version: number;
    event_row_id: string;
    event_type: string;
    event_id: string;
    body: string;
    ordering_key: string | null;
    sequence: number;
    traceparent: string | null;
    sends_traceparent: boolean;
    url: string;
    target: AttemptTarget;
    retry_schedule: number[] | null;
    transform: string;
    releases: boolean;
    deliveries: number;
    timeout_ms: number;
    headers_sealed: Buffer | null;
    secret_sealed: Buffer;
    previous_secret_sealed: Buffer | null;
  }>({ name: 'take_attempt', text: 'select * from take_attempt($1, $2, $3, $4, $5, $6)' }, [
    deliveryId,
    timeoutMs,
    ifEasy,
    requestId,
    processId,
    keyIds,
  ]);
  const row = rows[0];
  if (!row) return { answer: 'ended', status: 'cancelled', attemptCount: 0, releases: false, deliveries: 1 };
  const delivery = {
    number: row.number,
    takenAt: row.taken_at,
    targetVersion: row.target_version,
    tenantId: row.tenant_id,
    webhookId: row.webhook_id,
    eventRowId: row.event_row_id,
    eventType: row.event_type,
    eventId: row.event_id,
    body: row.body,
  };
  switch (row.answer) {
    case 'ended':
      return {
        answer: 'ended',
        status: row.status,
        attemptCount: row.number,
        releases: row.releases,
        deliveries: row.deliveries,
      };
    case 'wait':
      return { answer: 'wait', waitMs: row.wait_ms, waitsFor: row.waits_for! };
    case 'behind':
      return { answer: 'behind', waitMs: row.wait_ms! };
    case 'replan':
    case 'turn':
    case 'batch':
    case 'sealed':
      return { answer: row.answer };
    case 'transform':
      return { answer: 'transform', delivery: { ...delivery, transform: row.transform } };
    case 'send':
      return {
        answer: 'send',
        attempt: {
          ...delivery,
          requestId,
          attemptsUsed: row.attempts_used,
          token: row.token,
          ordering: row.ordering_key === null ? null : { key: row.ordering_key, sequence: row.sequence },
          trace: row.traceparent === null ? null : { traceparent: row.traceparent, isCallers: row.sends_traceparent },
          url: row.url,
          target: row.target,
          retrySchedule: row.retry_schedule,
          timeoutMs: row.timeout_ms,
          sealedHeaders: row.headers_sealed,
          sealedSecret: row.secret_sealed,
          sealedPreviousSecret: row.previous_secret_sealed,
        },
      };
  }
}

/**
 * Gives back the right to send, if it is still that of this request: nothing was sent with it. Its token is lost.
 */
export async function forgoAttempt(db: Queryable, deliveryId: string, requestId: string): Promise<void> {
  await db.query(
    `update webhook_deliveries set in_flight_until = null, in_flight_request = null, in_flight_by = null
      where id = $1 and in_flight_request = $2`,
    [deliveryId, requestId],
  );
}

/** Stores the body that a transform made; the first one of a delivery counts. */
export async function storeBody(db: Queryable, deliveryId: string, body: string): Promise<void> {
  await db.query('select store_body($1, $2)', [deliveryId, body]);
}

/**
 * `retry` becomes failed when the schedule has no attempts left; `gone` also disables the webhook. After `again` (a
 * reused connection broke during the request) the next request follows and uses up no retry, at most three times.
 */
export type AttemptVerdict = 'delivered' | 'retry' | 'final' | 'gone' | 'again';

export interface AttemptRecord {
  deliveryId: string;
  /** Made by the sender of the request: recording it twice changes nothing. */
  requestId: string;
  number: number;
  targetVersion: number;
  startedAt: string;
  durationMs: number;
  statusCode: number | null;
  requestHeaders: Record<string, string>;
  responseHeaders: Record<string, string> | null;
  responseBody: string | null;
  responseTruncated: boolean;
  error: { class: ErrorClass; message: string } | null;
  verdict: AttemptVerdict;
  /** How long the next attempt has to wait, if there is one. */
  retryWaitMs: number;
  disabledReason: string | null;
  token: number | null;
  /** From before the token was taken until after the response was read: the rate limit counts from the latter. */
  elapsedMs: number;
  target: AttemptTarget;
}

export interface RecordedAttempt {
  status: DeliveryStatus;
  number: number;
  /** Until the next attempt, for a pending delivery. */
  waitMs: number;
  /** This record changed the webhook's health to this. If it is disabled, its other deliveries must be settled. */
  newHealth: HealthState | null;
  /** The delivery has ended, and the next one of its ordering key may be sent. */
  releases: boolean;
  /** How many deliveries it is: 1 unless it is a batch. */
  deliveries: number;
}

/**
 * Writes the attempt, the delivery's new state and the webhook's counters, all or nothing. Null: the delivery is gone
 * (retention).
 */
export async function recordAttempt(db: Queryable, record: AttemptRecord): Promise<RecordedAttempt | null> {
  try {
    return await tryToRecord(db, record);
  } catch (error) {
    // The delivery reserved a token at the same moment; a second run sees that from the start.
    if (sqlStateOf(error) !== sqlState.serializationFailure) throw error;
    return tryToRecord(db, record);
  }
}

async function tryToRecord(db: Queryable, record: AttemptRecord): Promise<RecordedAttempt | null> {
  const parameters = {
    p_delivery: record.deliveryId,
    p_request: record.requestId,
    p_number: record.number,
    p_target_version: record.targetVersion,
    p_started_at: record.startedAt,
    p_duration_ms: record.durationMs,
    p_status_code: record.statusCode,
    p_request_headers: JSON.stringify(record.requestHeaders),
    p_response_headers: record.responseHeaders && JSON.stringify(record.responseHeaders),
    p_response_body: record.responseBody,
    p_response_truncated: record.responseTruncated,
    p_error_class: record.error?.class ?? null,
    p_error_message: record.error?.message ?? null,
    p_verdict: record.verdict,
    p_retry_wait_ms: record.retryWaitMs,
    p_disabled_reason: record.disabledReason,
    p_token: record.token,
    p_elapsed_ms: record.elapsedMs,
    p_target: record.target,
  };
  const byName = Object.keys(parameters).map((name, i) => `${name} => $${i + 1}`);
  const { rows } = await db.query<{
    status: DeliveryStatus;
    number: number;
    wait_ms: number;
    health: HealthState | null;
    releases: boolean;
    deliveries: number;
  }>({ name: 'record_attempt', text: `select * from record_attempt(${byName.join(', ')})` }, Object.values(parameters));
  const row = rows[0];
  if (!row) return null;
  return {
    status: row.status,
    number: row.number,
    waitMs: row.wait_ms,
    newHealth: row.health,
    releases: row.releases,
    deliveries: row.deliveries,
  };
}

import type { Queryable } from './database.js';
import type { ErrorClass } from '../delivery/outcome.js';
import type { DeliveryStatus } from './deliveries.js';

/** The three statements of an attempt; each is safe to repeat by whoever lost its answer (migrations/004_attempts.sql). */

/** What is to be done with a delivery. Waits are milliseconds from the answer: clocks are never compared. */
export interface AttemptPlan {
  status: DeliveryStatus;
  tenantId: string;
  webhookId: number;
  /** All attempts ever made. */
  attemptCount: number;
  /** Attempts of the present schedule. */
  attemptsUsed: number;
  attemptsLeft: number;
  /** 0: now. */
  waitMs: number;
  timeoutMs: number;
  /** The webhook failed or was slow within the last minute. */
  isTroubled: boolean;
}

/** Reserves a token when others wait or the window is full. Null: no such delivery. */
export async function planAttempt(db: Queryable, deliveryId: string): Promise<AttemptPlan | null> {
  const { rows } = await db.query<{
    status: DeliveryStatus;
    tenant_id: string;
    webhook_id: number;
    attempt_count: number;
    attempts_used: number;
    attempts_left: number;
    wait_ms: number;
    timeout_ms: number;
    troubled: boolean;
  }>({ name: 'plan_attempt', text: 'select * from plan_attempt($1)' }, [deliveryId]);
  const row = rows[0];
  return row
    ? {
        status: row.status,
        tenantId: row.tenant_id,
        webhookId: row.webhook_id,
        attemptCount: row.attempt_count,
        attemptsUsed: row.attempts_used,
        attemptsLeft: row.attempts_left,
        waitMs: row.wait_ms,
        timeoutMs: row.timeout_ms,
        isTroubled: row.troubled,
      }
    : null;
}

/** Everything that one request needs. Secrets are still sealed. */
export interface TakenAttempt {
  number: number;
  /** Attempts of the present schedule before this one. */
  attemptsUsed: number;
  /** Null where the webhook has no limit. */
  token: number | null;
  tenantId: string;
  webhookId: number;
  eventRowId: string;
  eventType: string;
  eventId: string;
  body: string;
  url: string;
  timeoutMs: number;
  sealedHeaders: Buffer | null;
  sealedSecret: Buffer;
  /** Null outside the overlap of a rotation. */
  sealedPreviousSecret: Buffer | null;
}

export type TakeAnswer =
  | { answer: 'send'; attempt: TakenAttempt }
  | { answer: 'ended'; status: DeliveryStatus }
  /** `waitMs` null: others wait for tokens, plan first. */
  | { answer: 'wait'; waitMs: number | null }
  | { answer: 'replan' };

/**
 * Takes a token and the right to send one request; nobody else may send for this delivery until it is recorded, or
 * until its timeout and 5 s have passed. `timeoutMs` is the longest request that the caller allows for; `ifEasy`: only
 * a first attempt that nothing stands against, `replan` otherwise.
 */
export async function takeAttempt(
  db: Queryable,
  deliveryId: string,
  { timeoutMs, ifEasy = false }: { timeoutMs: number; ifEasy?: boolean },
): Promise<TakeAnswer> {
  const { rows } = await db.query<{
    answer: 'send' | 'ended' | 'wait' | 'replan';
    status: DeliveryStatus;
    wait_ms: number | null;
    number: number;
    attempts_used: number;
    token: number | null;
    tenant_id: string;
    webhook_id: number;
    event_row_id: string;
    event_type: string;
    event_id: string;
    body: string;
    url: string;
    timeout_ms: number;
    headers_sealed: Buffer | null;
    secret_sealed: Buffer;
    previous_secret_sealed: Buffer | null;
  }>({ name: 'take_attempt', text: 'select * from take_attempt($1, $2, $3)' }, [deliveryId, timeoutMs, ifEasy]);
  const row = rows[0];
  if (!row) return { answer: 'ended', status: 'cancelled' };
  switch (row.answer) {
    case 'ended':
      return { answer: 'ended', status: row.status };
    case 'wait':
      return { answer: 'wait', waitMs: row.wait_ms };
    case 'replan':
      return { answer: 'replan' };
    case 'send':
      return {
        answer: 'send',
        attempt: {
          number: row.number,
          attemptsUsed: row.attempts_used,
          token: row.token,
          tenantId: row.tenant_id,
          webhookId: row.webhook_id,
          eventRowId: row.event_row_id,
          eventType: row.event_type,
          eventId: row.event_id,
          body: row.body,
          url: row.url,
          timeoutMs: row.timeout_ms,
          sealedHeaders: row.headers_sealed,
          sealedSecret: row.secret_sealed,
          sealedPreviousSecret: row.previous_secret_sealed,
        },
      };
  }
}

/**
 * `retry` becomes failed where the schedule has nothing left; `gone` also disables the webhook. `again`: a failed
 * attempt for which the receiver's idle connection is to blame; the next one follows at once and the schedule stays.
 */
export type AttemptVerdict = 'delivered' | 'retry' | 'again' | 'final' | 'gone';

export interface AttemptRecord {
  deliveryId: string;
  /** Made by the sender of the request: recording it twice changes nothing. */
  requestId: string;
  number: number;
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
  /** From before the token was taken to after the answer was read: the limit counts from then. */
  elapsedMs: number;
}

export interface RecordedAttempt {
  status: DeliveryStatus;
  number: number;
  attemptsUsed: number;
  /** Until the next attempt, for a pending delivery. */
  waitMs: number;
}

/** The attempt, the delivery's new state and the webhook's counters, all or nothing. Null: the delivery is gone (retention). */
export async function recordAttempt(db: Queryable, record: AttemptRecord): Promise<RecordedAttempt | null> {
  const { rows } = await db.query<{ status: DeliveryStatus; number: number; attempts_used: number; wait_ms: number }>(
    {
      name: 'record_attempt',
      text: 'select * from record_attempt($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)',
    },
    [
      record.deliveryId,
      record.requestId,
      record.number,
      record.startedAt,
      record.durationMs,
      record.statusCode,
      JSON.stringify(record.requestHeaders),
      record.responseHeaders && JSON.stringify(record.responseHeaders),
      record.responseBody,
      record.responseTruncated,
      record.error?.class ?? null,
      record.error?.message ?? null,
      record.verdict,
      record.retryWaitMs,
      record.disabledReason,
      record.token,
      record.elapsedMs,
    ],
  );
  const row = rows[0];
  return row ? { status: row.status, number: row.number, attemptsUsed: row.attempts_used, waitMs: row.wait_ms } : null;
}

export interface Attempt {
  number: number;
  startedAt: Date;
  durationMs: number;
  statusCode: number | null;
  requestHeaders: Record<string, string>;
  responseHeaders: Record<string, string> | null;
  responseBody: string | null;
  responseTruncated: boolean;
  error: { class: ErrorClass; message: string } | null;
}

/** All attempts of a delivery, first to last. */
export async function listAttempts(db: Queryable, deliveryId: string): Promise<Attempt[]> {
  const { rows } = await db.query<{
    number: number;
    started_at: Date;
    duration_ms: number;
    status_code: number | null;
    request_headers: string;
    response_headers: string | null;
    response_body: string | null;
    response_truncated: boolean;
    error_class: ErrorClass | null;
    error_message: string | null;
  }>(
    `select number, started_at, duration_ms, status_code, request_headers, response_headers, response_body,
            response_truncated, error_class, error_message
       from webhook_attempts where delivery_id = $1 order by number`,
    [deliveryId],
  );
  return rows.map((row) => ({
    number: row.number,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    statusCode: row.status_code,
    requestHeaders: JSON.parse(row.request_headers) as Record<string, string>,
    responseHeaders:
      row.response_headers === null ? null : (JSON.parse(row.response_headers) as Record<string, string>),
    responseBody: row.response_body,
    responseTruncated: row.response_truncated,
    error:
      row.error_class && row.error_message !== null ? { class: row.error_class, message: row.error_message } : null,
  }));
}

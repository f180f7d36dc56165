import type { ErrorClass } from '../delivery/outcome.js';
import type { Queryable } from './database.js';
import type { DeliveryStatus } from './deliveries.js';

/** What to do with a delivery. Waits are milliseconds from now, since clocks are never compared. */
export interface AttemptPlan {
  status: DeliveryStatus;
  /** All attempts ever made. */
  attemptCount: number;
  /** Attempts of the current schedule. */
  attemptsUsed: number;
  attemptsLeft: number;
  /** 0: now. */
  waitMs: number;
  /** Why not now, and until when, by Postgres' clock. */
  waitsFor: 'token' | 'request' | 'backoff' | 'turn' | 'batch';
  waitUntil: Date;
  timeoutMs: number;
  url: string;
  /** Seconds before the second, third … attempt; null: the guide's. */
  retrySchedule: number[] | null;
  /** The delivery ended here: the next one of its ordering key may be sent. */
  releases: boolean;
  /** How many deliveries it is: 1 unless it is a batch. */
  deliveries: number;
  /** The last attempt's; null before the first. */
  last: { statusCode: number | null; errorClass: ErrorClass | null } | null;
}

/** Reserves a token when others wait or the window is full. Null: no such delivery. */
export async function planAttempt(db: Queryable, deliveryId: string): Promise<AttemptPlan | null> {
  const { rows } = await db.query<{
    status: DeliveryStatus;
    attempt_count: number;
    attempts_used: number;
    attempts_left: number;
    wait_ms: number;
    waits_for: AttemptPlan['waitsFor'];
    wait_until: Date;
    timeout_ms: number;
    url: string;
    retry_schedule: number[] | null;
    releases: boolean;
    deliveries: number;
    last_status_code: number | null;
    last_error_class: ErrorClass | null;
  }>({ name: 'plan_attempt', text: 'select * from plan_attempt($1)' }, [deliveryId]);
  const row = rows[0];
  return row
    ? {
        status: row.status,
        attemptCount: row.attempt_count,
        attemptsUsed: row.attempts_used,
        attemptsLeft: row.attempts_left,
        waitMs: row.wait_ms,
        waitsFor: row.waits_for,
        waitUntil: row.wait_until,
        timeoutMs: row.timeout_ms,
        url: row.url,
        retrySchedule: row.retry_schedule,
        releases: row.releases,
        deliveries: row.deliveries,
        last: row.attempt_count > 0 ? { statusCode: row.last_status_code, errorClass: row.last_error_class } : null,
      }
    : null;
}

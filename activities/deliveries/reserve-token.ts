import { planAttempt } from '../../src/db/attempts.js';
import type { Database } from '../../src/db/database.js';
import type { DeliveryEnd } from '../../workflows/contract/attempt-result.js';
import { endOf } from './delivery-end.js';

export interface ReserveTokenDeps {
  db: Database;
  /** The queue of `deliver`, which has slots of its own. */
  deliverTaskQueue: string;
}

export interface ReserveTokenInput {
  deliveryId: string;
}

export interface SendPlan {
  kind: 'send';
  /** Until the next request may go; 0: now. */
  waitMs: number;
  attemptCount: number;
  attemptsUsed: number;
  attemptsLeft: number;
  /** The longest that one request may take. */
  timeoutMs: number;
  taskQueue: string;
}

export type Plan = SendPlan | ({ kind: 'ended' } & DeliveryEnd);

/**
 * Says when the next request of a delivery may go, and how many are left. Reserves a token if others wait for one. Safe
 * to repeat: a delivery holds at most one reservation.
 */
export async function reserveToken(deps: ReserveTokenDeps, { deliveryId }: ReserveTokenInput): Promise<Plan> {
  const plan = await planAttempt(deps.db, deliveryId);
  if (!plan) return { kind: 'ended', status: 'expired', message: 'no longer kept' };
  if (plan.status !== 'pending') return { kind: 'ended', ...endOf(plan.status, plan.attemptCount) };
  const { waitMs, attemptCount, attemptsUsed, attemptsLeft, timeoutMs } = plan;
  return {
    kind: 'send',
    waitMs,
    attemptCount,
    attemptsUsed,
    attemptsLeft,
    timeoutMs,
    taskQueue: deps.deliverTaskQueue,
  };
}

import { planAttempt } from '../../src/db/attempts.js';
import type { Database } from '../../src/db/database.js';
import type { OpenRequests } from '../../src/delivery/open-requests.js';
import { endOf, type DeliveryEnd } from './delivery-end.js';

export interface ReserveTokenDeps {
  db: Database;
  openRequests: OpenRequests;
  /** Where `deliver` runs with slots of its own. */
  deliverTaskQueue: string;
}

export interface ReserveTokenInput {
  deliveryId: string;
}

export interface SendPlan {
  step: 'send';
  webhookId: number;
  tenantId: string;
  /** Until the next request may go; 0: now. */
  waitMs: number;
  attemptCount: number;
  attemptsUsed: number;
  attemptsLeft: number;
  /** The longest that one request may take. */
  timeoutMs: number;
  /** inline: in the workflow task. queued: an activity on a queue of its own, where slow receivers hold up nobody else. */
  lane: 'inline' | 'queued';
  taskQueue: string;
}

export type Plan = SendPlan | ({ step: 'end' } & DeliveryEnd);

/**
 * When may the next request of a delivery go, and how many are left? Reserves a token if others wait for one. Safe to
 * repeat: a delivery holds one reservation at the most.
 */
export async function reserveToken(deps: ReserveTokenDeps, { deliveryId }: ReserveTokenInput): Promise<Plan> {
  const plan = await planAttempt(deps.db, deliveryId);
  if (!plan) return { step: 'end', status: 'expired', message: 'no longer kept' };
  if (plan.status !== 'pending') return { step: 'end', ...endOf(plan.status, plan.attemptCount) };
  // Nearly every delivery succeeds at once, so the first attempt goes inline, unless its receiver may hold up others.
  const isInline =
    plan.attemptsUsed === 0 && !plan.isTroubled && deps.openRequests.hasRoom(plan.webhookId, plan.tenantId);
  return {
    step: 'send',
    webhookId: plan.webhookId,
    tenantId: plan.tenantId,
    waitMs: plan.waitMs,
    attemptCount: plan.attemptCount,
    attemptsUsed: plan.attemptsUsed,
    attemptsLeft: plan.attemptsLeft,
    timeoutMs: plan.timeoutMs,
    lane: isInline ? 'inline' : 'queued',
    taskQueue: deps.deliverTaskQueue,
  };
}

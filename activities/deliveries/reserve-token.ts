import type { Logger } from 'pino';
import { planAttempt, type AttemptPlan } from '../../src/db/attempt-plan.js';
import type { Database } from '../../src/db/database.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';
import { awaitsBatch, awaitsTurn, type DeliveryEnd, type Waiting } from '../../workflows/contract/attempt-result.js';
import { endOf, progressOf, shortAnswer } from './delivery-end.js';
import { startNextInTurn } from './next-in-turn.js';

export interface ReserveTokenDeps {
  db: Database;
  workflows: Pick<DeliveryWorkflows, 'wake' | 'collect'>;
  log: Logger;
  /** The queue of `deliver`, which has slots of its own. */
  deliverTaskQueue: string;
}

export interface ReserveTokenInput {
  deliveryId: string;
}

/** `waitMs`: until the next request may go; 0: now. */
export interface SendPlan extends Waiting {
  kind: 'send';
  attemptCount: number;
  attemptsUsed: number;
  attemptsLeft: number;
  /** The longest that one request may take. */
  timeoutMs: number;
  /** Seconds before the second, third … attempt; null: the guide's. */
  retrySchedule: number[] | null;
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
  if (plan.releases) await startNextInTurn(deps, deliveryId);
  if (plan.status !== 'pending') return { kind: 'ended', ...endOf({ ...plan, attempts: plan.attemptCount }) };
  if (plan.waitsFor === 'turn') return awaitsTurn;
  if (plan.waitsFor === 'batch') return awaitsBatch;
  const { waitMs, attemptCount, attemptsUsed, attemptsLeft, timeoutMs, retrySchedule } = plan;
  const lastAnswer = plan.last ? shortAnswer(plan.last.errorClass, plan.last.statusCode) : undefined;
  return {
    kind: 'send',
    waitMs,
    reason: reasonOf(plan, lastAnswer),
    about: progressOf(plan.url, attemptCount, lastAnswer),
    attemptCount,
    attemptsUsed,
    attemptsLeft,
    timeoutMs,
    retrySchedule,
    taskQueue: deps.deliverTaskQueue,
  };
}

/** Why it cannot be sent before `waitUntil`. */
function reasonOf({ waitsFor, waitUntil }: AttemptPlan, lastAnswer = 'no attempt'): string {
  switch (waitsFor) {
    case 'token':
      return `rate limit: next token at ${waitUntil.toISOString()}`;
    case 'request':
      return `another request may be open until ${waitUntil.toISOString()}`;
    case 'turn':
      return awaitsTurn.message;
    case 'batch':
      return awaitsBatch.message;
    case 'backoff':
      return `backoff after ${lastAnswer}`;
  }
}

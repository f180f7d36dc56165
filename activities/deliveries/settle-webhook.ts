import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import type { Logger } from 'pino';
import type { Database } from '../../src/db/database.js';
import {
  finishSettling,
  settleBatch,
  settlingPoint,
  type SettlingPoint,
  type SettlingWebhook,
} from '../../src/db/settling.js';
import type { DeliveryWorkflows } from '../../src/temporal/workflows.js';

export interface SettleWebhookDeps {
  db: Database;
  log: Logger;
  workflows: Pick<DeliveryWorkflows, 'wake' | 'collect'>;
}

export interface Settled {
  /** How many deliveries this call changed. */
  changed: number;
  /** False: there is more to do, or a transaction that was open at the time of the change has not ended. */
  isSettled: boolean;
}

/** Less than the workflow's timeout. */
const maxMs = 240_000;
/** Between two checks for what an open transaction may still write. */
const recheckDelayMs = 200;

/**
 * Makes the deliveries of a webhook fit its settings, in batches with pauses between them, so that other work is not
 * slowed down. Deliveries that become pending are started, oldest first. Safe to repeat and to interrupt.
 */
export async function settleWebhook(
  deps: SettleWebhookDeps,
  { webhookId, tenantId }: SettlingWebhook,
): Promise<Settled> {
  const { db, log, workflows } = deps;
  const beganAtMs = performance.now();
  let changed = 0;
  let point: SettlingPoint | null = await settlingPoint(db, webhookId);
  while (point) {
    const batchBeganAtMs = performance.now();
    const batch = await settleBatch(db, webhookId);
    workflows.wake(batch.filter(({ wakes }) => wakes).map(({ delivery }) => delivery));
    changed += batch.length;
    Context.current().heartbeat(changed);
    const isSettled = batch.length === 0 && (await finishSettling(db, webhookId, point));
    // Not in each check for an open transaction.
    if (point.hasBatches && (batch.length > 0 || isSettled)) workflows.collect([{ webhookId, tenantId }]);
    if (isSettled) break;
    if (batch.length === 0) {
      const now = await settlingPoint(db, webhookId);
      // The settings changed again: continue from the new change.
      if (now?.version !== point.version) point = now;
    }
    if (performance.now() - beganAtMs > maxMs) return { changed, isSettled: false };
    await delay(batch.length === 0 ? recheckDelayMs : performance.now() - batchBeganAtMs);
  }
  if (changed > 0) log.info({ webhook: webhookId, changed }, 'webhook.settled');
  return { changed, isSettled: true };
}
